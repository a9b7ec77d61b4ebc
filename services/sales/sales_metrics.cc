#include "services/sales/sales_metrics.h"

#include <array>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/metrics/definition.h"
#include "services/sales/report_sums.h"

namespace crm::sales {
namespace {

using metrics::Definition;
using metrics::Type;

constexpr std::array kMetrics = {
    Definition{
        "crm_opportunities", Type::kGauge, "pipeline,stage,kind",
        "Opportunities by pipeline and stage, open, won or lost by `kind`, whatever the stage "
        "is called; counted every minute, the same on every replica."},
    Definition{"crm_pipeline_amount_cny", Type::kGauge, "pipeline,stage,kind",
               "Amount of the opportunities in CNY, counted like crm_opportunities."},
};

constexpr absl::Duration kCountTimeout = absl::Minutes(1);

std::string_view KindLabel(v1::StageKind kind) {
  switch (kind) {
    case v1::STAGE_KIND_WON:
      return "won";
    case v1::STAGE_KIND_LOST:
      return "lost";
    default:
      return "open";
  }
}

// Pipeline, stage, kind, opportunities, amount.
filter::Fragment CountByStage() {
  const auth::RowScope everybody{auth::RowScope::Kind::kAll, {}, {}};
  return SelectSums({.table = FunnelSums(),
                     .by = {{"pipeline", "pipeline"}, {"stage", "stage"}, {"stage_kind", "kind"}},
                     .about = {.owner = "", .team = "", .scope = everybody}});
}

}  // namespace

SalesMetrics::SalesMetrics(prometheus::Registry& registry, db::Pool& pool,
                           PipelinesInForce pipelines)
    : pool_(pool),
      pipelines_(std::move(pipelines)),
      opportunities_(metrics::GaugeFamily(registry, kMetrics[0])),
      amount_(metrics::GaugeFamily(registry, kMetrics[1])) {}

SalesMetrics::Gauges& SalesMetrics::GaugesOf(const Place& place) {
  const auto found = gauges_.find(place);
  if (found != gauges_.end()) return found->second;
  const auto& [pipeline, stage, kind] = place;
  const prometheus::Labels labels{
      {"pipeline", pipeline}, {"stage", stage}, {"kind", std::string(KindLabel(kind))}};
  return gauges_.emplace(place, Gauges{&opportunities_.Add(labels), &amount_.Add(labels)})
      .first->second;
}

absl::Status SalesMetrics::Count() {
  const std::shared_ptr<const Pipelines> pipelines = pipelines_();
  for (const auto& [code, pipeline] : pipelines->all()) {
    for (const v1::Stage& stage : pipeline.message.stages()) {
      GaugesOf({code, stage.code(), stage.kind()});
    }
  }
  const filter::Fragment select = CountByStage();
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(absl::Now() + kCountTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db->Select({"count_opportunities", select.sql}, select.values));
  while (rows.Next()) {
    const Gauges& gauges =
        GaugesOf({rows.String(0), rows.String(1), static_cast<v1::StageKind>(rows.Int(2))});
    gauges.opportunities->Set(static_cast<double>(rows.Int(3)));
    gauges.amount->Set(rows.Double(4));
  }
  return absl::OkStatus();
}

job::JobBody SalesMetrics::Job() {
  return [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Count());
    return absl::InfiniteFuture();
  };
}

job::JobOptions SalesMetrics::JobOptions() {
  return {.name = "count-opportunities", .interval = absl::Minutes(1)};
}

}  // namespace crm::sales
