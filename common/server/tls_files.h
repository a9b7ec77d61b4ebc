// The certificate files of a server (PLT-12).
#ifndef CRM_COMMON_SERVER_TLS_FILES_H_
#define CRM_COMMON_SERVER_TLS_FILES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace crm::server {

struct TlsFiles {
  std::string certificate = {};  // PEM paths; empty = plain text (the local default)
  std::string private_key = {};
  std::string client_ca = {};  // set: clients must present a certificate of it

  bool enabled() const { return !certificate.empty(); }
};

// gRPC notices a bad file only when somebody connects; this says so at start. FAILED_PRECONDITION,
// reason TLS_FILES_INVALID, naming the setting: unreadable, no certificate or key in it, a key of
// another certificate, a client CA without TLS.
absl::Status CheckTlsFiles(const TlsFiles& files);

// The same for a file of authorities that others' certificates must come from.
absl::Status CheckAuthorities(std::string_view setting, const std::string& path);

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_TLS_FILES_H_
