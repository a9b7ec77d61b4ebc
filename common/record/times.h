// Between google.protobuf.Timestamp and absl::Time, to the microsecond that the database keeps.
#ifndef CRM_COMMON_RECORD_TIMES_H_
#define CRM_COMMON_RECORD_TIMES_H_

#include <cstdint>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::record {

inline void SetTime(absl::Time time, google::protobuf::Timestamp& out) {
  // Rounded down, so that the nanoseconds are never negative.
  const int64_t micros = ToMicros(time);
  const int64_t seconds = micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>((micros - seconds * 1'000'000) * 1'000));
}

inline absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_TIMES_H_
