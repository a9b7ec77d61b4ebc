#include "common/auth/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "common/auth/local_issuer.h"
#include "common/crypto/digest.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"
#include "nlohmann/json.hpp"

namespace crm::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr char kIssuer[] = "https://id.example.com";
constexpr char kAudience[] = "crm";
constexpr Algorithm kAll[] = {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256};

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() {
    folder_ = std::filesystem::temp_directory_path() /
              ("crm_token_test_" + std::to_string(::getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    jwks_path_ = folder_ / "jwks.json";
    EXPECT_TRUE(issuer_.WriteFiles(jwks_path_, folder_ / "issuer.pem").ok());
    auto keys = JwksFile::Load(jwks_path_, clock_);
    EXPECT_TRUE(keys.ok()) << keys.status();
    keys_ = *std::move(keys);
  }
  ~TokenTest() override { std::filesystem::remove_all(folder_); }

  TokenVerifier MakeVerifier(size_t cache_entries = 16384) {
    return TokenVerifier({.issuer = kIssuer,
                          .audience = kAudience,
                          .extra_claims = {"name"},
                          .cache_entries = cache_entries},
                         *keys_, clock_);
  }
  std::string Token(const std::string& subject = "li.lei") const {
    return issuer_.Issue({.subject = subject, .roles = {"sales_director"}, .team = "south"},
                         clock_.Now());
  }
  Json Header() const { return {{"alg", "EdDSA"}, {"kid", issuer_.kid()}}; }
  Json Payload() const {
    const int64_t now = absl::ToUnixSeconds(clock_.Now());
    return {{"iss", kIssuer}, {"aud", kAudience}, {"sub", "li.lei"},
            {"iat", now},     {"nbf", now},       {"exp", now + 600}};
  }
  // The reason for refusing a genuinely signed token with this header and payload.
  std::string Reason(const Json& header, const Json& payload) {
    return ReasonOf(issuer_.SignToken(header.dump(), payload.dump()));
  }
  std::string ReasonOf(std::string_view token) {
    const auto claims = MakeVerifier().Verify(token);
    if (claims.ok()) return "accepted";
    EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated);
    return ErrorReason(claims.status());
  }
  std::string WithPayload(const char* name, const Json& value) {
    Json payload = Payload();
    payload[name] = value;
    return Reason(Header(), payload);
  }
  std::string WithoutPayload(const char* name) {
    Json payload = Payload();
    payload.erase(name);
    return Reason(Header(), payload);
  }
  std::string WithHeader(const char* name, const Json& value) {
    Json header = Header();
    header[name] = value;
    return Reason(header, Payload());
  }
  static void WriteText(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'774'000'000)};
  LocalIssuer issuer_ = LocalIssuer::Create(kIssuer, kAudience);
  std::filesystem::path folder_;
  std::string jwks_path_;
  std::unique_ptr<JwksFile> keys_;
};

// PLT-12
TEST_F(TokenTest, AcceptsAllThreeAlgorithms) {
  for (const Algorithm algorithm : kAll) {
    const LocalIssuer issuer = LocalIssuer::Create(kIssuer, kAudience, algorithm);
    ASSERT_TRUE(issuer.WriteFiles(jwks_path_, folder_ / "issuer.pem").ok());
    ASSERT_TRUE(keys_->Reload().ok());
    const std::string token =
        issuer.Issue({.subject = "erp", .kind = CallerKind::kService}, clock_.Now());
    const auto claims = MakeVerifier().Verify(token);
    ASSERT_TRUE(claims.ok()) << AlgorithmName(algorithm) << claims.status();
    EXPECT_EQ((*claims)->subject, "erp");
    EXPECT_EQ((*claims)->kind, CallerKind::kService);
  }
}

// PLT-12
TEST_F(TokenTest, GivesTheClaims) {
  Json payload = Payload();
  payload["roles"] = {"sales_director", "data_steward"};
  payload["team"] = "south";
  payload["kind"] = "user";
  payload["jti"] = "t-1";
  payload["name"] = "李雷";
  payload["other"] = {{"deep", {1, 2}}};
  const auto claims = MakeVerifier().Verify(issuer_.SignToken(Header().dump(), payload.dump()));
  ASSERT_TRUE(claims.ok()) << claims.status();
  const Caller caller = MakeCaller(**claims, "10.0.0.7:5123");
  EXPECT_EQ(caller.id, "li.lei");
  EXPECT_EQ(caller.kind, CallerKind::kUser);
  EXPECT_THAT(caller.roles, ElementsAre("sales_director", "data_steward"));
  EXPECT_EQ(caller.team, "south");
  EXPECT_EQ(caller.token_id, "t-1");
  EXPECT_EQ(caller.remote, "10.0.0.7:5123");
  EXPECT_EQ(caller.expires_at, clock_.Now() + absl::Seconds(630));  // with the leeway
  EXPECT_EQ((*claims)->extras.at("name"), "李雷");
  EXPECT_EQ((*claims)->extras.size(), 1u);
}

// PLT-12
TEST_F(TokenTest, AlteringAnyCharacterIsNoticed) {
  const std::string token = Token();
  TokenVerifier verifier = MakeVerifier();
  ASSERT_TRUE(verifier.Verify(token).ok());
  for (size_t i = 0; i < token.size(); ++i) {
    std::string altered = token;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier.Verify(altered).ok()) << i;
    EXPECT_FALSE(verifier.Verify(token.substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(verifier.Verify(token + "A").ok());
  EXPECT_FALSE(verifier.Verify(token + "=").ok());
  EXPECT_TRUE(verifier.Verify(token).ok());
}

// PLT-12: a signature belongs to its own token.
TEST_F(TokenTest, PartsOfTwoTokensDoNotMix) {
  const std::string one = Token("li.lei"), two = Token("han.meimei");
  const auto signature = [](const std::string& token) { return token.substr(token.rfind('.')); };
  EXPECT_EQ(ReasonOf(one.substr(0, one.rfind('.')) + signature(two)), "TOKEN_SIGNATURE_INVALID");
}

// PLT-12: alg must be the key's own.
TEST_F(TokenTest, AlgorithmConfusionIsRefused) {
  for (const char* algorithm : {"none", "None", "HS256", "HS512", "RS256", "ES256", "PS256",
                                "RS512", "eddsa", "Ed25519", ""}) {
    EXPECT_EQ(WithHeader("alg", algorithm), "TOKEN_SIGNATURE_INVALID") << algorithm;
  }
  EXPECT_EQ(WithHeader("alg", nullptr), "TOKEN_MALFORMED");
  EXPECT_EQ(WithHeader("alg", Json::array({"EdDSA"})), "TOKEN_MALFORMED");
  const Json none = {{"alg", "none"}, {"kid", issuer_.kid()}};
  const std::string unsigned_token =
      crypto::Base64UrlEncode(none.dump()) + "." + crypto::Base64UrlEncode(Payload().dump()) + ".";
  EXPECT_EQ(ReasonOf(unsigned_token), "TOKEN_SIGNATURE_INVALID");
}

// PLT-12: keys come from the file, not from the token.
TEST_F(TokenTest, KeysInsideTheTokenAreIgnored) {
  const LocalIssuer stranger = LocalIssuer::Create(kIssuer, kAudience);
  Json header = Header();
  header["jwk"] = Json::parse(stranger.Jwks())["keys"][0];
  header["jku"] = "https://stranger.example.com/jwks.json";
  EXPECT_EQ(ReasonOf(stranger.SignToken(header.dump(), Payload().dump())),
            "TOKEN_SIGNATURE_INVALID");
  header["kid"] = stranger.kid();
  EXPECT_EQ(ReasonOf(stranger.SignToken(header.dump(), Payload().dump())), "TOKEN_KEY_UNKNOWN");
}

// PLT-12
TEST_F(TokenTest, HeaderRules) {
  EXPECT_EQ(WithHeader("typ", "jwt"), "accepted");
  EXPECT_EQ(WithHeader("typ", "at+JWT"), "accepted");
  EXPECT_EQ(WithHeader("typ", "logout+jwt"), "TOKEN_MALFORMED");
  EXPECT_EQ(WithHeader("typ", 5), "TOKEN_MALFORMED");
  EXPECT_EQ(WithHeader("kid", ""), "TOKEN_MALFORMED");
  EXPECT_EQ(WithHeader("kid", 7), "TOKEN_MALFORMED");
  EXPECT_EQ(WithHeader("kid", "../../etc/passwd"), "TOKEN_KEY_UNKNOWN");
  EXPECT_EQ(WithHeader("crit", Json::array({"b64"})), "TOKEN_MALFORMED");
  EXPECT_EQ(WithHeader("x", std::string(2000, 'x')), "TOKEN_MALFORMED");
  EXPECT_EQ(Reason({{"alg", "EdDSA"}}, Payload()), "TOKEN_MALFORMED");
}

// PLT-12
TEST_F(TokenTest, IssuerAndAudience) {
  EXPECT_EQ(WithPayload("iss", "https://id.example.com/"), "TOKEN_ISSUER_MISMATCH");
  EXPECT_EQ(WithPayload("iss", 5), "TOKEN_ISSUER_MISMATCH");
  EXPECT_EQ(WithoutPayload("iss"), "TOKEN_ISSUER_MISMATCH");
  EXPECT_EQ(WithPayload("aud", "CRM"), "TOKEN_AUDIENCE_MISMATCH");
  EXPECT_EQ(WithPayload("aud", Json::array()), "TOKEN_AUDIENCE_MISMATCH");
  EXPECT_EQ(WithPayload("aud", Json::array({"shop", 5})), "TOKEN_AUDIENCE_MISMATCH");
  EXPECT_EQ(WithPayload("aud", {{"crm", "crm"}}), "TOKEN_AUDIENCE_MISMATCH");
  EXPECT_EQ(WithoutPayload("aud"), "TOKEN_AUDIENCE_MISMATCH");
  EXPECT_EQ(WithPayload("aud", Json::array({"shop", "crm"})), "accepted");
}

// PLT-12
TEST_F(TokenTest, TimesWithLeeway) {
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  EXPECT_EQ(WithPayload("exp", now - 29), "TOKEN_MALFORMED");  // before iat
  Json payload = Payload();
  payload["iat"] = now - 3600;
  payload["exp"] = now - 29;
  EXPECT_EQ(Reason(Header(), payload), "accepted");
  payload["exp"] = now - 30;
  EXPECT_EQ(Reason(Header(), payload), "TOKEN_EXPIRED");
  EXPECT_EQ(WithPayload("nbf", now + 30), "accepted");
  EXPECT_EQ(WithPayload("nbf", now + 31), "TOKEN_NOT_YET_VALID");
  EXPECT_EQ(WithPayload("iat", now + 31), "TOKEN_NOT_YET_VALID");
  EXPECT_EQ(WithPayload("exp", static_cast<double>(now) + 0.5), "accepted");
}

// QUA-8
TEST_F(TokenTest, SenselessTimesAreRefused) {
  EXPECT_EQ(WithoutPayload("exp"), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("exp", "1774000600"), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("exp", -1), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("exp", 1e300), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("exp", UINT64_MAX), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("nbf", nullptr), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("iat", true), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("exp", 253'402'300'799), "accepted");
}

// QUA-8
TEST_F(TokenTest, ClaimRules) {
  EXPECT_EQ(WithoutPayload("sub"), "TOKEN_MALFORMED");
  for (const Json& subject : {Json(""), Json(5), Json("a b"), Json("a\nb"), Json("李雷"),
                              Json(std::string(129, 'a')), Json("a\u202eb")}) {
    EXPECT_EQ(WithPayload("sub", subject), "TOKEN_MALFORMED") << subject;
  }
  EXPECT_EQ(WithPayload("sub", std::string(128, 'a')), "accepted");
  EXPECT_EQ(WithPayload("kind", "robot"), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("kind", 1), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("roles", "administrator"), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("roles", Json::array({"a", 5})), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("roles", std::vector<std::string>(65, "r")), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("roles", std::vector<std::string>(64, "r")), "accepted");
  EXPECT_EQ(WithPayload("team", Json::object()), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("jti", "a b"), "TOKEN_MALFORMED");
}

// QUA-8
TEST_F(TokenTest, HostileTextIsMalformed) {
  EXPECT_EQ(ReasonOf(""), "TOKEN_MISSING");
  for (const std::string& token :
       {std::string("x"), std::string("."), std::string(".."), std::string("..."),
        std::string("a.b.c"), std::string("a.b.c.d.e"), std::string("客户.客户.客户"),
        std::string(8193, 'a'), std::string("\0.\0.\0", 5), std::string("' OR 1=1 --")}) {
    EXPECT_EQ(ReasonOf(token), "TOKEN_MALFORMED");
  }
  const std::string header = Header().dump();
  const auto payload_reason = [&](const std::string& payload) {
    return ReasonOf(issuer_.SignToken(header, payload));
  };
  const std::string good = Payload().dump();
  EXPECT_EQ(payload_reason(good), "accepted");
  EXPECT_EQ(payload_reason(good.substr(0, good.size() - 1) + ",\"sub\":\"admin\"}"),
            "TOKEN_MALFORMED");
  EXPECT_EQ(payload_reason("[" + good + "]"), "TOKEN_MALFORMED");
  EXPECT_EQ(payload_reason(good + good), "TOKEN_MALFORMED");
  EXPECT_EQ(payload_reason(""), "TOKEN_MALFORMED");
  EXPECT_EQ(WithPayload("deep", Json::parse("[[[[[[[[[1]]]]]]]]]")), "TOKEN_MALFORMED");
  EXPECT_EQ(payload_reason(std::string(5000, '[')), "TOKEN_MALFORMED");
  const std::string doubled = header.substr(0, header.size() - 1) + ",\"alg\":\"none\"}";
  EXPECT_EQ(ReasonOf(issuer_.SignToken(doubled, good)), "TOKEN_MALFORMED");
}

// QUA-8: whatever bytes come, the answer is UNAUTHENTICATED and the process lives.
TEST_F(TokenTest, RandomDamageNeverGetsIn) {
  std::mt19937 random(20260320);
  const std::string token = Token();
  TokenVerifier verifier = MakeVerifier();
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = token;
    for (uint32_t cuts = random() % 4 + 1; cuts > 0; --cuts) {
      const size_t at = random() % damaged.size();
      if (random() % 2) damaged[at] = static_cast<char>(random());
      if (random() % 3 == 0) damaged.erase(at, random() % 20);
      if (random() % 3 == 0) damaged.insert(std::min(at, damaged.size()), token, 0, 15);
      if (damaged.empty()) damaged = ".";
    }
    if (damaged == token) continue;
    const auto claims = verifier.Verify(damaged);
    ASSERT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated) << i;
  }
}

// PLT-12: a token never appears in a message.
TEST_F(TokenTest, NoMessageHoldsAnyPartOfTheToken) {
  const std::string subject = "very-recognisable-subject";
  Json payload = Payload();
  payload["sub"] = subject;
  payload["exp"] = 5;
  payload["iat"] = 1;
  const std::string token = issuer_.SignToken(Header().dump(), payload.dump());
  for (const std::string& text : {token, token + "x", token.substr(10), "." + token}) {
    const std::string message = MakeVerifier().Verify(text).status().ToString();
    EXPECT_THAT(message, Not(HasSubstr(subject)));
    EXPECT_THAT(message, Not(HasSubstr(token.substr(12, 10))));
    EXPECT_THAT(message, Not(HasSubstr(issuer_.kid())));
  }
}

// PLT-12: a remembered token ends on time.
TEST_F(TokenTest, CachedTokensExpire) {
  TokenVerifier verifier = MakeVerifier();
  const std::string token = issuer_.SignToken(Header().dump(), Payload().dump());
  const auto first = verifier.Verify(token);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*verifier.Verify(token), *first);  // the same object: remembered
  clock_.Advance(absl::Seconds(629));
  EXPECT_TRUE(verifier.Verify(token).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ErrorReason(verifier.Verify(token).status()), "TOKEN_EXPIRED");
  clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(ErrorReason(verifier.Verify(token).status()), "TOKEN_NOT_YET_VALID");
}

// PLT-12: taking a key out of the file ends its tokens within a second.
TEST_F(TokenTest, RemovingAKeyEndsRememberedTokens) {
  TokenVerifier verifier = MakeVerifier();
  const std::string token = Token();
  ASSERT_TRUE(verifier.Verify(token).ok());
  const LocalIssuer next = LocalIssuer::Create(kIssuer, kAudience);
  WriteText(jwks_path_, next.Jwks());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ErrorReason(verifier.Verify(token).status()), "TOKEN_KEY_UNKNOWN");
}

// PLT-12: a token of a key published a moment ago is accepted.
TEST_F(TokenTest, AnUnknownKeyMakesTheFileBeReadOnce) {
  TokenVerifier verifier = MakeVerifier();
  const LocalIssuer next = LocalIssuer::Create(kIssuer, kAudience);
  WriteText(jwks_path_, next.Jwks());
  EXPECT_TRUE(verifier.Verify(next.Issue({.subject = "li.lei"}, clock_.Now())).ok());
  // The next unknown key has to wait for its turn.
  const LocalIssuer third = LocalIssuer::Create(kIssuer, kAudience);
  WriteText(jwks_path_, third.Jwks());
  const std::string token = third.Issue({.subject = "li.lei"}, clock_.Now());
  EXPECT_EQ(ErrorReason(verifier.Verify(token).status()), "TOKEN_KEY_UNKNOWN");
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(verifier.Verify(token).ok());
}

// PLT-12
TEST_F(TokenTest, ABrokenKeySetKeepsTheOldKeys) {
  TokenVerifier verifier = MakeVerifier();
  const std::string token = Token();
  for (const std::string text : {"", "{", "{\"keys\": []}", "{\"keys\": 5}"}) {
    WriteText(jwks_path_, text);
    clock_.Advance(absl::Seconds(2));
    EXPECT_TRUE(verifier.Verify(token).ok());
    EXPECT_EQ(ErrorReason(keys_->reload_status()), "KEY_SET_INVALID");
    EXPECT_THAT(std::string(keys_->reload_status().message()), HasSubstr(jwks_path_));
  }
  std::filesystem::remove(jwks_path_);
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(verifier.Verify(token).ok());
  EXPECT_EQ(ErrorReason(keys_->reload_status()), "FILE_MISSING");
  WriteText(jwks_path_, issuer_.Jwks());
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(verifier.Verify(token).ok());
  EXPECT_TRUE(keys_->reload_status().ok());
}

TEST_F(TokenTest, KeySetMistakesAreNamed) {
  Json good = Json::parse(issuer_.Jwks());
  const auto why = [&](const std::function<void(Json&)>& spoil) {
    Json json = good;
    spoil(json["keys"]);
    const auto keys = ParseJwks(json.dump());
    return keys.ok() ? std::string("accepted") : std::string(keys.status().message());
  };
  EXPECT_EQ(why([](Json&) {}), "accepted");
  EXPECT_THAT(why([](Json& keys) { keys.push_back(keys[0]); }), HasSubstr("keys[1]: kid is given"));
  EXPECT_THAT(why([](Json& keys) { keys[0].erase("kid"); }), HasSubstr("keys[0]: kid"));
  EXPECT_THAT(why([](Json& keys) { keys[0]["x"] = "AA"; }), HasSubstr("keys[0]: x must be 32"));
  EXPECT_THAT(why([](Json& keys) { keys[0]["d"] = "AA"; }), HasSubstr("private key"));
  EXPECT_THAT(why([](Json& keys) { keys.push_back(5); }), HasSubstr("keys[1]: must be an object"));
  EXPECT_THAT(why([](Json& keys) { keys[0]["use"] = "enc"; }), HasSubstr("holds no"));
  EXPECT_THAT(why([](Json& keys) {
                for (int i = 0; i < 101; ++i) keys.push_back({{"kty", "oct"}});
              }),
              HasSubstr("more than 100"));
  EXPECT_EQ(why([](Json& keys) { keys.push_back({{"kty", "oct"}, {"k", "AA"}}); }), "accepted");
}

// PLT-9: the memory for remembered tokens is bounded.
TEST_F(TokenTest, TheCacheIsBounded) {
  TokenCache cache(320);
  const TokenCache::Entry entry{.claims = std::make_shared<const Claims>(),
                                .key_generation = 1,
                                .valid_from = absl::InfinitePast(),
                                .valid_until = absl::InfiniteFuture()};
  cache.Insert("in-constant-use", entry);
  for (int i = 0; i < 10'000; ++i) {
    cache.Insert("token-" + std::to_string(i), entry);
    ASSERT_NE(cache.Find("in-constant-use", 1, clock_.Now()), nullptr) << i;
  }
  EXPECT_LE(cache.size(), 320u);
  EXPECT_GT(cache.size(), 100u);
  EXPECT_EQ(cache.Find("token-0", 1, clock_.Now()), nullptr);
  EXPECT_EQ(cache.Find("in-constant-use", 2, clock_.Now()), nullptr);
}

// PLT-12
TEST_F(TokenTest, ManyThreadsAtOnce) {
  TokenVerifier verifier = MakeVerifier(64);
  std::vector<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.push_back(Token("user-" + std::to_string(i)));
  const std::string forged = tokens[0].substr(0, tokens[0].size() - 10) + "AAAAAAAAAA";
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const size_t which = static_cast<size_t>(i * 7 + t) % tokens.size();
        const auto claims = verifier.Verify(tokens[which]);
        if (!claims.ok() || (*claims)->subject != "user-" + std::to_string(which)) ++wrong;
        if (i % 10 == 0 && verifier.Verify(forged).ok()) ++wrong;
        if (i % 50 == 0) clock_.Advance(absl::Seconds(1));  // looks at the file
        if (i % 50 == 0 && !keys_->Reload().ok()) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// PLT-12
TEST(BearerToken, TakesTheTokenOut) {
  EXPECT_EQ(*BearerToken("Bearer a.b.c"), "a.b.c");
  EXPECT_EQ(*BearerToken("bearer a.b.c"), "a.b.c");
  EXPECT_EQ(ErrorReason(BearerToken("").status()), "TOKEN_MISSING");
  EXPECT_EQ(ErrorReason(BearerToken("Bearer ").status()), "TOKEN_MISSING");
  EXPECT_EQ(ErrorReason(BearerToken("Basic YTpi").status()), "TOKEN_MALFORMED");
  EXPECT_EQ(ErrorReason(BearerToken("a.b.c").status()), "TOKEN_MALFORMED");
}

TEST_F(TokenTest, TheIssuerIsTheSameAfterLoading) {
  for (const Algorithm algorithm : kAll) {
    const std::string pem = folder_ / "issuer.pem";
    const LocalIssuer made = LocalIssuer::Create(kIssuer, kAudience, algorithm);
    ASSERT_TRUE(made.WriteFiles(jwks_path_, pem).ok());
    const auto loaded = LocalIssuer::Load(pem, kIssuer, kAudience);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->kid(), made.kid());
    EXPECT_EQ(loaded->algorithm(), algorithm);
    ASSERT_TRUE(keys_->Reload().ok());
    EXPECT_EQ(ReasonOf(loaded->Issue({.subject = "li.lei"}, clock_.Now())), "accepted");
    struct stat info {};
    ASSERT_EQ(::stat(pem.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_THAT(*crypto::ReadSmallFile(jwks_path_), Not(HasSubstr("\"d\"")));
  }
  WriteText(folder_ / "issuer.pem", "no key");
  EXPECT_EQ(ErrorReason(LocalIssuer::Load(folder_ / "issuer.pem", "", "").status()),
            "ISSUER_KEY_INVALID");
}

}  // namespace
}  // namespace crm::auth
