// What frequent problems are told by (TIC-12).
#ifndef CRM_SERVICES_TICKET_PROBLEM_COUNTS_H_
#define CRM_SERVICES_TICKET_PROBLEM_COUNTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/civil_time.h"

namespace crm::ticket {

// What a ticket can have. As stored.
enum class ProblemKind : uint8_t {
  kCategory = 1,
  kRootCause = 2,  // of a complaint; the number of the value
  kTerm = 3,       // its hash
};

// Tickets that have the same.
struct ProblemCounts {
  int64_t created = 0;         // in the month
  int64_t created_before = 0;  // in the one before
  int64_t done = 0;
  int64_t seconds = 0;  // sum
  int64_t rated = 0;
  int64_t satisfaction = 0;  // sum

  void Add(const ProblemCounts& other) {
    created += other.created;
    created_before += other.created_before;
    done += other.done;
    seconds += other.seconds;
    rated += other.rated;
    satisfaction += other.satisfaction;
  }
};
// By category, number or hash; tickets without one by the empty one, or 0.
using ProblemsByName = std::map<std::string, ProblemCounts>;

// As stored: 2026-03 → 24314.
inline int64_t MonthNumber(absl::CivilMonth month) { return month.year() * 12 + month.month() - 1; }

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PROBLEM_COUNTS_H_
