#include "services/customer/customer_metrics.h"

#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/metrics/definition.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {
namespace {

using metrics::Definition;
using metrics::Type;

constexpr std::array kMetrics = {
    Definition{
        "crm_customers", Type::kGauge, "tier,stage",
        "Customers by tier and stage, counted every five minutes; the same on every replica."},
    Definition{"crm_customers_incomplete", Type::kGauge, "",
               "Customers that lack a field required on creation, counted like crm_customers."},
};

constexpr absl::Duration kCountTimeout = absl::Minutes(1);

// Unknown is stored as NULL.
constexpr db::Query kCountCustomers{"count_customers", R"sql(
  SELECT COALESCE(tier, 0), COALESCE(stage, 0), COUNT(*), CAST(SUM(incomplete) AS SIGNED)
  FROM customer
  GROUP BY tier, stage)sql"};

std::string LabelOf(const std::string& name, const char* prefix) {
  const std::string value = absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
  return value == "unspecified" ? "unknown" : value;
}

}  // namespace

CustomerMetrics::CustomerMetrics(prometheus::Registry& registry, db::Pool& pool)
    : pool_(pool), incomplete_(&metrics::GaugeFamily(registry, kMetrics[1]).Add({})) {
  auto& customers = metrics::GaugeFamily(registry, kMetrics[0]);
  for (int tier = v1::Tier_MIN; tier <= v1::Tier_MAX; ++tier) {
    for (int stage = v1::Stage_MIN; stage <= v1::Stage_MAX; ++stage) {
      customers_[{tier, stage}] = &customers.Add(
          {{"tier", LabelOf(v1::Tier_Name(static_cast<v1::Tier>(tier)), "TIER_")},
           {"stage", LabelOf(v1::Stage_Name(static_cast<v1::Stage>(stage)), "STAGE_")}});
    }
  }
}

absl::Status CustomerMetrics::Count() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(absl::Now() + kCountTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db->Select(kCountCustomers, {}));
  std::map<TierAndStage, int64_t> counts;
  int64_t incomplete = 0;
  while (rows.Next()) {
    counts[{static_cast<int>(rows.Int(0)), static_cast<int>(rows.Int(1))}] += rows.Int(2);
    incomplete += rows.Int(3);
  }
  for (const auto& [tier_and_stage, gauge] : customers_) {
    gauge->Set(static_cast<double>(counts[tier_and_stage]));
  }
  incomplete_->Set(static_cast<double>(incomplete));
  return absl::OkStatus();
}

job::JobBody CustomerMetrics::Job() {
  return [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Count());
    return absl::InfiniteFuture();
  };
}

job::JobOptions CustomerMetrics::JobOptions() {
  return {.name = "count-customers", .interval = absl::Minutes(5)};
}

}  // namespace crm::customer
