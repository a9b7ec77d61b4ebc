// The secrets and trust that a service needs on a developer's machine, where there is no identity
// provider and nobody mounts anything. Never part of a deployment.
//
//   CRM_RETURN_IF_ERROR(MakeKeys("build/run", clock));   // keys.json, jwks.json, issuer.pem
//   CRM_RETURN_IF_ERROR(WriteRoles("build/run"));        // roles.json
//   CRM_ASSIGN_OR_RETURN(std::string token, MakeToken("build/run", {.subject = "li.lei"}, clock));
//
// Errors: those of common/crypto/secret_file.h and key_file.h, each naming the file. Stateless; one
// writer of a folder at a time.
#ifndef CRM_TOOLS_LOCAL_CRM_LOCAL_LOCAL_FILES_H_
#define CRM_TOOLS_LOCAL_CRM_LOCAL_LOCAL_FILES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/auth/local_issuer.h"
#include "common/base/clock.h"

namespace crm::local {

// What services must be started with: --issuer and --audience.
inline constexpr char kIssuer[] = "https://crm.local";
inline constexpr char kAudience[] = "crm";

inline constexpr char kKeyFile[] = "keys.json";
inline constexpr char kJwksFile[] = "jwks.json";
inline constexpr char kIssuerKeyFile[] = "issuer.pem";
inline constexpr char kRolesFile[] = "roles.json";

// Makes what is missing of the folder, its encryption keys and its issuer. What is there stays:
// data and tokens of earlier runs remain readable.
absl::Status MakeKeys(const std::string& folder, const Clock& clock);

// A token of the folder's issuer. INVALID_ARGUMENT, reason TOKEN_REQUEST_INVALID: no subject, or a
// lifetime that is not positive.
absl::StatusOr<std::string> MakeToken(const std::string& folder, const auth::TokenRequest& request,
                                      const Clock& clock);

// The default roles of the platform, as compiled in.
std::string_view DefaultRoles();
// Puts them into the folder, in place of older ones.
absl::Status WriteRoles(const std::string& folder);

}  // namespace crm::local

#endif  // CRM_TOOLS_LOCAL_CRM_LOCAL_LOCAL_FILES_H_
