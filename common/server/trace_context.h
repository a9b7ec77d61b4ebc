// W3C trace context: takes over the caller's trace or starts one (PLT-27).
//
//   TraceContext trace = ContinueTrace(metadata["traceparent"]);
//   log(trace.trace_id);  call_other_service(trace.traceparent);
#ifndef CRM_COMMON_SERVER_TRACE_CONTEXT_H_
#define CRM_COMMON_SERVER_TRACE_CONTEXT_H_

#include <string>
#include <string_view>

namespace crm::server {

struct TraceContext {
  std::string trace_id;     // 32 lower-case hexadecimal digits, not all zero
  std::string traceparent;  // with a span id of our own
};

// A header that is absent or breaks the standard starts a new trace; it is no error of the call.
// Thread-safe.
TraceContext ContinueTrace(std::string_view traceparent);

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_TRACE_CONTEXT_H_
