// Counts the problems and collects the words of tickets as they come, from the service's own events
// (TIC-12). Words are written under a keyed hash and encrypted: what tickets say never lies in the
// database as it is.
#ifndef CRM_SERVICES_TICKET_TERM_JOB_H_
#define CRM_SERVICES_TICKET_TERM_JOB_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/event/event_service.h"
#include "common/event/local_source.h"
#include "common/event/position_signal.h"
#include "common/event/reader.h"
#include "services/ticket/desk.h"
#include "services/ticket/problem_counter.h"

namespace crm::ticket {

// On every replica; one of them reads at a time.
class TermJob {
 public:
  // Outlives it.
  explicit TermJob(Desk& desk);

  job::JobBody Body() { return reader_.Job(); }
  job::JobOptions Options() const;
  const event::EventReader& reader() const { return reader_; }

 private:
  using Event = crm::event::v1::Event;

  absl::Status OnEvents(absl::Span<const Event* const> events, db::Connection& read,
                        db::WriteSet& out) const;
  absl::Status Count(const std::vector<std::string>& numbers, db::Connection& read,
                     db::WriteSet& out, ProblemAddition& addition) const;

  Desk& desk_;
  const ProblemCounter counter_;
  event::PositionSignal signal_;
  event::EventService events_;
  event::LocalSource source_;
  event::EventReader reader_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TERM_JOB_H_
