// What became of the rows of an import: counted, and told at the end, with the first refused ones.
#ifndef CRM_TOOLS_CRMCTL_HISTORY_REPORT_H_
#define CRM_TOOLS_CRMCTL_HISTORY_REPORT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "tools/crmctl/records.h"
#include "tools/crmctl/session.h"

namespace crm::cli {

// In JSON and CSV each outcome is a record, as it comes; otherwise two tables.
class HistoryReport {
 public:
  // `session` outlives it.
  HistoryReport(Session& session, bool dry_run) : session_(session), dry_run_(dry_run) {}

  absl::Status Add(const google::protobuf::Message& outcome);
  absl::Status Print();

  int64_t refused() const { return refused_; }
  int64_t rows() const { return imported_ + existing_ + refused_; }

 private:
  struct Problem {
    int64_t line = 0;
    std::string field;
    std::string rule;
    std::string mend;
  };

  absl::Status AddRecord(const google::protobuf::Message& outcome);
  void AddProblems(const google::protobuf::Message& outcome);
  void PrintCounts(size_t width) const;
  void PrintProblems(size_t width);
  std::string Say(std::string_view zh, std::string_view en) const {
    return std::string(session_.Say(zh, en));
  }

  Session& session_;
  const bool dry_run_;
  std::unique_ptr<Records> records_;
  int64_t imported_ = 0;
  int64_t existing_ = 0;
  int64_t refused_ = 0;
  int64_t shown_ = 0;  // refused rows among the problems
  std::vector<Problem> problems_;
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_HISTORY_REPORT_H_
