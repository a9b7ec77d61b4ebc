#include "tools/local/crm-local/local_files.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/key_file.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"
#include "tools/local/crm-local/embedded_local_roles.h"

namespace crm::local {
namespace {

std::string Path(const std::string& folder, const char* name) {
  return (std::filesystem::path(folder) / name).string();
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
               absl::StrCat("cannot make the folder ", folder));
}

absl::StatusOr<auth::LocalIssuer> IssuerOf(const std::string& folder) {
  return auth::LocalIssuer::Load(Path(folder, kIssuerKeyFile), kIssuer, kAudience);
}

absl::Status MakeIssuer(const std::string& folder) {
  const std::string jwks = Path(folder, kJwksFile);
  const std::string key = Path(folder, kIssuerKeyFile);
  if (!Exists(key)) return auth::LocalIssuer::Create(kIssuer, kAudience).WriteFiles(jwks, key);
  if (Exists(jwks)) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const auth::LocalIssuer issuer, IssuerOf(folder));
  return issuer.WriteFiles(jwks, key);
}

}  // namespace

absl::Status MakeKeys(const std::string& folder, const Clock& clock) {
  CRM_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string keys = Path(folder, kKeyFile);
  if (!Exists(keys)) CRM_RETURN_IF_ERROR(crypto::GenerateKeyFile(keys, clock));
  return MakeIssuer(folder);
}

absl::StatusOr<std::string> MakeToken(const std::string& folder, const auth::TokenRequest& request,
                                      const Clock& clock) {
  if (request.subject.empty() || request.lifetime <= absl::ZeroDuration()) {
    return Error(absl::StatusCode::kInvalidArgument, "TOKEN_REQUEST_INVALID",
                 "a token needs a user and a lifetime of more than zero");
  }
  CRM_ASSIGN_OR_RETURN(const auth::LocalIssuer issuer, IssuerOf(folder));
  return issuer.Issue(request, clock.Now());
}

std::string_view DefaultRoles() { return embedded::local_roles().front().content; }

absl::Status WriteRoles(const std::string& folder) {
  CRM_RETURN_IF_ERROR(MakeFolder(folder));
  return crypto::ReplaceSecretFile(Path(folder, kRolesFile), DefaultRoles());
}

}  // namespace crm::local
