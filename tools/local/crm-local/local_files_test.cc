#include "tools/local/crm-local/local_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/auth/jwks.h"
#include "common/auth/jwt.h"
#include "common/auth/policy.h"
#include "common/crypto/key_file.h"
#include "common/error/error.h"

namespace crm::local {
namespace {

using ::testing::ElementsAre;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class LocalFilesTest : public ::testing::Test {
 protected:
  LocalFilesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "crm-local-XXXXXX").string();
    folder_ = std::string(mkdtemp(pattern.data())) + "/run";
  }
  ~LocalFilesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(std::filesystem::path(folder_).parent_path(), ignored);
  }
  std::string Path(const char* name) const { return folder_ + "/" + name; }

  FakeClock clock_{absl::FromUnixSeconds(1'773'972'000)};
  std::string folder_;
};

// PLT-12, PLT-15
TEST_F(LocalFilesTest, MakesKeysThatServicesCanLoad) {
  ASSERT_TRUE(MakeKeys(folder_, clock_).ok());

  EXPECT_TRUE(crypto::LoadKeyFile(Path(kKeyFile)).ok());
  EXPECT_TRUE(std::filesystem::exists(Path(kJwksFile)));
}

// PLT-15: keys of an earlier run stay, or its data could not be read any more.
TEST_F(LocalFilesTest, KeepsWhatIsThere) {
  ASSERT_TRUE(MakeKeys(folder_, clock_).ok());
  const std::string keys = Contents(Path(kKeyFile));
  const std::string issuer = Contents(Path(kIssuerKeyFile));
  std::filesystem::remove(Path(kJwksFile));

  ASSERT_TRUE(MakeKeys(folder_, clock_).ok());

  EXPECT_EQ(Contents(Path(kKeyFile)), keys);
  EXPECT_EQ(Contents(Path(kIssuerKeyFile)), issuer);
  EXPECT_TRUE(std::filesystem::exists(Path(kJwksFile)));
}

// PLT-12
TEST_F(LocalFilesTest, TokensAreThoseOfTheIssuer) {
  ASSERT_TRUE(MakeKeys(folder_, clock_).ok());

  const auto token = MakeToken(
      folder_, {.subject = "li.lei", .roles = {"sales_director"}, .team = "east"}, clock_);
  ASSERT_TRUE(token.ok()) << token.status();

  const auto jwks = auth::JwksFile::Load(Path(kJwksFile), clock_);
  ASSERT_TRUE(jwks.ok()) << jwks.status();
  auth::TokenVerifier verifier({.issuer = kIssuer, .audience = kAudience}, **jwks, clock_);
  const auto claims = verifier.Verify(*token);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ((*claims)->subject, "li.lei");
  EXPECT_THAT((*claims)->roles, ElementsAre("sales_director"));
  EXPECT_EQ((*claims)->team, "east");
}

TEST_F(LocalFilesTest, TokenWithoutKeysNamesTheMissingFile) {
  const auto token = MakeToken(folder_, {.subject = "li.lei"}, clock_);

  EXPECT_EQ(token.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(token.status().message()), ::testing::HasSubstr(kIssuerKeyFile));
}

TEST_F(LocalFilesTest, RefusesATokenForNobody) {
  ASSERT_TRUE(MakeKeys(folder_, clock_).ok());

  EXPECT_EQ(ErrorReason(MakeToken(folder_, {}, clock_).status()), "TOKEN_REQUEST_INVALID");
  EXPECT_EQ(ErrorReason(
                MakeToken(folder_, {.subject = "li.lei", .lifetime = absl::ZeroDuration()}, clock_)
                    .status()),
            "TOKEN_REQUEST_INVALID");
}

// PLT-13
TEST_F(LocalFilesTest, RolesAreAValidPolicy) {
  ASSERT_TRUE(WriteRoles(folder_).ok());
  ASSERT_TRUE(WriteRoles(folder_).ok());

  EXPECT_EQ(Contents(Path(kRolesFile)), DefaultRoles());
  EXPECT_TRUE(auth::Policy::Load(Path(kRolesFile)).ok());
}

TEST_F(LocalFilesTest, AFolderThatCannotBeMadeIsAnError) {
  std::ofstream(folder_) << "a file";

  EXPECT_EQ(ErrorReason(MakeKeys(folder_, clock_)), "FILE_UNWRITABLE");
}

}  // namespace
}  // namespace crm::local
