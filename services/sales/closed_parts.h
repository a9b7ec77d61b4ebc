// What closed opportunities are told apart by in reports (SAL-15, SAL-16). Each part has sums of
// its own; it is said twice here, of an opportunity and of the rows that stand for it in the
// database.
#ifndef CRM_SERVICES_SALES_CLOSED_PARTS_H_
#define CRM_SERVICES_SALES_CLOSED_PARTS_H_

#include <set>
#include <string>
#include <utility>

#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

// Stored.
enum class ClosedPart {
  kReason = 1,      // number of the WinReason or LossReason
  kCompetitor = 2,  // each that took part
  kProduct = 3,     // main product
  kAmountBand = 4,  // `<10000` …
  kOwner = 5,
  kTeam = 6,
  kFurthestStage = 7,  // `default/negotiation`: after the pipeline
};

bool IsClosed(const v1::Opportunity& opportunity);

// Those that took part in a closed one; an empty name if none is known. Nobody in an open one.
std::set<std::string> CompetitorsOf(const v1::Opportunity& opportunity);

// Each part with the values that a closed one counts with; empty = unknown. An open one counts with
// none, and no furthest stage is one that nothing is known of.
std::set<std::pair<ClosedPart, std::string>> ClosedPartsOf(const v1::Opportunity& opportunity);

// A subquery with a row for each value that a closed opportunity counts with: `value`, owner, team,
// source_channel, stage_kind, close_time and what ClosedSums() adds up. It is read from one index.
std::string ClosedRows(ClosedPart part);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_CLOSED_PARTS_H_
