// The sums that reports read (SAL-12 to SAL-15): cells of three breadths, and what the
// journal has in it that is not in the cells yet.
//
//   const filter::Fragment select = SelectSums({.table = FunnelSums(),
//                                               .by = {{"stage", "stage"}},
//                                               .about = {request.owner(), request.team(), scope},
//                                               .where = {"pipeline = ?", {pipeline}}});
//
// The widest cells that can answer are read: everybody's, a team's, or those of owners. Cells and
// journal are one statement, hence one view of the database: an entry counts once, posted or not.
#ifndef CRM_SERVICES_SALES_REPORT_SUMS_H_
#define CRM_SERVICES_SALES_REPORT_SUMS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/row_scope.h"
#include "common/filter/fragment.h"

namespace crm::sales {

// Whom a cell sums up: the column `breadth`.
enum class Breadth {
  kAll = 0,
  kTeam = 1,
  kOwner = 2,  // in a team
};
inline constexpr Breadth kBreadths[] = {Breadth::kAll, Breadth::kTeam, Breadth::kOwner};

// A column that is added up, in the table and in the journal.
struct SumColumn {
  std::string_view name;
  int scale = 0;  // digits after the point; 0 = a whole number
};

struct SumTable {
  std::string_view name;
  // Has the same columns, but for `breadth`.
  std::string_view journal;
  // Owner and team first; `breadth` comes on top.
  std::vector<std::string_view> keys;
  std::vector<SumColumn> sums;
};

// In the order of their columns.
const SumTable& FunnelSums();    // opportunities, amount, weighted
const SumTable& ForecastSums();  // open_count … closed
const SumTable& DwellSums();     // stays, seconds
const SumTable& FollowUpSums();  // leads, followed_up, follow_up_seconds
const SumTable& ClosedSums();  // closed, amount, cycles, cycle_seconds; of one `part` (ClosedPart)

// Whose opportunities are asked about. Empty = anybody's.
struct About {
  const std::string& owner;
  const std::string& team;
  const auth::RowScope& scope;
  // What is told apart beside the filters.
  bool each_owner = false;
  bool each_team = false;
};

struct SumQuery {
  // What the sums are told apart by: an expression over the keys, and its name.
  struct Group {
    std::string_view expression;
    std::string_view name;
  };
  // A table or subquery with the owner, the team and what `by` and the sums are made of.
  struct Rows {
    std::string from;
    filter::Fragment where;
  };

  const SumTable& table;
  std::vector<Group> by;
  About about;
  // Of cells and entries.
  filter::Fragment where = {};
  // What counts beside them, row by row.
  std::optional<Rows> rows = {};
};

// Gives the groups, then the sums of the table in its order; no row for groups without cells.
filter::Fragment SelectSums(const SumQuery& query);
// The same of a table like the one of the query, without the journal. `from`: its name.
filter::Fragment SelectSumsOf(std::string_view from, const SumQuery& query);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_SUMS_H_
