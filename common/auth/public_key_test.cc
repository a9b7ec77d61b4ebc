#include "common/auth/public_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/crypto/digest.h"
#include "nlohmann/json.hpp"

namespace crm::auth {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// RFC 7515, appendix A.2.
const char kRsaJwk[] =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
const char kRsaToken[] =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

// RFC 7515, appendix A.3.
const char kEcJwk[] =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
const char kEcToken[] =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// RFC 8037, appendix A.2 to A.4.
const char kEdJwk[] =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
const char kEdToken[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

PublicKey Read(const char* jwk) {
  auto key = PublicKey::FromJwk(Json::parse(jwk));
  EXPECT_TRUE(key.ok()) << key.status();
  return key->value();
}

struct Vector {
  const char* jwk;
  const char* token;
  Algorithm algorithm;
};
const Vector kVectors[] = {{kRsaJwk, kRsaToken, Algorithm::kRs256},
                           {kEcJwk, kEcToken, Algorithm::kEs256},
                           {kEdJwk, kEdToken, Algorithm::kEdDsa}};

// PLT-12
TEST(PublicKey, VerifiesThePublishedExamples) {
  for (const Vector& vector : kVectors) {
    const PublicKey key = Read(vector.jwk);
    const std::string token = vector.token;
    const size_t dot = token.rfind('.');
    const std::string signature = *crypto::Base64UrlDecode(token.substr(dot + 1));
    EXPECT_EQ(key.algorithm(), vector.algorithm);
    EXPECT_TRUE(key.Verifies(token.substr(0, dot), signature)) << AlgorithmName(key.algorithm());
    EXPECT_FALSE(key.Verifies(token.substr(0, dot - 1), signature));
  }
}

// PLT-12
TEST(PublicKey, RefusesEveryOtherSignature) {
  for (const Vector& vector : kVectors) {
    const PublicKey key = Read(vector.jwk);
    const std::string token = vector.token;
    const std::string text = token.substr(0, token.rfind('.'));
    const std::string signature = *crypto::Base64UrlDecode(token.substr(text.size() + 1));
    for (size_t i = 0; i < signature.size(); ++i) {
      std::string altered = signature;
      altered[i] = static_cast<char>(altered[i] ^ 1);
      EXPECT_FALSE(key.Verifies(text, altered)) << i;
    }
    EXPECT_FALSE(key.Verifies(text, ""));
    EXPECT_FALSE(key.Verifies(text, signature + "x"));
    EXPECT_FALSE(key.Verifies(text, signature.substr(1)));
    EXPECT_FALSE(key.Verifies(text, std::string(signature.size(), '\0')));
    EXPECT_FALSE(key.Verifies(text, std::string(signature.size(), '\xff')));
  }
}

// RFC 8037, appendix A.3.
TEST(PublicKey, ThumbprintOfThePublishedExample) {
  EXPECT_EQ(Thumbprint(Json::parse(kEdJwk)), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  Json with_more = Json::parse(kEdJwk);
  with_more["kid"] = "any";
  EXPECT_EQ(Thumbprint(with_more), Thumbprint(Json::parse(kEdJwk)));
}

std::string WhyRefused(const char* jwk, const char* name, const Json& value) {
  Json json = Json::parse(jwk);
  json[name] = value;
  const auto key = PublicKey::FromJwk(json);
  if (!key.ok()) return std::string(key.status().message());
  return key->has_value() ? "accepted" : "passed over";
}

// PLT-12
TEST(PublicKey, WrongKeysAreExplained) {
  EXPECT_THAT(WhyRefused(kRsaJwk, "n", crypto::Base64UrlEncode(std::string(128, '\xff'))),
              HasSubstr("shorter than 2048"));
  EXPECT_THAT(WhyRefused(kRsaJwk, "n", crypto::Base64UrlEncode(std::string(1025, '\xff'))),
              HasSubstr("longer than 8192"));
  EXPECT_THAT(WhyRefused(kRsaJwk, "n", "not base64!"), HasSubstr("n must be base64url"));
  EXPECT_THAT(WhyRefused(kRsaJwk, "n", 5), HasSubstr("n must be base64url"));
  EXPECT_THAT(WhyRefused(kRsaJwk, "e", "AQ"), HasSubstr("e more than 1"));
  EXPECT_THAT(WhyRefused(kRsaJwk, "e", "Ag"), HasSubstr("odd"));
  EXPECT_THAT(WhyRefused(kRsaJwk, "e", crypto::Base64UrlEncode(std::string(9, '\x03'))),
              HasSubstr("too large"));
  EXPECT_THAT(WhyRefused(kEcJwk, "x", crypto::Base64UrlEncode(std::string(32, '\x01'))),
              HasSubstr("not a point"));
  EXPECT_THAT(WhyRefused(kEcJwk, "x", crypto::Base64UrlEncode(std::string(31, '\x01'))),
              HasSubstr("32 bytes"));
  EXPECT_THAT(WhyRefused(kEdJwk, "x", "AA"), HasSubstr("32 bytes"));
  EXPECT_THAT(WhyRefused(kEdJwk, "d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
              HasSubstr("private key"));
}

// Identity providers publish keys for other uses in the same set.
TEST(PublicKey, KeysForOthersArePassedOver) {
  EXPECT_EQ(WhyRefused(kRsaJwk, "alg", "RS512"), "passed over");
  EXPECT_EQ(WhyRefused(kRsaJwk, "alg", "HS256"), "passed over");
  EXPECT_EQ(WhyRefused(kRsaJwk, "use", "enc"), "passed over");
  EXPECT_EQ(WhyRefused(kRsaJwk, "kty", "oct"), "passed over");
  EXPECT_EQ(WhyRefused(kRsaJwk, "kty", nullptr), "passed over");
  EXPECT_EQ(WhyRefused(kRsaJwk, "key_ops", Json::array({"encrypt"})), "passed over");
  EXPECT_EQ(WhyRefused(kRsaJwk, "key_ops", Json::array({"verify"})), "accepted");
  EXPECT_EQ(WhyRefused(kRsaJwk, "use", "sig"), "accepted");
  EXPECT_EQ(WhyRefused(kEcJwk, "crv", "P-384"), "passed over");
  EXPECT_EQ(WhyRefused(kEdJwk, "crv", "X25519"), "passed over");
  EXPECT_EQ(WhyRefused(kEdJwk, "alg", "EdDSA"), "accepted");
}

}  // namespace
}  // namespace crm::auth
