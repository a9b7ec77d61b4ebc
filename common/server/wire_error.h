// An error as it goes over the wire (PLT-7, PLT-30).
#ifndef CRM_COMMON_SERVER_WIRE_ERROR_H_
#define CRM_COMMON_SERVER_WIRE_ERROR_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/schema/language.h"

namespace crm::server {

// Clients refuse larger trailers (8 KiB in gRPC's default), and then see no error details at all.
inline constexpr size_t kMaxDetailsBytes = 5500;

struct WireError {
  absl::StatusCode code;
  std::string message;
  std::string details;  // serialised google.rpc.Status: `grpc-status-details-bin`
};

// Faults of the server (INTERNAL, UNKNOWN, DATA_LOSS) say nothing but the trace id; the log says
// more. Violations that do not fit are left out from the end, their number is ErrorInfo metadata
// `violations_omitted`.
WireError ToWireError(const absl::Status& status, schema::Language language,
                      std::string_view trace_id);

// Whether a status is the server's own fault, of which callers are told nothing.
bool IsServerFault(const absl::Status& status);

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_WIRE_ERROR_H_
