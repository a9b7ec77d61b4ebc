// What would leave the machine in plain text, which is asked for or refused at start (PLT-12).
#ifndef CRM_COMMON_RUNTIME_PLAIN_TEXT_H_
#define CRM_COMMON_RUNTIME_PLAIN_TEXT_H_

#include "absl/status/status.h"
#include "common/config/service_options.h"

namespace crm::runtime {

// Listening, calling other services and talking to the database: each needs TLS, an address that
// does not leave this machine, or its switch `…-plain-text`. INVALID_ARGUMENT, reason BAD_SETTING,
// naming the setting and what to set instead. Names are not looked up: of them only `localhost`
// counts as this machine.
absl::Status CheckEncrypted(const config::ServiceOptions& options);
// The database alone: for what neither listens nor calls.
absl::Status CheckDatabaseEncrypted(const config::ServiceOptions& options);

}  // namespace crm::runtime

#endif  // CRM_COMMON_RUNTIME_PLAIN_TEXT_H_
