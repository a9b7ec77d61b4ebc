// Who is calling, after the token or certificate has been checked (PLT-12).
#ifndef CRM_COMMON_AUTH_CALLER_H_
#define CRM_COMMON_AUTH_CALLER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace crm::auth {

enum class CallerKind {
  kUser,     // a person
  kService,  // another program: one of our services, the ERP, a gateway
};

struct Caller {
  // The token's subject: the user id of the staff directory, or the service's name.
  std::string id;
  CallerKind kind = CallerKind::kUser;
  std::vector<std::string> roles = {};
  // Team code; empty for callers without a team.
  std::string team = {};
  // The id of the token (jti), for the audit; empty if it has none.
  std::string token_id = {};
  // Address the call came from, for the audit (PLT-17).
  std::string remote = {};
  // When the right to call ends; a long stream checks it again.
  absl::Time expires_at = absl::InfiniteFuture();
};

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_CALLER_H_
