// What reports count (TIC-11): something that happened to a ticket, as a figure that it adds to.
#ifndef CRM_SERVICES_TICKET_TALLY_H_
#define CRM_SERVICES_TICKET_TALLY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {

// As stored.
enum class Figure : uint8_t {
  kCreated = 1,
  kAnswered = 2,        // value: BucketOf the time until the first answer
  kResolved = 3,        // done and not reopened since; value: BucketOf the time that it was open
  kFirstContact = 4,    // the same, at the first contact
  kResolvedUntold = 5,  // the same; nobody knows whether at the first contact
  kReopened = 6,        // done, but reopened since
  kRated = 7,           // value: satisfaction, 1 to 5
  kInTime = 8,          // value: SlaClock
  kLate = 9,            // value: SlaClock
  kOpen = 10,           // at an instant; value: its creation, full seconds since 1970, rounded up
  kCompared = 11,       // value: change of satisfaction + kMostSatisfactionChange
};

// From 1 to 5 or back.
inline constexpr int64_t kMostSatisfactionChange = 4;

// What a ticket says that figures are told apart by, beside who has it.
struct TicketClass {
  v1::TicketType type = v1::TICKET_TYPE_UNSPECIFIED;
  v1::TicketPriority priority = v1::TICKET_PRIORITY_UNSPECIFIED;
  crm::customer::v1::Tier tier = crm::customer::v1::TIER_UNSPECIFIED;

  auto operator<=>(const TicketClass&) const = default;
};

// Who has a ticket; empty = nobody.
struct Holder {
  std::string team;
  std::string assignee;

  auto operator<=>(const Holder&) const = default;
};

// So many that count alike.
struct Tally {
  Figure figure = Figure::kCreated;
  int64_t value = 0;
  TicketClass of = {};
  int64_t count = 1;
  int64_t seconds = 0;  // sum of durations, each in full seconds

  bool operator==(const Tally&) const = default;
};

// Something that happened to a ticket, or is no longer counted as if it had: then the count is
// negative.
struct Happening {
  absl::Time time;
  Tally tally;
  Holder holder;
  // Of a ticket that was done: it was open from then to `time`.
  std::optional<absl::Time> since = {};
  absl::Time created = absl::UnixEpoch();

  bool operator==(const Happening&) const = default;
};

// Durations are told apart by full minutes; from two hours on by full tens of them, from two days
// on by full hours, from thirty days on by full days: few however many tickets there are. Numbered
// from 0.
int64_t BucketOf(absl::Duration duration);
// The shortest duration in it.
int64_t MinutesOf(int64_t bucket);

// That figure of a ticket that took so long.
Tally DurationTally(Figure figure, absl::Duration duration, const TicketClass& of);
// One open ticket.
Tally OpenTally(absl::Time created, const TicketClass& of, int64_t count = 1);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TALLY_H_
