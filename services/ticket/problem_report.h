// What tickets are about, a month at a time (TIC-12).
#ifndef CRM_SERVICES_TICKET_PROBLEM_REPORT_H_
#define CRM_SERVICES_TICKET_PROBLEM_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/problem_source.h"

namespace crm::ticket {

class ProblemReport {
 public:
  // Both outlive it.
  ProblemReport(db::Connection& db, crypto::Keyring& keyring, const ReportFilter& filter)
      : db_(db), keyring_(keyring), source_(db, filter) {}

  // At most `limit` categories and terms.
  absl::StatusOr<v1::ProblemMonth> Read(absl::CivilMonth month, size_t limit);

 private:
  // By the words themselves.
  absl::StatusOr<ProblemsByName> Terms(absl::CivilMonth month, size_t limit);
  absl::StatusOr<std::map<std::string, std::string>> Texts(
      const std::vector<std::string>& hashes) const;

  static std::vector<v1::FrequentProblem> Ranked(const ProblemsByName& problems, int64_t whole,
                                                 size_t limit);

  db::Connection& db_;
  crypto::Keyring& keyring_;
  ProblemSource source_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PROBLEM_REPORT_H_
