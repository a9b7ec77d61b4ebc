#include "services/sales/opportunity_batch.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"

namespace crm::sales {
namespace {

constexpr db::Query kExpectVersion{"opportunity_expect_version", R"sql(
  UPDATE opportunity
  SET version = version
  WHERE id = ? AND version = ?)sql"};

}  // namespace

filter::Fragment InIds(std::string_view column, absl::Span<const int64_t> ids) {
  return filter::In(column, db::Values(ids.begin(), ids.end()));
}

filter::Fragment InNumbers(std::string_view column, absl::Span<const std::string> numbers) {
  return filter::In(column, db::Values(numbers.begin(), numbers.end()));
}

absl::StatusOr<std::map<int64_t, StoredOpportunity>> OpportunitiesById(
    db::Connection& db, const record::Table& table, absl::Span<const int64_t> ids) {
  std::map<int64_t, StoredOpportunity> found;
  if (ids.empty()) return found;
  const filter::Fragment where = InIds("id", ids);
  const std::string sql =
      absl::StrCat("SELECT ", table.table().Columns(), " FROM opportunity WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"opportunities_by_id", sql}, where.values));
  while (rows.Next()) {
    StoredOpportunity opportunity;
    CRM_RETURN_IF_ERROR(table.table().Read(rows, opportunity.key, opportunity.message));
    found.emplace(opportunity.key.id, std::move(opportunity));
  }
  return found;
}

absl::StatusOr<std::map<std::string, v1::StageKind>> StageKindsOf(
    db::Connection& db, absl::Span<const std::string> numbers) {
  std::map<std::string, v1::StageKind> kinds;
  if (numbers.empty()) return kinds;
  const filter::Fragment where = InNumbers("number", numbers);
  const std::string sql =
      absl::StrCat("SELECT number, stage_kind FROM opportunity WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"opportunity_stage_kinds", sql}, where.values));
  while (rows.Next()) kinds.emplace(rows.String(0), static_cast<v1::StageKind>(rows.Int(1)));
  return kinds;
}

void ExpectUnchanged(db::WriteSet& writes, const resource::RowKey& key) {
  writes.Execute(kExpectVersion, {key.id, key.version}, db::Expect::kSomeRow);
}

}  // namespace crm::sales
