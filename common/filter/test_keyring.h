// A keyring with fresh keys in a folder of its own, for the tests of this folder.
#ifndef CRM_COMMON_FILTER_TEST_KEYRING_H_
#define CRM_COMMON_FILTER_TEST_KEYRING_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/crypto/key_file.h"
#include "common/crypto/keyring.h"
#include "common/filter/compile_options.h"

namespace crm::filter {

class TestKeyring {
 public:
  explicit TestKeyring(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() /
                ("crm_filter_test_" + std::to_string(::getpid()) + "_" + name)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    EXPECT_TRUE(crypto::GenerateKeyFile(path(), FakeClock(absl::UnixEpoch())).ok());
    keyring_ = Load();
  }
  ~TestKeyring() { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "keys.json"; }
  crypto::Keyring& operator*() const { return *keyring_; }
  // The same keys as another replica has them.
  std::unique_ptr<crypto::Keyring> Load() const {
    auto keyring = crypto::Keyring::Load(path());
    EXPECT_TRUE(keyring.ok()) << keyring.status();
    return *std::move(keyring);
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<crypto::Keyring> keyring_;
};

// 2026-08-31 in Shanghai, 30 August 18:00 in UTC.
inline CompileOptions TestOptions(crypto::Keyring& keyring) {
  CompileOptions options;
  options.keyring = &keyring;
  EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &options.zone));
  options.now = absl::FromCivil(absl::CivilSecond(2026, 8, 31, 2, 0, 0), options.zone);
  return options;
}

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_TEST_KEYRING_H_
