#include "services/customer/won_opportunities.h"

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/schema/validate.h"
#include "crm/sales/v1/opportunity_service.pb.h"

namespace crm::customer {
namespace {

namespace sales = crm::sales::v1;
using crm::event::v1::Event;

constexpr char kSales[] = "sales";
constexpr char kListOpportunities[] = "/crm.sales.v1.OpportunityService/ListOpportunities";
constexpr char kBaseCurrency[] = "CNY";
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr int kPage = 200;

constexpr metrics::Definition kUnrecorded{
    "crm_won_opportunities_unrecorded", metrics::Type::kGauge, "",
    "Won opportunities whose purchase could not be recorded, counted every minute; the same on "
    "every replica."};

// What an older system won is in the history of its orders (sales.v1.HistoryService).
bool IsOurs(const sales::Opportunity& opportunity) { return !opportunity.closed_before_import(); }

WaitingRecord WaitingOf(const sales::Opportunity& won) {
  return {won.number(), won.SerializeAsString()};
}

absl::Status Unreadable() {
  return Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_UNREADABLE",
               "this is no won opportunity");
}

}  // namespace

v1::Purchase PurchaseOf(const sales::Opportunity& won) {
  v1::Purchase purchase;
  purchase.set_source_system(kSales);
  purchase.set_order_number(won.number());
  purchase.set_customer(won.customer());
  purchase.set_amount(won.base_amount());
  *purchase.mutable_time() = won.close_time();
  const bool in_base = won.currency().empty() || won.currency() == kBaseCurrency;
  for (const sales::OpportunityProduct& product : won.products()) {
    v1::PurchaseItem& item = *purchase.add_items();
    item.set_product_code(product.product_code());
    item.set_product_name(product.product_name());
    item.set_quantity(product.quantity());
    if (!in_base) continue;  // purchases are in CNY; the whole is at the opportunity's rate
    item.set_price(product.price());
    item.set_amount(product.amount());
  }
  return purchase;
}

WonOpportunities::WonOpportunities(runtime::ServiceRuntime& runtime, ActivityArchive& activity)
    : runtime_(runtime),
      recorder_(activity),
      waiting_(runtime,
               {.kind = "won_opportunity", .job = "record-won-opportunities", .count = kUnrecorded},
               [this](const WaitingRecord& waiting, db::Connection& db, db::WriteSet& writes) {
                 return RecordWaiting(waiting, db, writes);
               }),
      events_(runtime.peers(), kSales),
      reader_({.source = kSales,
               .types = {"opportunity.won"},
               .holder = runtime.holder(),
               .rebuild = [this](const event::GoOn& go_on) { return Rebuild(go_on); },
               .rebuild_first = true},
              runtime.pool(), runtime.clock(), events_,
              event::MakeOutboxHook(runtime.ids(), runtime.clock()),
              [this](absl::Span<const Event* const> events, db::Connection& db,
                     db::WriteSet& writes) { return Apply(events, db, writes); }) {}

void WonOpportunities::Open() {
  if (runtime_.options().peers.count(kSales) == 0) return;
  runtime_.jobs().Add(reader_.DefaultJobOptions(), reader_.Job());
  runtime_.AddReader(kSales, reader_);
  waiting_.Open();
}

absl::Status WonOpportunities::Apply(absl::Span<const Event* const> events, db::Connection& db,
                                     db::WriteSet& writes) {
  std::vector<Opportunity> won;
  for (const Event* event : events) {
    Opportunity opportunity;
    if (event->payload().UnpackTo(&opportunity)) {
      won.push_back(std::move(opportunity));
    } else {
      waiting_.Keep(writes, {event->subject(), event->payload().value()}, Unreadable());
    }
  }
  return RecordOrKeep(won, db, writes);
}

absl::Status WonOpportunities::RecordOrKeep(const std::vector<Opportunity>& won, db::Connection& db,
                                            db::WriteSet& writes) {
  CRM_ASSIGN_OR_RETURN(const std::vector<absl::Status> outcomes, Record(won, db, writes));
  for (size_t i = 0; i < won.size(); ++i) {
    if (outcomes[i].ok()) continue;
    if (MayPass(outcomes[i])) return outcomes[i];
    waiting_.Keep(writes, WaitingOf(won[i]), outcomes[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<absl::Status>> WonOpportunities::Record(
    const std::vector<Opportunity>& won, db::Connection& db, db::WriteSet& writes) {
  const absl::Time now = runtime_.clock().Now();
  std::vector<absl::Status> outcomes(won.size());
  std::vector<PurchaseRecorder::New> rows;
  std::vector<size_t> sources;  // of the rows
  for (size_t i = 0; i < won.size(); ++i) {
    v1::Purchase purchase = PurchaseOf(won[i]);
    const auto violations = schema::NormalizeResource(purchase, now);
    outcomes[i] = schema::ViolationsToStatus(violations, schema::Language::kEnglish);
    if (!violations.empty()) continue;
    rows.push_back({std::move(purchase), {}});
    sources.push_back(i);
  }
  if (rows.empty()) return outcomes;
  const RecordContext context{.source = {now, kSales, kSales},
                              .scope = ActivityArchive::Everything()};
  CRM_ASSIGN_OR_RETURN(auto recorded, recorder_.Record(db, writes, std::move(rows), context));
  for (size_t i = 0; i < recorded.size(); ++i) outcomes[sources[i]] = std::move(recorded[i].status);
  return outcomes;
}

absl::Status WonOpportunities::RecordWaiting(const WaitingRecord& waiting, db::Connection& db,
                                             db::WriteSet& writes) {
  Opportunity won;
  const bool is_readable = won.ParseFromString(waiting.payload);
  if (!is_readable || won.number() != waiting.number) return Unreadable();
  CRM_ASSIGN_OR_RETURN(std::vector<absl::Status> outcomes, Record({won}, db, writes));
  return std::move(outcomes.front());
}

absl::StatusOr<int64_t> WonOpportunities::Rebuild(const event::GoOn& go_on) {
  CRM_ASSIGN_OR_RETURN(const int64_t position, events_.NewestPosition());
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, runtime_.peers().Find(kSales));
  sales::ListOpportunitiesRequest request;
  request.set_page_size(kPage);
  request.set_filter("stage_kind = WON");
  do {
    CRM_ASSIGN_OR_RETURN(
        const sales::ListOpportunitiesResponse page,
        (channel->Call<sales::ListOpportunitiesRequest, sales::ListOpportunitiesResponse>(
            kListOpportunities, request, runtime_.peers().Options(kTimeout))));
    std::vector<Opportunity> won;
    for (const Opportunity& opportunity : page.opportunities()) {
      if (IsOurs(opportunity)) won.push_back(opportunity);
    }
    CRM_RETURN_IF_ERROR(RecordPage(won));
    CRM_RETURN_IF_ERROR(go_on());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return position;
}

absl::Status WonOpportunities::RecordPage(const std::vector<Opportunity>& won) {
  if (won.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  db::WriteSet writes;
  CRM_RETURN_IF_ERROR(RecordOrKeep(won, *db, writes));
  return runtime_.committer().Commit(std::move(writes), absl::Now() + kTimeout);
}

}  // namespace crm::customer
