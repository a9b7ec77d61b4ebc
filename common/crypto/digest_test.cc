#include "common/crypto/digest.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace crm::crypto {
namespace {

// FIPS 180-2, appendix B. PLT-17
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(absl::BytesToHexString(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(absl::BytesToHexString(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// TIC-9
TEST(Sha256, InPiecesIsTheSameAsAtOnce) {
  Sha256Stream stream;
  stream.Add("a");
  stream.Add("");
  stream.Add("bc");
  EXPECT_EQ(stream.Finish(), Sha256("abc"));
  EXPECT_EQ(Sha256Stream().Finish(), Sha256(""));
}

TEST(EqualInConstantTime, ComparesContentsAndLength) {
  EXPECT_TRUE(EqualInConstantTime("secret", "secret"));
  EXPECT_FALSE(EqualInConstantTime("secret", "secres"));
  EXPECT_FALSE(EqualInConstantTime("secret", "secre"));
  EXPECT_TRUE(EqualInConstantTime("", ""));
}

TEST(Base64Url, RoundTripsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (size_t cut = 0; cut < 4; ++cut) {
    const std::string bytes = all.substr(cut);
    EXPECT_EQ(Base64UrlDecode(Base64UrlEncode(bytes)), bytes);
  }
}

// One value has one text: otherwise a token could be altered without its signature noticing. QUA-8
TEST(Base64Url, RefusesEveryOtherSpelling) {
  EXPECT_EQ(Base64UrlDecode("Zg"), "f");
  for (const std::string text :
       {"Zg==", "Zh", "Z", "Zg ", " Zg", "Z\ng", "Z+8", "Z/8", "Zg\n", "客", "Zg=", "===="}) {
    EXPECT_EQ(Base64UrlDecode(text), std::nullopt) << text;
  }
  EXPECT_EQ(Base64UrlDecode(std::string("Zg\0", 3)), std::nullopt);
}

TEST(RandomBytes, DiffersEachTime) {
  EXPECT_EQ(RandomBytes(32).size(), 32u);
  EXPECT_NE(RandomBytes(32), RandomBytes(32));
}

}  // namespace
}  // namespace crm::crypto
