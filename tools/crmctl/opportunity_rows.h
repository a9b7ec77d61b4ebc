// Rows of a spreadsheet → opportunities of an older system.
//
//   CRM_ASSIGN_OR_RETURN(OpportunityRows rows, OpportunityRows::Create(header, spec, rules));
//   absl::StatusOr<HistoricOpportunity> row = rows.Read(cells, line);
//
// A column is a field by its header, which is a field's name, label or alias, or by a mapping.
// Beside the fields of HistoricOpportunity there are `product`, `product_code`, `quantity`, `price`
// (of the one product of a row) and `entered.STAGE` (when it entered a stage). Dates come in any
// usual form, times are those of the rules' zone.
#ifndef CRM_TOOLS_CRMCTL_OPPORTUNITY_ROWS_H_
#define CRM_TOOLS_CRMCTL_OPPORTUNITY_ROWS_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table.h"
#include "crm/sales/v1/history.pb.h"
#include "tools/crmctl/field_input.h"

namespace crm::cli {

struct OpportunityFileSpec {
  // Header → field, `-` to leave the column out; a header may come more than once.
  std::vector<std::pair<std::string, std::string>> mapping;
  // Field and text → what the text means.
  std::map<std::pair<std::string, std::string>, std::string> values;
  // Field → value for rows without one.
  std::vector<std::pair<std::string, std::string>> defaults;
};

class OpportunityRows {
 public:
  // Usage errors: a field that does not exist, a mapped header that the file does not have.
  static absl::StatusOr<OpportunityRows> Create(const std::vector<std::string>& header,
                                                OpportunityFileSpec spec, InputRules rules);

  // INVALID_ARGUMENT, metadata `field`: a cell that cannot be read.
  absl::StatusOr<sales::v1::HistoricOpportunity> Read(const tabular::Row& cells) const;

  // Columns that are no field.
  const std::vector<std::string>& ignored() const { return ignored_; }

 private:
  struct Target {
    size_t column;
    std::string field;
  };

  OpportunityRows(OpportunityFileSpec spec, InputRules rules)
      : spec_(std::move(spec)), rules_(rules) {}

  absl::Status Set(const std::string& field, std::string_view cell,
                   sales::v1::HistoricOpportunity& row) const;

  const OpportunityFileSpec spec_;
  const InputRules rules_;
  std::vector<Target> targets_;
  std::vector<std::string> ignored_;
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_OPPORTUNITY_ROWS_H_
