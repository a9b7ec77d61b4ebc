// Rows of a spreadsheet → records of an older system.
//
//   CRM_ASSIGN_OR_RETURN(HistoryRows rows, HistoryRows::Create(kind, header, spec, rules));
//   absl::Status read = rows.Read(cells, *request.add_rows());
//
// A column is a field by its header, which is a field's name, label or alias, or by a mapping.
// Dates come in any usual form, times are those of the rules' zone.
#ifndef CRM_TOOLS_CRMCTL_HISTORY_ROWS_H_
#define CRM_TOOLS_CRMCTL_HISTORY_ROWS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/schema/message_schema.h"
#include "common/tabular/table.h"
#include "google/protobuf/message.h"
#include "tools/crmctl/field_input.h"

namespace crm::cli {

// Columns `prefixKEY` that hold times: each makes an element of a list, with the key, oldest first.
struct TimeColumns {
  std::string prefix;
  std::string list;
  std::string key;   // field of an element
  std::string time;  // likewise
};

// What a row is, beside the fields of its message, which has a `line`.
struct HistoryRowKind {
  std::string message;  // full name
  // Headers of what lies deeper: `price` → `products.0.price`.
  std::map<std::string, std::string> paths = {};
  std::optional<TimeColumns> times = {};
};

struct HistoryFileSpec {
  // Header → field, `-` to leave the column out; a header may come more than once.
  std::vector<std::pair<std::string, std::string>> mapping;
  // Field and text → what the text means.
  std::map<std::pair<std::string, std::string>, std::string> values;
  // Field → value for rows without one.
  std::vector<std::pair<std::string, std::string>> defaults;
};

class HistoryRows {
 public:
  // Usage errors: a field that does not exist, a mapped header that the file does not have. `kind`
  // outlives it.
  static absl::StatusOr<HistoryRows> Create(const HistoryRowKind& kind,
                                            const std::vector<std::string>& header,
                                            HistoryFileSpec spec, InputRules rules);

  // Into an empty message. INVALID_ARGUMENT, metadata `field`: a cell that cannot be read.
  absl::Status Read(const tabular::Row& cells, google::protobuf::Message& row) const;

  // Columns that are no field.
  const std::vector<std::string>& ignored() const { return ignored_; }

 private:
  struct Target {
    size_t column;
    std::string field;
  };

  HistoryRows(const HistoryRowKind& kind, const schema::MessageSchema& schema, HistoryFileSpec spec,
              InputRules rules)
      : kind_(kind), schema_(schema), spec_(std::move(spec)), rules_(rules) {}

  absl::Status FindColumns(const std::vector<std::string>& header);
  // The field's own name; nothing if there is none of this name.
  std::optional<std::string> FieldNamed(const std::string& name) const;
  absl::Status UnknownField(const std::string& name) const;
  bool IsTime(const std::string& field) const;
  absl::Status Set(const std::string& field, std::string_view cell,
                   google::protobuf::Message& row) const;
  absl::Status AddTime(const std::string& field, const std::string& value,
                       google::protobuf::Message& row) const;
  void SortTimes(google::protobuf::Message& row) const;

  const HistoryRowKind& kind_;
  const schema::MessageSchema& schema_;
  HistoryFileSpec spec_;
  const InputRules rules_;
  std::vector<Target> targets_;
  std::vector<std::string> ignored_;
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_HISTORY_ROWS_H_
