// The imports of older systems' records that there are: commands whose rows go to an RPC that takes
// many at once and answers each with what became of it.
//
// The request has `rows` with a `line`, `request_id` and `validate_only`; the response `outcomes`
// with `line`, a `state` that ends in IMPORTED, EXISTS or REFUSED, and `problems` of `field`,
// `rule` and `mend`.
#ifndef CRM_TOOLS_CRMCTL_HISTORY_KINDS_H_
#define CRM_TOOLS_CRMCTL_HISTORY_KINDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/crmctl/history_rows.h"

namespace crm::cli {

// A field of the request that the command line sets.
struct HistoryOption {
  std::string flag;
  std::string field;
  std::string_view zh;
  std::string_view en;
};

struct HistoryKind {
  std::string_view command;  // "ticket import"
  std::string_view zh;
  std::string_view en;
  std::string_view method;
  HistoryRowKind rows;
  std::vector<HistoryOption> options = {};
};

const std::vector<HistoryKind>& HistoryKinds();
// Of a command that exists.
const HistoryKind& KindOf(std::string_view command);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_HISTORY_KINDS_H_
