#include "common/server/trace_context.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"

namespace crm::server {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr size_t kTraceIdAt = 3;
constexpr size_t kTraceIdDigits = 32;
constexpr size_t kParentIdAt = 36;
constexpr size_t kParentIdDigits = 16;
constexpr size_t kFlagsAt = 53;
constexpr size_t kLength = 55;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(std::string_view text) {
  return IsHex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// Version 00 has exactly these fields; later ones may add some after a dash; ff is forbidden.
bool HasFourFields(std::string_view header) {
  if (header.size() < kLength || !IsHex(header.substr(0, 2))) return false;
  const std::string_view version = header.substr(0, 2);
  if (version == "ff" || (version == "00" && header.size() != kLength)) return false;
  return header[kTraceIdAt - 1] == '-' && header[kParentIdAt - 1] == '-' &&
         header[kFlagsAt - 1] == '-' && (header.size() == kLength || header[kLength] == '-');
}

bool IsTraceparent(std::string_view header) {
  return HasFourFields(header) && IsId(header.substr(kTraceIdAt, kTraceIdDigits)) &&
         IsId(header.substr(kParentIdAt, kParentIdDigits)) && IsHex(header.substr(kFlagsAt, 2));
}

// Sixteen digits, never all zero.
std::string RandomSpanId(absl::InsecureBitGen& random) {
  return absl::StrCat(
      absl::Hex(absl::Uniform<uint64_t>(absl::IntervalClosed, random, 1, ~0ULL), absl::kZeroPad16));
}

}  // namespace

TraceContext ContinueTrace(std::string_view traceparent) {
  thread_local absl::InsecureBitGen random;  // seeding one costs more than all the rest
  const bool taken_over = IsTraceparent(traceparent);
  TraceContext trace;
  trace.trace_id = taken_over ? std::string(traceparent.substr(kTraceIdAt, kTraceIdDigits))
                              : absl::StrCat(RandomSpanId(random), RandomSpanId(random));
  const std::string_view flags = taken_over ? traceparent.substr(kFlagsAt, 2) : "00";
  trace.traceparent =
      absl::StrCat("00-", trace.trace_id, "-", RandomSpanId(random), "-", ToAbsl(flags));
  return trace;
}

}  // namespace crm::server
