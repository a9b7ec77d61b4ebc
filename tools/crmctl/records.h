// Prints messages in the chosen output: a table, JSON (one object a line) or CSV.
//
//   CRM_ASSIGN_OR_RETURN(Records records, Records::Create(session, schema, {"number", "tier"}));
//   for (const Customer& customer : page.customers()) CRM_RETURN_IF_ERROR(records.Add(customer));
//   CRM_RETURN_IF_ERROR(records.Flush());     // after each page; the widths stay
//
// JSON has every field of a message under its proto name, whatever the columns; table and CSV have
// the columns, with labels and values in the language of the session.
#ifndef CRM_TOOLS_CRMCTL_RECORDS_H_
#define CRM_TOOLS_CRMCTL_RECORDS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table_writer.h"
#include "google/protobuf/message.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/table.h"

namespace crm::cli {

class Records {
 public:
  // `columns`: paths or labels; none = every field. `subject`: see TextRules. Errors: a column that
  // is no field, as a usage error.
  static absl::StatusOr<Records> Create(Session& session, const schema::MessageSchema& schema,
                                        const std::vector<std::string>& columns,
                                        const schema::MessageSchema* subject = nullptr);

  absl::Status Add(const google::protobuf::Message& message);
  // Until then rows may be held back.
  absl::Status Flush();
  size_t count() const { return count_; }

 private:
  Records(Session& session, TextRules rules) : session_(&session), rules_(rules) {}

  absl::Status AddColumn(const schema::MessageSchema& schema, const std::string& path);
  absl::Status Open();
  absl::Status OpenCsv();
  std::string CellText(const FieldAt& at) const;
  std::vector<std::string> Cells(const google::protobuf::Message& message) const;

  Session* session_;
  TextRules rules_;
  std::vector<std::string> paths_;
  std::vector<Column> columns_;
  std::optional<Table> table_;
  std::unique_ptr<tabular::TableWriter> csv_;
  size_t count_ = 0;
};

// One message: its fields under each other, or JSON, or a CSV of one row.
absl::Status PrintMessage(Session& session, const google::protobuf::Message& message);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_RECORDS_H_
