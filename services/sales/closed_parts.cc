#include "services/sales/closed_parts.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "services/sales/amount_rules.h"

namespace crm::sales {
namespace {

// Amounts from which the next band begins, in CNY.
constexpr int64_t kBandBegins[] = {10'000, 100'000, 1'000'000};
constexpr int64_t kCents = 100;

// The band that ends before `kBandBegins[i]`.
std::string BandBefore(size_t i) {
  return i == 0 ? absl::StrCat("<", kBandBegins[0])
                : absl::StrCat(kBandBegins[i - 1], "-", kBandBegins[i]);
}

std::string LastBand() { return absl::StrCat(">=", kBandBegins[std::size(kBandBegins) - 1]); }

std::string BandOf(const std::string& amount) {
  if (amount.empty()) return "";
  for (size_t i = 0; i < std::size(kBandBegins); ++i) {
    if (CentsOf(amount) < kBandBegins[i] * kCents) return BandBefore(i);
  }
  return LastBand();
}

std::string BandInSql() {
  std::string band = "CASE WHEN base_amount IS NULL THEN ''";
  for (size_t i = 0; i < std::size(kBandBegins); ++i) {
    absl::StrAppend(&band, " WHEN base_amount < ", kBandBegins[i], " THEN '", BandBefore(i), "'");
  }
  return absl::StrCat(band, " ELSE '", LastBand(), "' END");
}

std::string ReasonOf(const v1::Opportunity& opportunity) {
  const int reason = opportunity.win_reason() != v1::WIN_REASON_UNSPECIFIED
                         ? static_cast<int>(opportunity.win_reason())
                         : static_cast<int>(opportunity.loss_reason());
  return reason == 0 ? "" : absl::StrCat(reason);
}

// `value` of ClosedRows, over the columns of their table.
std::string ValueInSql(ClosedPart part) {
  switch (part) {
    case ClosedPart::kReason:
      return "COALESCE(CAST(COALESCE(win_reason, loss_reason) AS CHAR), '')";
    case ClosedPart::kCompetitor:
      return "competitor";
    case ClosedPart::kProduct:
      return "COALESCE(main_product, '')";
    case ClosedPart::kAmountBand:
      return BandInSql();
    case ClosedPart::kOwner:
      return "COALESCE(owner, '')";
    case ClosedPart::kTeam:
      return "COALESCE(team, '')";
    case ClosedPart::kFurthestStage:
      return "CONCAT(pipeline, '/', furthest_stage)";
  }
  return "''";
}

std::string_view TableOf(ClosedPart part) {
  switch (part) {
    case ClosedPart::kCompetitor:
      return "closed_competitor";
    case ClosedPart::kFurthestStage:
      return "opportunity WHERE furthest_stage IS NOT NULL";
    default:
      return "opportunity";
  }
}

}  // namespace

bool IsClosed(const v1::Opportunity& opportunity) {
  return opportunity.stage_kind() != v1::STAGE_KIND_OPEN && opportunity.has_close_time();
}

std::set<std::string> CompetitorsOf(const v1::Opportunity& opportunity) {
  std::set<std::string> names;
  if (!IsClosed(opportunity)) return names;
  for (const v1::Competitor& competitor : opportunity.competitors()) {
    names.insert(competitor.name());
  }
  if (!opportunity.lost_to().empty() || names.empty()) names.insert(opportunity.lost_to());
  return names;
}

std::set<std::pair<ClosedPart, std::string>> ClosedPartsOf(const v1::Opportunity& opportunity) {
  if (!IsClosed(opportunity)) return {};
  std::set<std::pair<ClosedPart, std::string>> parts = {
      {ClosedPart::kReason, ReasonOf(opportunity)},
      {ClosedPart::kProduct, opportunity.main_product()},
      {ClosedPart::kAmountBand, BandOf(opportunity.base_amount())},
      {ClosedPart::kOwner, opportunity.owner()},
      {ClosedPart::kTeam, opportunity.team()}};
  for (const std::string& name : CompetitorsOf(opportunity)) {
    parts.emplace(ClosedPart::kCompetitor, name);
  }
  if (!opportunity.furthest_stage().empty()) {
    parts.emplace(ClosedPart::kFurthestStage,
                  absl::StrCat(opportunity.pipeline(), "/", opportunity.furthest_stage()));
  }
  return parts;
}

std::string ClosedRows(ClosedPart part) {
  return absl::StrCat("(SELECT ", ValueInSql(part), R"sql( AS value,
           COALESCE(owner, '') AS owner, COALESCE(team, '') AS team,
           COALESCE(source_channel, '') AS source_channel, stage_kind, close_time,
           1 AS closed, COALESCE(base_amount, 0) AS amount,
           CASE WHEN lead_time IS NULL THEN 0 ELSE 1 END AS cycles,
           COALESCE((close_time - lead_time) DIV 1000000, 0) AS cycle_seconds
    FROM )sql",
                      ToAbsl(TableOf(part)), ") AS closed_rows");
}

}  // namespace crm::sales
