#include "services/ticket/sla/compliance.h"

namespace crm::ticket::sla {
namespace {

// The other clocks need not end for a ticket to be done: nobody has to be visited or told of
// progress then, and who writes again reopens it.
bool WasNeverAnswered(const Reading& reading) {
  return reading.clock == Clock::kFirstResponse && reading.pause == Pause::kDone;
}

}  // namespace

Outcome OutcomeOf(const Reading& reading) {
  switch (reading.state) {
    case State::kInactive:
      return Outcome::kNotMeasured;
    case State::kRunning:
      return Outcome::kPending;
    case State::kPaused:
      return WasNeverAnswered(reading) ? Outcome::kLate : Outcome::kPending;
    case State::kMet:
      return Outcome::kInTime;
    case State::kBreached:
      return Outcome::kLate;
  }
  return Outcome::kNotMeasured;
}

std::optional<absl::Time> DecidedAt(const Reading& reading) {
  switch (OutcomeOf(reading)) {
    case Outcome::kInTime:
      return reading.met_at;
    case Outcome::kLate:
      return reading.breached_at.has_value() ? reading.breached_at : reading.stands_since;
    case Outcome::kNotMeasured:
    case Outcome::kPending:
      return std::nullopt;
  }
  return std::nullopt;
}

void Compliance::Add(const Reading& reading) {
  const Outcome outcome = OutcomeOf(reading);
  if (outcome == Outcome::kInTime) ++in_time_;
  if (outcome == Outcome::kLate) ++late_;
}

std::optional<double> Compliance::share() const {
  const int64_t decided = in_time_ + late_;
  if (decided == 0) return std::nullopt;
  return static_cast<double>(in_time_) / static_cast<double>(decided);
}

}  // namespace crm::ticket::sla
