// What tickets are about, a month at a time (TIC-12).
#ifndef CRM_SERVICES_TICKET_PROBLEM_REPORT_H_
#define CRM_SERVICES_TICKET_PROBLEM_REPORT_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/report_store.h"

namespace crm::ticket {

class ProblemReport {
 public:
  // Both outlive it.
  ProblemReport(db::Connection& db, crypto::Keyring& keyring, ReportFilter filter,
                absl::TimeZone zone)
      : db_(db), keyring_(keyring), filter_(std::move(filter)), zone_(zone) {}

  // At most `limit` categories and terms.
  absl::StatusOr<v1::ProblemMonth> Read(absl::CivilMonth month, size_t limit) const;

 private:
  struct Month {
    absl::Time before;
    absl::Time from;
    absl::Time to;
  };
  // What is known of one category, term or root cause.
  struct Counts {
    int64_t created = 0;
    int64_t created_before = 0;
    int64_t done = 0;
    absl::Duration duration;  // sum
    int64_t rated = 0;
    int64_t satisfaction = 0;  // sum
  };
  using Problems = std::map<std::string, Counts>;

  // By an expression over `ticket_fact f`, joined as `join` says.
  absl::StatusOr<Problems> Count(const Month& month, std::string_view name,
                                 const filter::Fragment& expression, const filter::Fragment& join,
                                 const filter::Fragment& condition) const;
  absl::StatusOr<std::vector<std::string>> TopTerms(const Month& month, size_t limit) const;
  // By the hashes of the terms.
  absl::StatusOr<Problems> CountTerms(const Month& month,
                                      const std::vector<std::string>& hashes) const;
  absl::StatusOr<std::map<std::string, std::string>> Texts(
      const std::vector<std::string>& hashes) const;

  static std::vector<v1::FrequentProblem> Ranked(const Problems& problems, int64_t whole,
                                                 size_t limit);

  db::Connection& db_;
  crypto::Keyring& keyring_;
  const ReportFilter filter_;
  const absl::TimeZone zone_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PROBLEM_REPORT_H_
