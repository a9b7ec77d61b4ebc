#include "services/sales/closed_competitors.h"

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/record/times.h"
#include "services/sales/closed_parts.h"

namespace crm::sales {
namespace {

constexpr db::Query kRemove{"closed_competitor_remove", R"sql(
  DELETE FROM closed_competitor
  WHERE opportunity_id = ? AND competitor = ?)sql"};

const db::InsertSpec& RowSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "closed_competitor",
      {"opportunity_id", "competitor", "stage_kind", "close_time", "owner", "team",
       "source_channel", "base_amount", "lead_time"},
      "ON DUPLICATE KEY UPDATE stage_kind = VALUES(stage_kind), close_time = VALUES(close_time),"
      " owner = VALUES(owner), team = VALUES(team), source_channel = VALUES(source_channel),"
      " base_amount = VALUES(base_amount), lead_time = VALUES(lead_time)"};
  return spec;
}

void AddOrNull(const std::string& text, db::Values& row) {
  if (text.empty()) {
    row.emplace_back(std::nullopt);
  } else {
    row.emplace_back(text);
  }
}

// What is the same in each row of an opportunity.
db::Values FactsOf(const v1::Opportunity& opportunity) {
  db::Values facts{opportunity.stage_kind(), record::TimeOf(opportunity.close_time())};
  AddOrNull(opportunity.owner(), facts);
  AddOrNull(opportunity.team(), facts);
  AddOrNull(opportunity.source_channel(), facts);
  AddOrNull(opportunity.base_amount(), facts);
  if (opportunity.has_lead_time()) {
    facts.emplace_back(record::TimeOf(opportunity.lead_time()));
  } else {
    facts.emplace_back(std::nullopt);
  }
  return facts;
}

}  // namespace

void KeepCompetitors(db::WriteSet& writes, const v1::Opportunity* before,
                     const record::Stored<v1::Opportunity>& after) {
  std::set<std::string> old_names;
  if (before != nullptr) old_names = CompetitorsOf(*before);
  const std::set<std::string> names = CompetitorsOf(after.message);
  if (old_names.empty() && names.empty()) return;
  for (const std::string& name : old_names) {
    if (!names.contains(name)) writes.Execute(kRemove, {after.key.id, name});
  }
  const db::Values facts = FactsOf(after.message);
  if (names == old_names && facts == FactsOf(*before)) return;
  for (const std::string& name : names) {
    db::Values row{after.key.id, name};
    row.insert(row.end(), facts.begin(), facts.end());
    writes.Insert(RowSpec(), std::move(row));
  }
}

}  // namespace crm::sales
