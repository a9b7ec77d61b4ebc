#include "common/crypto/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "common/crypto/digest.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"
#include "nlohmann/json.hpp"

namespace crm::crypto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr char kPlace[] = "customers.phone|42";

class KeyringTest : public ::testing::Test {
 protected:
  KeyringTest() {
    folder_ = std::filesystem::temp_directory_path() /
              ("crm_keyring_test_" + std::to_string(::getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "keys.json";
    EXPECT_TRUE(GenerateKeyFile(path_, clock_).ok());
  }
  ~KeyringTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Keyring> Load() {
    auto keyring = Keyring::Load(path_);
    EXPECT_TRUE(keyring.ok()) << keyring.status();
    return *std::move(keyring);
  }
  Json ReadJson() const { return Json::parse(*ReadSmallFile(path_)); }
  void WriteJson(const Json& json) const { WriteText(path_, json.dump()); }
  static void WriteText(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
  }
  std::string MasterPath() const { return path_ + ".master"; }

  FakeClock clock_{absl::FromUnixSeconds(1'774'000'000)};
  std::filesystem::path folder_;
  std::string path_;
};

// PLT-15
TEST_F(KeyringTest, DecryptsWhatItEncrypted) {
  const auto keyring = Load();
  for (const std::string& value : {std::string("13800135678"), std::string(), std::string("张三"),
                                   std::string(100'000, 'x'), std::string("a\0b", 3)}) {
    const std::string cipher = keyring->Encrypt(value, kPlace);
    EXPECT_EQ(cipher.size(), value.size() + Keyring::kOverheadBytes);
    const auto plain = keyring->Decrypt(cipher, kPlace);
    ASSERT_TRUE(plain.ok()) << plain.status();
    EXPECT_EQ(*plain, value);
  }
}

// PLT-15
TEST_F(KeyringTest, EmptyAadIsAllowed) {
  const auto keyring = Load();
  EXPECT_EQ(*keyring->Decrypt(keyring->Encrypt("v", ""), ""), "v");
  EXPECT_FALSE(keyring->Decrypt(keyring->Encrypt("v", ""), "a").ok());
}

// PLT-15: the database sees neither the value nor whether two values are equal.
TEST_F(KeyringTest, CiphertextHidesTheValueAndNeverRepeats) {
  const auto keyring = Load();
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string cipher = keyring->Encrypt("13800135678", kPlace);
    EXPECT_THAT(cipher, Not(HasSubstr("13800135678")));
    seen.insert(cipher.substr(5, 12));
  }
  EXPECT_EQ(seen.size(), 2000u);
}

// PLT-15
TEST_F(KeyringTest, EveryAlteredBitIsNoticed) {
  const auto keyring = Load();
  const std::string cipher = keyring->Encrypt("13800135678", kPlace);
  for (size_t bit = 0; bit < cipher.size() * 8; ++bit) {
    std::string altered = cipher;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(keyring->Decrypt(altered, kPlace).ok()) << bit;
  }
  EXPECT_TRUE(keyring->Decrypt(cipher, kPlace).ok());
}

// PLT-15
TEST_F(KeyringTest, AValueMovedToAnotherRowDoesNotDecrypt) {
  const auto keyring = Load();
  const auto moved =
      keyring->Decrypt(keyring->Encrypt("13800135678", kPlace), "customers.phone|43");
  EXPECT_EQ(moved.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ErrorReason(moved.status()), "CIPHERTEXT_INVALID");
  EXPECT_THAT(std::string(moved.status().message()), Not(HasSubstr("138")));
}

// QUA-8
TEST_F(KeyringTest, EveryTruncationIsRefused) {
  const auto keyring = Load();
  const std::string cipher = keyring->Encrypt("13800135678", kPlace);
  for (size_t size = 0; size < cipher.size(); ++size) {
    EXPECT_FALSE(keyring->Decrypt(cipher.substr(0, size), kPlace).ok()) << size;
  }
  EXPECT_EQ(ErrorReason(keyring->Decrypt("13800135678", kPlace).status()), "CIPHERTEXT_MALFORMED");
  EXPECT_FALSE(keyring->Decrypt(cipher + "x", kPlace).ok());
}

// PLT-15: rotation without downtime, step by step.
TEST_F(KeyringTest, RotatesWhileRunning) {
  const auto keyring = Load();
  const std::string old_cipher = keyring->Encrypt("13800135678", kPlace);
  EXPECT_EQ(*AddDataKey(path_, clock_), 2u);
  ASSERT_TRUE(keyring->Reload().ok());
  EXPECT_EQ(keyring->current_key_id(), 1u);

  ASSERT_TRUE(UseDataKey(path_, 2).ok());
  ASSERT_TRUE(keyring->Reload().ok());
  const std::string new_cipher = keyring->Encrypt("13800135678", kPlace);
  EXPECT_EQ(Keyring::KeyIdOf(new_cipher), 2u);
  EXPECT_TRUE(keyring->IsCurrent(new_cipher));
  EXPECT_FALSE(keyring->IsCurrent(old_cipher));
  EXPECT_EQ(*keyring->Decrypt(old_cipher, kPlace), "13800135678");

  ASSERT_TRUE(RemoveDataKey(path_, 1).ok());
  ASSERT_TRUE(keyring->Reload().ok());
  const auto gone = keyring->Decrypt(old_cipher, kPlace);
  EXPECT_EQ(ErrorReason(gone.status()), "CIPHERTEXT_KEY_UNKNOWN");
  EXPECT_EQ(*Load()->Decrypt(new_cipher, kPlace), "13800135678");
}

TEST_F(KeyringTest, RefusesToRemoveTheCurrentOrAnUnknownKey) {
  EXPECT_FALSE(RemoveDataKey(path_, 1).ok());
  EXPECT_FALSE(RemoveDataKey(path_, 7).ok());
  EXPECT_FALSE(UseDataKey(path_, 7).ok());
  EXPECT_EQ(Load()->current_key_id(), 1u);
}

// PLT-15: equality look-up by keyed hash, the same for every replica and after a restart.
TEST_F(KeyringTest, LookupHashIsStablePerPurposeAndValue) {
  const auto keyring = Load();
  const std::string hash = keyring->LookupHash("customers.phone", "13800135678");
  EXPECT_EQ(hash.size(), Keyring::kLookupHashBytes);
  EXPECT_EQ(Load()->LookupHash("customers.phone", "13800135678"), hash);
  EXPECT_EQ(keyring->LookupHash("customers.phone", "13800135678"), hash);
  EXPECT_NE(keyring->LookupHash("customers.phone", "13800135679"), hash);
  EXPECT_NE(keyring->LookupHash("contacts.phone", "13800135678"), hash);
  ASSERT_TRUE(AddDataKey(path_, clock_).ok());
  ASSERT_TRUE(keyring->Reload().ok());
  EXPECT_EQ(keyring->LookupHash("customers.phone", "13800135678"), hash);
}

TEST_F(KeyringTest, LookupHashOfEmptyAndLongValues) {
  const auto keyring = Load();
  EXPECT_NE(keyring->LookupHash("p", ""), keyring->LookupHash("p", std::string(1, '\0')));
  EXPECT_NE(keyring->LookupHash("p", std::string(10'000, 'a')),
            keyring->LookupHash("p", std::string(9'999, 'a')));
}

TEST_F(KeyringTest, OtherKeyFilesGiveOtherHashes) {
  const std::string other_path = folder_ / "other.json";
  ASSERT_TRUE(GenerateKeyFile(other_path, clock_).ok());
  const auto other = *Keyring::Load(other_path);
  EXPECT_NE(other->LookupHash("p", "v"), Load()->LookupHash("p", "v"));
  EXPECT_FALSE(other->Decrypt(Load()->Encrypt("v", ""), "").ok());
}

// PLT-4: tamper-proof page tokens.
TEST_F(KeyringTest, SignaturesHoldForOnePurposeAndText) {
  const auto keyring = Load();
  const std::string signature = keyring->Sign("page_token", "after=5");
  EXPECT_EQ(signature.size(), Keyring::kSignatureBytes);
  EXPECT_TRUE(keyring->Verify("page_token", "after=5", signature));
  EXPECT_FALSE(keyring->Verify("page_token", "after=6", signature));
  EXPECT_FALSE(keyring->Verify("invitation", "after=5", signature));
  EXPECT_FALSE(keyring->Verify("page_token", "after=5", signature.substr(1)));
  EXPECT_FALSE(keyring->Verify("page_token", "after=5", ""));
  EXPECT_NE(signature, keyring->LookupHash("page_token", "after=5"));
}

// PLT-9
TEST_F(KeyringTest, ManyThreadsAndReloadsAtOnce) {
  const auto keyring = Load();
  const std::string hash = keyring->LookupHash("p", "v");
  ASSERT_TRUE(AddDataKey(path_, clock_).ok());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 40; ++t) {  // more threads than slots
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string value = std::to_string(t * 1000 + i);
        const auto plain = keyring->Decrypt(keyring->Encrypt(value, kPlace), kPlace);
        if (!plain.ok() || *plain != value || keyring->LookupHash("p", "v") != hash) ++wrong;
        if (t == 0 && i % 10 == 0 && !keyring->Reload().ok()) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(KeyringTest, FilesAreReadableByTheirOwnerOnly) {
  for (const std::string& path : {path_, MasterPath()}) {
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << path;
  }
  ASSERT_TRUE(AddDataKey(path_, clock_).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

// Lost keys are lost data.
TEST_F(KeyringTest, GenerateNeverOverwrites) {
  const std::string before = *ReadSmallFile(path_), master = *ReadSmallFile(MasterPath());
  EXPECT_EQ(ErrorReason(GenerateKeyFile(path_, clock_)), "FILE_EXISTS");
  std::filesystem::remove(path_);
  EXPECT_EQ(ErrorReason(GenerateKeyFile(path_, clock_)), "FILE_EXISTS");  // the master key
  EXPECT_EQ(*ReadSmallFile(MasterPath()), master);
  WriteText(path_, before);
  EXPECT_TRUE(Keyring::Load(path_).ok());
}

// PLT-15, PLT-25: each mistake is named; no key is shown.
TEST_F(KeyringTest, BadKeyFilesAreNamed) {
  const Json good = ReadJson();
  const auto why = [&](const Json& json) {
    WriteJson(json);
    const auto keyring = Keyring::Load(path_);
    EXPECT_EQ(ErrorReason(keyring.status()), "KEY_FILE_INVALID");
    const std::string message(keyring.status().message());
    EXPECT_THAT(message, HasSubstr(path_));
    EXPECT_THAT(message, Not(HasSubstr(good["lookup_key"].get<std::string>())));
    return message;
  };
  const auto with = [&](const char* key, const Json& value) {
    Json json = good;
    json[Json::json_pointer(key)] = value;
    return json;
  };
  EXPECT_THAT(why(Json::array()), HasSubstr("must be a JSON object"));
  EXPECT_THAT(why(with("/version", 2)), HasSubstr("version"));
  EXPECT_THAT(why(with("/current_data_key", 9)), HasSubstr("current_data_key"));
  EXPECT_THAT(why(with("/current_data_key", "1")), HasSubstr("current_data_key"));
  EXPECT_THAT(why(with("/data_keys", Json::array())), HasSubstr("data_keys"));
  EXPECT_THAT(why(with("/data_keys/0", 5)), HasSubstr("data_keys[0]"));
  EXPECT_THAT(why(with("/data_keys/0/id", 0)), HasSubstr("data_keys[0].id"));
  EXPECT_THAT(why(with("/data_keys/0/id", 4294967296)), HasSubstr("data_keys[0].id"));
  EXPECT_THAT(why(with("/data_keys/0/id", -1)), HasSubstr("data_keys[0].id"));
  EXPECT_THAT(why(with("/data_keys/0/wrapped", "AAAA")), HasSubstr("data_keys[0].wrapped"));
  EXPECT_THAT(why(with("/data_keys/0/wrapped", nullptr)), HasSubstr("data_keys[0].wrapped"));
  EXPECT_THAT(why(with("/data_keys/1", good["data_keys"][0])), HasSubstr("given twice"));
  EXPECT_THAT(why(with("/signing_key", 1)), HasSubstr("signing_key"));
  // Wrapped keys cannot change places.
  EXPECT_THAT(why(with("/signing_key", good["lookup_key"])), HasSubstr("cannot be unwrapped"));
  Json renumbered = with("/data_keys/0/id", 2);
  renumbered["current_data_key"] = 2;
  EXPECT_THAT(why(renumbered), HasSubstr("cannot be unwrapped"));
  for (const char* name :
       {"master_key_file", "current_data_key", "data_keys", "lookup_key", "signing_key"}) {
    Json json = good;
    json.erase(name);
    EXPECT_THAT(why(json), HasSubstr(name));
  }
}

TEST_F(KeyringTest, BrokenOrMissingFilesAreNamed) {
  WriteText(path_, "{\n\"version\": 1,");
  EXPECT_THAT(std::string(Keyring::Load(path_).status().message()), HasSubstr("line 2"));
  std::filesystem::remove(path_);
  EXPECT_EQ(Keyring::Load(path_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(Keyring::Load(folder_).ok());
  WriteText(path_, std::string(kMaxSmallFileBytes + 1, ' '));
  EXPECT_EQ(ErrorReason(Keyring::Load(path_).status()), "FILE_TOO_LARGE");
}

TEST_F(KeyringTest, AWrongMasterKeyIsNoticed) {
  const std::string master = *ReadSmallFile(MasterPath());
  WriteText(MasterPath(), master + "\n");
  EXPECT_TRUE(Keyring::Load(path_).ok());  // an editor's line end is no mistake
  WriteText(MasterPath(), Base64UrlEncode(std::string(32, 'k')));
  EXPECT_THAT(std::string(Keyring::Load(path_).status().message()), HasSubstr("lookup_key"));
  WriteText(MasterPath(), Base64UrlEncode(std::string(31, 'k')));
  EXPECT_THAT(std::string(Keyring::Load(path_).status().message()), HasSubstr("32 bytes"));
  WriteText(MasterPath(), "not base64!");
  const auto keyring = Keyring::Load(path_);
  EXPECT_THAT(std::string(keyring.status().message()), HasSubstr("base64url"));
  EXPECT_THAT(std::string(keyring.status().message()), Not(HasSubstr("not base64!")));
  std::filesystem::remove(MasterPath());
  EXPECT_EQ(Keyring::Load(path_).status().code(), absl::StatusCode::kNotFound);
}

// PLT-15: a bad new file takes nothing away.
TEST_F(KeyringTest, ReloadKeepsTheKeysOnError) {
  const auto keyring = Load();
  const std::string cipher = keyring->Encrypt("v", kPlace);
  const std::string good = *ReadSmallFile(path_);
  WriteText(path_, "{");
  EXPECT_FALSE(keyring->Reload().ok());
  EXPECT_EQ(*keyring->Decrypt(cipher, kPlace), "v");

  std::filesystem::remove(path_);
  std::filesystem::remove(MasterPath());
  ASSERT_TRUE(GenerateKeyFile(path_, clock_).ok());
  EXPECT_THAT(std::string(keyring->Reload().message()), HasSubstr("lookup_key"));
  EXPECT_EQ(*keyring->Decrypt(cipher, kPlace), "v");
}

}  // namespace
}  // namespace crm::crypto
