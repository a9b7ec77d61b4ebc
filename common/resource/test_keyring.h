// A keyring with fresh keys, for the tests of this folder.
#ifndef CRM_COMMON_RESOURCE_TEST_KEYRING_H_
#define CRM_COMMON_RESOURCE_TEST_KEYRING_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/crypto/key_file.h"
#include "common/crypto/keyring.h"

namespace crm::resource {

inline std::unique_ptr<crypto::Keyring> MakeKeyring() {
  const std::string path =
      (std::filesystem::temp_directory_path() / absl::StrCat("crm-resource-test-", getpid()))
          .string();
  EXPECT_TRUE(crypto::GenerateKeyFile(path, SystemClock()).ok());
  auto keyring = crypto::Keyring::Load(path);
  EXPECT_TRUE(keyring.ok()) << keyring.status();
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".master");
  return *std::move(keyring);
}

}  // namespace crm::resource

#endif  // CRM_COMMON_RESOURCE_TEST_KEYRING_H_
