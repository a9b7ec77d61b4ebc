#include "services/customer/won_opportunities.h"

#include <stop_token>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/metrics/definition.h"
#include "common/schema/validate.h"
#include "crm/sales/v1/opportunity_service.pb.h"

namespace crm::customer {
namespace {

namespace sales = crm::sales::v1;
using crm::event::v1::Event;

constexpr char kSales[] = "sales";
constexpr char kListOpportunities[] = "/crm.sales.v1.OpportunityService/ListOpportunities";
constexpr char kBaseCurrency[] = "CNY";
constexpr absl::Duration kRetryEvery = absl::Minutes(1);
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kTerm = absl::Minutes(2);
constexpr int kPage = 200;
constexpr char kUnreadable[] = "PAYLOAD_UNREADABLE";

constexpr metrics::Definition kUnrecorded{
    "crm_won_opportunities_unrecorded", metrics::Type::kGauge, "",
    "Won opportunities whose purchase could not be recorded, counted every minute; the same on "
    "every replica."};

constexpr db::Query kSelectKept{"won_opportunities_kept", R"sql(
  SELECT number, opportunity
  FROM won_opportunity
  WHERE number > ?
  ORDER BY number
  LIMIT ?)sql"};

constexpr db::Query kCountKept{"won_opportunities_count", R"sql(
  SELECT COUNT(*)
  FROM won_opportunity)sql"};

constexpr db::Query kForget{"won_opportunity_forget", R"sql(
  DELETE FROM won_opportunity
  WHERE number = ?)sql"};

const db::InsertSpec& KeptSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"won_opportunity",
                          {"number", "opportunity", "reason", "first_time"},
                          "ON DUPLICATE KEY UPDATE reason = VALUES(reason)"};
  return spec;
}

// What an older system won is in the history of its orders (sales.v1.HistoryService).
bool IsOurs(const sales::Opportunity& opportunity) { return !opportunity.closed_before_import(); }

// Nothing of it was decided, and the same may go well in a moment: all the events wait.
bool MayPass(const absl::Status& status) {
  return !absl::IsNotFound(status) && !absl::IsInvalidArgument(status) &&
         !absl::IsAlreadyExists(status) && !absl::IsFailedPrecondition(status);
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
      activity_(activity),
      recorder_(activity),
      unrecorded_(metrics::GaugeFamily(runtime.metrics(), kUnrecorded).Add({})),
      events_(runtime.peers(), kSales),
      reader_({.source = kSales,
               .types = {"opportunity.won"},
               .holder = runtime.holder(),
               .rebuild = [this](const event::GoOn& go_on) { return Rebuild(go_on); },
               .rebuild_first = true},
              runtime.pool(), runtime.clock(), events_,
              event::MakeOutboxHook(runtime.ids(), runtime.clock()),
              [this](absl::Span<const Event* const> events, db::Connection& db,
                     db::WriteSet& writes) { return Apply(events, db, writes); }),
      retry_lease_({.name = "record-won-opportunities", .holder = runtime.holder(), .term = kTerm},
                   runtime.clock()) {}

void WonOpportunities::Open() {
  if (runtime_.options().peers.count(kSales) == 0) return;
  runtime_.jobs().Add(reader_.DefaultJobOptions(), reader_.Job());
  runtime_.AddReader(kSales, reader_);
  runtime_.jobs().Add({.name = "record-won-opportunities", .interval = kRetryEvery},
                      [this](const std::stop_token&) { return RetryAndCount(); });
}

absl::Status WonOpportunities::Apply(absl::Span<const Event* const> events, db::Connection& db,
                                     db::WriteSet& writes) {
  std::vector<Opportunity> won;
  for (const Event* event : events) {
    Opportunity opportunity;
    if (event->payload().UnpackTo(&opportunity)) {
      won.push_back(std::move(opportunity));
    } else {
      Keep({event->subject(), event->payload().value(), kUnreadable}, From::kEvents, writes);
    }
  }
  return Record(won, From::kEvents, db, writes);
}

absl::Status WonOpportunities::Record(const std::vector<Opportunity>& won, From from,
                                      db::Connection& db, db::WriteSet& writes) {
  const absl::Time now = runtime_.clock().Now();
  std::vector<PurchaseRecorder::New> rows;
  std::vector<const Opportunity*> recordable;
  for (const Opportunity& opportunity : won) {
    v1::Purchase purchase = PurchaseOf(opportunity);
    const auto violations = schema::NormalizeResource(purchase, now);
    if (violations.empty()) {
      rows.push_back({std::move(purchase), {}});
      recordable.push_back(&opportunity);
    } else {
      const auto status = schema::ViolationsToStatus(violations, schema::Language::kEnglish);
      Keep({opportunity.number(), opportunity.SerializeAsString(), ErrorReason(status)}, from,
           writes);
    }
  }
  if (rows.empty()) return absl::OkStatus();
  const RecordContext context{.source = {now, kSales, kSales},
                              .scope = ActivityArchive::Everything()};
  CRM_ASSIGN_OR_RETURN(const auto outcomes, recorder_.Record(db, writes, std::move(rows), context));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].status.ok()) {
      if (MayPass(outcomes[i].status)) return outcomes[i].status;
      const Opportunity& opportunity = *recordable[i];
      Keep({opportunity.number(), opportunity.SerializeAsString(), ErrorReason(outcomes[i].status)},
           from, writes);
    } else if (from == From::kTable) {
      writes.Execute(kForget, {recordable[i]->number()});
    }
  }
  return absl::OkStatus();
}

void WonOpportunities::Keep(const Kept& kept, From from, db::WriteSet& writes) {
  writes.Insert(KeptSpec(), {kept.number, kept.opportunity, kept.reason, runtime_.clock().Now()});
  if (from == From::kTable) return;  // was told before
  runtime_.log().Write(log::Level::kWarning, "the purchase of a won opportunity waits",
                       {{"opportunity", kept.number}, {"reason", kept.reason}});
}

absl::StatusOr<absl::Time> WonOpportunities::RetryAndCount() {
  CRM_ASSIGN_OR_RETURN(const bool ours, HoldRetryLease());
  const absl::StatusOr<bool> has_more = ours ? RetryPage() : false;
  CRM_RETURN_IF_ERROR(Count());
  CRM_RETURN_IF_ERROR(has_more.status());
  return *has_more ? runtime_.clock().Now() : absl::InfiniteFuture();
}

absl::StatusOr<bool> WonOpportunities::HoldRetryLease() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  return retry_lease_.Acquire(*db);
}

absl::StatusOr<bool> WonOpportunities::RetryPage() {
  const absl::Time deadline = absl::Now() + kTimeout;
  std::vector<db::WriteSet> changes;
  std::string last;  // empty: the end
  absl::Status failure;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(deadline));
    CRM_ASSIGN_OR_RETURN(db::Rows kept, db->Select(kSelectKept, {after_, kPage}));
    const bool is_full = kept.size() == kPage;
    while (kept.Next()) {
      if (is_full) last = kept.String(0);
      Opportunity opportunity;
      const bool readable = opportunity.ParseFromString(kept.String(1));
      if (!readable || opportunity.number() != kept.String(0)) continue;
      db::WriteSet writes;
      const absl::Status status = Record({opportunity}, From::kTable, *db, writes);
      if (status.ok()) {
        changes.push_back(std::move(writes));
      } else {
        failure = status;  // it has its turn again; the others are not held up
      }
    }
  }
  CRM_ASSIGN_OR_RETURN(const db::Committed committed,
                       db::CommitEach(runtime_.committer(), std::move(changes), deadline));
  // Two of one customer: the second is made again from what the first left.
  const bool once_more = committed.conflicts > 0 && committed.changed > 0;
  if (!once_more) after_ = last;
  CRM_RETURN_IF_ERROR(failure);
  return once_more || !after_.empty();
}

absl::Status WonOpportunities::Count() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows count, db->Select(kCountKept, {}));
  if (count.Next()) unrecorded_.Set(static_cast<double>(count.Int(0)));
  return absl::OkStatus();
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
  CRM_RETURN_IF_ERROR(Record(won, From::kEvents, *db, writes));
  return runtime_.committer().Commit(std::move(writes), absl::Now() + kTimeout);
}

}  // namespace crm::customer
