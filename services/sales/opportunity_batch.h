// Opportunities that background work is about, many at once and whoever owns them.
#ifndef CRM_SERVICES_SALES_OPPORTUNITY_BATCH_H_
#define CRM_SERVICES_SALES_OPPORTUNITY_BATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "services/sales/sales.h"

namespace crm::sales {

// `column IN (…)`; at least one value, at most db::kMaxInSize.
filter::Fragment InIds(std::string_view column, absl::Span<const int64_t> ids);
filter::Fragment InNumbers(std::string_view column, absl::Span<const std::string> numbers);

// By id; those that exist.
absl::StatusOr<std::map<int64_t, StoredOpportunity>> OpportunitiesById(
    db::Connection& db, const record::Table& table, absl::Span<const int64_t> ids);

// Open, won or lost, by number; those that exist.
absl::StatusOr<std::map<std::string, v1::StageKind>> StageKindsOf(
    db::Connection& db, absl::Span<const std::string> numbers);

// Refuses the commit, with a conflict, if the opportunity has changed since it was read.
void ExpectUnchanged(db::WriteSet& writes, const resource::RowKey& key);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_OPPORTUNITY_BATCH_H_
