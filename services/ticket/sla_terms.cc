#include "services/ticket/sla_terms.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/record/times.h"

namespace crm::ticket {
namespace {

template <typename To, typename From>
constexpr To Shifted(From value, int by) {
  return static_cast<To>(static_cast<int>(value) + by);
}

static_assert(Shifted<int>(sla::Status::kUnassigned, 1) == v1::TICKET_STATUS_UNASSIGNED);
static_assert(Shifted<int>(sla::Status::kClosed, 1) == v1::TICKET_STATUS_CLOSED);
static_assert(Shifted<int>(sla::Clock::kFirstResponse, 1) == v1::SLA_CLOCK_FIRST_RESPONSE);
static_assert(Shifted<int>(sla::Clock::kNextUpdate, 1) == v1::SLA_CLOCK_NEXT_UPDATE);
static_assert(Shifted<int>(sla::State::kInactive, 1) == v1::SLA_CLOCK_STATE_INACTIVE);
static_assert(Shifted<int>(sla::State::kBreached, 1) == v1::SLA_CLOCK_STATE_BREACHED);
static_assert(Shifted<int>(sla::SegmentKind::kWorking, 1) == v1::SLA_SEGMENT_KIND_WORKING);
static_assert(Shifted<int>(sla::SegmentKind::kPaused, 1) == v1::SLA_SEGMENT_KIND_PAUSED);

void SetDuration(absl::Duration duration, google::protobuf::Duration& out) {
  const int64_t micros = absl::ToInt64Microseconds(duration);
  out.set_seconds(micros / 1'000'000);
  out.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
}

}  // namespace

sla::Status ToSla(v1::TicketStatus status) { return Shifted<sla::Status>(status, -1); }
v1::TicketStatus FromSla(sla::Status status) { return Shifted<v1::TicketStatus>(status, 1); }
sla::Clock ToSla(v1::SlaClock clock) { return Shifted<sla::Clock>(clock, -1); }
v1::SlaClock FromSla(sla::Clock clock) { return Shifted<v1::SlaClock>(clock, 1); }

std::string NameOf(sla::Clock clock) {
  const std::string name = v1::SlaClock_Name(FromSla(clock));
  return absl::AsciiStrToLower(absl::StripPrefix(name, "SLA_CLOCK_"));
}

v1::SlaReading FromSla(const sla::Reading& reading) {
  v1::SlaReading out;
  out.set_clock(FromSla(reading.clock));
  out.set_cycle(reading.cycle);
  out.set_state(Shifted<v1::SlaClockState>(reading.state, 1));
  record::SetTime(reading.started, *out.mutable_start_time());
  if (reading.state == sla::State::kInactive) return out;
  SetDuration(reading.target, *out.mutable_target());
  SetDuration(reading.elapsed, *out.mutable_elapsed());
  SetDuration(reading.remaining, *out.mutable_remaining());
  if (reading.due.has_value()) record::SetTime(*reading.due, *out.mutable_due_time());
  if (reading.warning.has_value()) record::SetTime(*reading.warning, *out.mutable_warning_time());
  if (reading.met_at.has_value()) record::SetTime(*reading.met_at, *out.mutable_met_time());
  if (reading.breached_at.has_value()) {
    record::SetTime(*reading.breached_at, *out.mutable_breach_time());
  }
  return out;
}

v1::SlaSegment FromSla(const sla::Segment& segment) {
  v1::SlaSegment out;
  record::SetTime(segment.from, *out.mutable_from());
  record::SetTime(segment.to, *out.mutable_to());
  out.set_kind(Shifted<v1::SlaSegmentKind>(segment.kind, 1));
  if (segment.kind == sla::SegmentKind::kPaused) out.set_status(FromSla(segment.status));
  out.set_holiday(segment.holiday);
  out.set_projected(segment.projected);
  return out;
}

}  // namespace crm::ticket
