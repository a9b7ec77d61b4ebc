#include "services/sales/report_journal.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "common/record/times.h"
#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"
#include "services/sales/closed_journal.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kUnknownMonth = 0;

// The other columns of the table follow from these.
const db::InsertSpec& EntrySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{"report_journal",
                                                          {"id",
                                                           "owner",
                                                           "team",
                                                           "pipeline",
                                                           "stage",
                                                           "furthest_stage",
                                                           "source_channel",
                                                           "lead_month",
                                                           "close_month",
                                                           "amount",
                                                           "probability",
                                                           "stage_kind",
                                                           "in_contract",
                                                           "opportunities",
                                                           "leads",
                                                           "followed_up",
                                                           "follow_up_seconds",
                                                           "leave_month",
                                                           "days",
                                                           "seconds"},
                                                          ""};
  return spec;
}

// What an opportunity counts in.
struct Counted {
  db::Values places;  // from owner to close_month
  int64_t amount = 0;
  int probability = 0;
  v1::StageKind kind = v1::STAGE_KIND_UNSPECIFIED;
  bool in_contract = false;
  // 1 if it is known whether it was followed up, and if it was; from the lead to then.
  int lead = 0;
  int followed_up = 0;
  int64_t follow_up_seconds = 0;

  friend bool operator==(const Counted&, const Counted&) = default;
};

int MonthOfTime(const google::protobuf::Timestamp& time, absl::TimeZone zone) {
  return MonthOf(absl::ToCivilDay(record::TimeOf(time), zone));
}

int LeadMonth(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  return opportunity.has_lead_time() ? MonthOfTime(opportunity.lead_time(), zone) : kUnknownMonth;
}

int CloseMonth(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  if (opportunity.has_close_time()) return MonthOfTime(opportunity.close_time(), zone);
  absl::CivilDay day;
  if (!absl::ParseCivilTime(opportunity.expected_close_date(), &day)) return kUnknownMonth;
  return MonthOf(day);
}

// Of a won one whose stages are not known, that it was won; of any other, that it began.
const std::string& FurthestCounted(const v1::Opportunity& opportunity) {
  const bool known = !opportunity.furthest_stage().empty();
  const bool won = opportunity.stage_kind() == v1::STAGE_KIND_WON;
  return won && !known ? opportunity.stage() : opportunity.furthest_stage();
}

void CountFollowUp(const v1::Opportunity& opportunity, Counted& counted) {
  if (opportunity.follow_up_unknown() || !opportunity.has_lead_time()) return;
  counted.lead = 1;
  if (!opportunity.has_first_follow_up_time()) return;
  counted.followed_up = 1;
  counted.follow_up_seconds = absl::ToInt64Seconds(
      record::TimeOf(opportunity.first_follow_up_time()) - record::TimeOf(opportunity.lead_time()));
}

Counted CountedOf(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  Counted counted{
      .places = {opportunity.owner(), opportunity.team(), opportunity.pipeline(),
                 opportunity.stage(), FurthestCounted(opportunity), opportunity.source_channel(),
                 LeadMonth(opportunity, zone), CloseMonth(opportunity, zone)},
      .amount = CentsOf(opportunity.base_amount()),
      .probability = opportunity.probability(),
      .kind = opportunity.stage_kind(),
      .in_contract = opportunity.committed()};
  CountFollowUp(opportunity, counted);
  return counted;
}

// `times`: 1 to count it, -1 to take it out, 0 for its stay alone.
db::Values EntryOf(int64_t id, Counted counted, int times,
                   const std::optional<ReportJournal::EndedStay>& stay, absl::TimeZone zone) {
  db::Values row{id};
  for (db::Value& place : counted.places) row.push_back(std::move(place));
  row.emplace_back(text::FormatDecimal(times * counted.amount, kMoneyScale));
  row.emplace_back(counted.probability);
  row.emplace_back(counted.kind);
  row.emplace_back(counted.in_contract);
  row.emplace_back(times);
  row.emplace_back(times * counted.lead);
  row.emplace_back(times * counted.followed_up);
  row.emplace_back(times * counted.follow_up_seconds);
  if (stay.has_value()) {
    const absl::CivilDay left = absl::ToCivilDay(stay->leave, zone);
    row.emplace_back(MonthOf(left));
    row.emplace_back(left - absl::ToCivilDay(stay->enter, zone));
    row.emplace_back(absl::ToInt64Seconds(stay->leave - stay->enter));
  } else {
    row.insert(row.end(), {std::nullopt, std::nullopt, std::nullopt});
  }
  return row;
}

// A move ends the stay in the stage it leaves.
std::optional<ReportJournal::EndedStay> StayBetween(const v1::Opportunity& before,
                                                    const v1::Opportunity& after) {
  const bool was_open = before.stage_kind() == v1::STAGE_KIND_OPEN;
  if (!was_open || before.stage() == after.stage()) return std::nullopt;
  return ReportJournal::EndedStay{.stage = before.stage(),
                                  .enter = record::TimeOf(before.stage_enter_time()),
                                  .leave = record::TimeOf(after.stage_enter_time())};
}

}  // namespace

int MonthOf(absl::CivilDay day) { return static_cast<int>(day.year()) * 100 + day.month(); }

void ReportJournal::Add(db::WriteSet& writes, const v1::Opportunity* before,
                        const v1::Opportunity& after) const {
  JournalClosed(writes, before, after, ids_, zone_);
  Counted now = CountedOf(after, zone_);
  if (before != nullptr) {
    Counted until_now = CountedOf(*before, zone_);
    if (until_now == now) return;
    // The stay was in the places that are left.
    writes.Insert(EntrySpec(), EntryOf(ids_.Next(), std::move(until_now), -1,
                                       StayBetween(*before, after), zone_));
  }
  writes.Insert(EntrySpec(), EntryOf(ids_.Next(), std::move(now), 1, std::nullopt, zone_));
}

void ReportJournal::AddStay(db::WriteSet& writes, const v1::Opportunity& opportunity,
                            const EndedStay& stay) const {
  v1::Opportunity then = opportunity;
  then.set_stage(stay.stage);
  writes.Insert(EntrySpec(), EntryOf(ids_.Next(), CountedOf(then, zone_), 0, stay, zone_));
}

}  // namespace crm::sales
