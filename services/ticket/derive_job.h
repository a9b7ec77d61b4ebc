// Writes anew what is derived from tickets for reports and counts (TIC-11): of tickets from before
// `ticket_fact`, of all after a release that derives it otherwise, or when the business zone is
// another: months are of its days.
#ifndef CRM_SERVICES_TICKET_DERIVE_JOB_H_
#define CRM_SERVICES_TICKET_DERIVE_JOB_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/job/periodic.h"
#include "common/job/steps.h"
#include "services/ticket/desk.h"
#include "services/ticket/problem_counter.h"

namespace crm::ticket {

// Has all tickets looked at anew.
absl::Status DeriveAgain(db::Connection& db);
// Whether that has been done: until then rows of tickets may be missing.
absl::StatusOr<bool> IsDerived(db::Connection& db);

// On every replica; one of them works at a time, a few tickets after the other, and goes on where
// it or another one has stopped. What is as it should be is not written.
class DeriveJob {
 public:
  // Outlives it.
  explicit DeriveJob(Desk& desk) : desk_(desk), problems_(desk.host.keyring(), desk.host.zone()) {}

  static job::JobOptions Options();
  job::JobBody Body();

 private:
  // As stored.
  struct Position {
    int64_t form = 0;
    std::string zone = {};
    int64_t ticket_id = 0;
  };

  // Some tickets.
  absl::StatusOr<job::Progress> Step();
  absl::StatusOr<Position> ReadPosition(db::Connection& db) const;
  absl::Status MovePosition(const Position& from, const Position& to) const;
  std::string ZoneName() const;
  bool AtEnd(const Position& position) const;
  int64_t After(const Position& position) const;
  // One that cannot be read does not hold up the others: its error comes beside.
  absl::StatusOr<std::vector<db::WriteSet>> Derive(db::Connection& db,
                                                   const std::vector<int64_t>& tickets,
                                                   absl::Status& unreadable) const;
  absl::StatusOr<db::WriteSet> DeriveOne(db::Connection& db, int64_t id) const;

  Desk& desk_;
  const ProblemCounter problems_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_DERIVE_JOB_H_
