// Keeps the sums of frequent problems (TIC-12): what a ticket adds to them is taken back and added
// anew when it changes.
#ifndef CRM_SERVICES_TICKET_PROBLEM_COUNTER_H_
#define CRM_SERVICES_TICKET_PROBLEM_COUNTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "services/ticket/problem_counts.h"
#include "services/ticket/term_rules.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

// Under which a word is stored, and what its text is encrypted for.
std::string TermHash(crypto::Keyring& keyring, std::string_view term);
std::string TermAad(std::string_view hash);

// What the sums have of a ticket, but for its words.
struct CountedProblem {
  std::optional<int64_t> created_month;  // nothing: it counts nowhere
  std::optional<int64_t> done_month;
  int64_t seconds = 0;
  std::optional<int64_t> rated_month;
  int64_t satisfaction = 0;
  std::string team;
  int64_t type = 0;
  std::string category;
  int64_t root_cause = 0;

  bool operator==(const CountedProblem&) const = default;
};

// What the database has of a ticket.
struct StoredProblem {
  int64_t revision = 0;  // 0: nothing
  CountedProblem counted;
  std::set<std::string> terms;  // hashes
};

// What a write adds to the sums: of several tickets at once, which mostly have the same.
class ProblemAddition {
 public:
  // `terms`: hashes. `sign`: 1, or -1 to take it back.
  void Add(const CountedProblem& counted, const std::set<std::string>& terms, int64_t sign);
  void Write(db::WriteSet& writes) const;

 private:
  struct Sum {
    int64_t created = 0;
    int64_t done = 0;
    int64_t seconds = 0;
    int64_t rated = 0;
    int64_t satisfaction = 0;

    bool operator==(const Sum&) const = default;
  };
  // Month, kind, name, team, type.
  using Key = std::tuple<int64_t, ProblemKind, std::string, std::string, int64_t>;

  void AddName(const CountedProblem& counted, ProblemKind kind, const std::string& name,
               int64_t sign);

  std::map<Key, Sum> sums_;
};

struct TicketToCount {
  const StoredTicket* ticket;
  const TicketEvents* events;  // all of them
};

// Used by one thread at a time.
class ProblemCounter {
 public:
  // Outlives it.
  ProblemCounter(crypto::Keyring& keyring, absl::TimeZone zone) : keyring_(keyring), zone_(zone) {}

  // Nothing if the sums have the tickets as they are. The addition belongs into the same commit.
  // Whoever else counts one meanwhile fails that with WRITE_CONFLICT, or DUPLICATE_KEY the first
  // time. Few statements, however many tickets.
  absl::Status Count(db::Connection& db, absl::Span<const TicketToCount> tickets,
                     db::WriteSet& writes, ProblemAddition& addition) const;

 private:
  using Terms = std::set<std::string>;                     // hashes
  using TextsByTerm = std::map<std::string, std::string>;  // by hash

  TextsByTerm TermsOf(const v1::Ticket& ticket) const;
  // Adds the words that the ticket did not have to `fresh`.
  void CountOne(const TicketToCount& each, const StoredProblem& before, db::WriteSet& writes,
                ProblemAddition& addition, TextsByTerm& fresh) const;
  // Those that the database does not know.
  absl::Status AddTerms(db::Connection& db, TextsByTerm fresh, db::WriteSet& writes) const;

  crypto::Keyring& keyring_;
  const absl::TimeZone zone_;
  const TermFinder finder_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PROBLEM_COUNTER_H_
