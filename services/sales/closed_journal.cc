#include "services/sales/closed_journal.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/time/civil_time.h"
#include "common/record/times.h"
#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"
#include "services/sales/closed_parts.h"
#include "services/sales/report_journal.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;

const db::InsertSpec& EntrySpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"closed_journal",
                          {"id", "part", "value", "owner", "team", "close_month", "source_channel",
                           "stage_kind", "closed", "amount", "cycles", "cycle_seconds"},
                          ""};
  return spec;
}

// The same with each part.
struct Facts {
  db::Values places;  // from owner to stage_kind
  int64_t amount = 0;
  // 1 if the time of the lead is known; from then to the closing.
  int cycles = 0;
  int64_t cycle_seconds = 0;

  friend bool operator==(const Facts&, const Facts&) = default;
};

// Of a closed one.
Facts FactsOf(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  const absl::Time closed = record::TimeOf(opportunity.close_time());
  Facts facts{
      .places = {opportunity.owner(), opportunity.team(), MonthOf(absl::ToCivilDay(closed, zone)),
                 opportunity.source_channel(), opportunity.stage_kind()},
      .amount = CentsOf(opportunity.base_amount())};
  if (!opportunity.has_lead_time()) return facts;
  facts.cycles = 1;
  facts.cycle_seconds = absl::ToInt64Seconds(closed - record::TimeOf(opportunity.lead_time()));
  return facts;
}

// `times`: 1 to count it, -1 to take it out.
db::Values EntryOf(int64_t id, const std::pair<ClosedPart, std::string>& part, const Facts& facts,
                   int times) {
  db::Values row{id, part.first, part.second};
  row.insert(row.end(), facts.places.begin(), facts.places.end());
  row.emplace_back(times);
  row.emplace_back(text::FormatDecimal(times * facts.amount, kMoneyScale));
  row.emplace_back(times * facts.cycles);
  row.emplace_back(times * facts.cycle_seconds);
  return row;
}

}  // namespace

void JournalClosed(db::WriteSet& writes, const v1::Opportunity* before,
                   const v1::Opportunity& after, IdGenerator& ids, absl::TimeZone zone) {
  using Parts = std::set<std::pair<ClosedPart, std::string>>;
  const Parts old_parts = before == nullptr ? Parts() : ClosedPartsOf(*before);
  const Parts new_parts = ClosedPartsOf(after);
  const Facts old_facts = old_parts.empty() ? Facts() : FactsOf(*before, zone);
  const Facts new_facts = new_parts.empty() ? Facts() : FactsOf(after, zone);
  const bool same = old_facts == new_facts;
  for (const auto& part : old_parts) {
    if (same && new_parts.contains(part)) continue;
    writes.Insert(EntrySpec(), EntryOf(ids.Next(), part, old_facts, -1));
  }
  for (const auto& part : new_parts) {
    if (same && old_parts.contains(part)) continue;
    writes.Insert(EntrySpec(), EntryOf(ids.Next(), part, new_facts, 1));
  }
}

}  // namespace crm::sales
