#include "services/sales/target_store.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"
#include "common/text/decimal.h"
#include "services/sales/report_sums.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;

int64_t Scaled(const db::Rows& row, int column, int scale) {
  const auto value = text::ParseDecimal(row.String(column), scale);
  return value.ok() ? *value : 0;
}

std::string SelectFrom(const resource::ResourceTable& table) {
  return absl::StrCat("SELECT ", table.Columns(), " FROM ", ToAbsl(table.name()), " WHERE ");
}

}  // namespace

absl::StatusOr<std::optional<StoredTarget>> FindTarget(db::Connection& db,
                                                       const record::Table& table,
                                                       const v1::Target& target) {
  const std::string sql =
      absl::StrCat(SelectFrom(table.table()), "period = ? AND kind = ? AND subject = ?");
  CRM_ASSIGN_OR_RETURN(
      db::Rows rows,
      db.Select({"target_of_subject", sql}, {target.period(), target.kind(), target.subject()}));
  if (!rows.Next()) return std::optional<StoredTarget>();
  StoredTarget stored;
  CRM_RETURN_IF_ERROR(table.table().Read(rows, stored.key, stored.message));
  return std::optional<StoredTarget>(std::move(stored));
}

absl::StatusOr<std::vector<v1::Target>> ReadTargets(db::Connection& db, const record::Table& table,
                                                    const v1::GetAttainmentRequest& request,
                                                    const auth::RowScope& scope) {
  filter::Fragment where{"period = ?", {request.period()}};
  if (request.kind() != v1::TARGET_KIND_UNSPECIFIED) where.And({"kind = ?", {request.kind()}});
  if (!request.subject().empty()) where.And({"subject = ?", {request.subject()}});
  where.And(filter::ScopeCondition(table.table().schema(), scope));
  const std::string sql =
      absl::StrCat(SelectFrom(table.table()), where.sql, " ORDER BY kind DESC, subject");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"targets_of_period", sql}, where.values));
  std::vector<v1::Target> targets(rows.size());
  for (v1::Target& target : targets) {
    rows.Next();
    resource::RowKey key;
    CRM_RETURN_IF_ERROR(table.table().Read(rows, key, target));
  }
  return targets;
}

absl::StatusOr<std::vector<Prospect>> ReadProspects(db::Connection& db, const Months& months) {
  const auth::RowScope everybody{auth::RowScope::Kind::kAll, {}, {}};
  const filter::Fragment select =
      SelectSums({.table = ForecastSums(),
                  .by = {{"owner", "owner"}, {"team", "team"}},
                  .about = {.owner = "", .team = "", .scope = everybody, .each_owner = true},
                  .where = {"close_month BETWEEN ? AND ?", {months.first, months.last}}});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"prospects", select.sql}, select.values));
  std::vector<Prospect> prospects;
  while (rows.Next()) {
    prospects.push_back({.owner = rows.String(0),
                         .team = rows.String(1),
                         .expected = Scaled(rows, 3, kMoneyScale),
                         .weighted = Scaled(rows, 4, kWeightedScale),
                         .committed = Scaled(rows, 5, kMoneyScale),
                         .closed = Scaled(rows, 7, kMoneyScale)});
  }
  return prospects;
}

}  // namespace crm::sales
