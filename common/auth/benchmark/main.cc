// Prints what encryption, look-up hashes and tokens cost on this machine: nanoseconds of processor
// time per call, one thread, 11-byte values (a mobile number).
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>

#include "common/auth/jwt.h"
#include "common/auth/local_issuer.h"
#include "common/auth/policy.h"
#include "common/crypto/keyring.h"
#include "common/source_tree/source_tree.h"

namespace crm::auth {
namespace {

constexpr char kValue[] = "13800135678";
constexpr char kPlace[] = "customers.phone|4611686018427387904";

// Processor time, so that a busy machine does not change the figures much.
double SpentNanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <typename Work>
void Measure(const char* name, int calls, Work work) {
  for (int i = 0; i < calls / 10; ++i) work();
  const double start = SpentNanoseconds();
  for (int i = 0; i < calls; ++i) work();
  std::printf("%-28s %10.0f ns\n", name, (SpentNanoseconds() - start) / calls);
}

void MeasureKeyring(const std::string& folder, const Clock& clock) {
  const std::string path = folder + "/keys.json";
  if (!crypto::GenerateKeyFile(path, clock).ok()) return;
  const auto keyring = *crypto::Keyring::Load(path);
  const std::string cipher = keyring->Encrypt(kValue, kPlace);
  Measure("Encrypt", 1'000'000, [&] { keyring->Encrypt(kValue, kPlace); });
  Measure("Decrypt", 1'000'000, [&] { keyring->Decrypt(cipher, kPlace).IgnoreError(); });
  Measure("LookupHash", 1'000'000, [&] { keyring->LookupHash("customers.phone", kValue); });
  Measure("Sign (40 bytes)", 1'000'000, [&] { keyring->Sign("page_token", kPlace); });
}

void MeasureTokens(const std::string& folder, const Clock& clock, Algorithm algorithm) {
  const LocalIssuer issuer = LocalIssuer::Create("https://local", "crm", algorithm);
  const std::string jwks = folder + "/jwks.json";
  if (!issuer.WriteFiles(jwks, folder + "/issuer.pem").ok()) return;
  const auto keys = *JwksFile::Load(jwks, clock);
  TokenVerifier verifier({.issuer = "https://local", .audience = "crm"}, *keys, clock);
  std::vector<std::string> tokens;
  for (int i = 0; i < 1100; ++i) {
    tokens.push_back(issuer.Issue({.subject = "u" + std::to_string(i), .roles = {"sales_director"}},
                                  clock.Now()));
  }
  size_t next = 0;
  const std::string name(AlgorithmName(algorithm));
  Measure((name + " first time").c_str(), 1000,
          [&] { verifier.Verify(tokens[next++]).IgnoreError(); });
  Measure((name + " repeated").c_str(), 1'000'000,
          [&] { verifier.Verify(tokens[0]).IgnoreError(); });
}

void MeasurePolicy() {
  const auto policy = *Policy::Load(crm::testing::SourceFile("common/auth/default_roles.json"));
  const std::vector<std::string> roles = {"service_agent", "sales_representative"};
  Measure("Policy::Decide (2 roles)", 1'000'000, [&] { policy->Decide(roles, "customer.read"); });
}

}  // namespace
}  // namespace crm::auth

int main() {
  const crm::SystemClock clock;
  std::string folder = std::filesystem::temp_directory_path() / "crm_auth_benchmark_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  crm::auth::MeasureKeyring(folder, clock);
  for (const auto algorithm :
       {crm::auth::Algorithm::kEdDsa, crm::auth::Algorithm::kEs256, crm::auth::Algorithm::kRs256}) {
    crm::auth::MeasureTokens(folder, clock, algorithm);
  }
  crm::auth::MeasurePolicy();
  std::filesystem::remove_all(folder);
  return 0;
}
