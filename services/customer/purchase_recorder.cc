#include "services/customer/purchase_recorder.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/filter/fragment.h"
#include "common/resource/history.h"
#include "common/schema/mask.h"
#include "services/customer/product_mapper.h"
#include "services/customer/product_rules.h"
#include "services/customer/purchase_rules.h"
#include "services/customer/value_block.h"

namespace crm::customer {
namespace {

// Purpose of the keyed hash of an order's content, which holds an address.
constexpr char kContentPurpose[] = "purchase.content";

constexpr db::Query kPurchaseSpan{"purchase_span", R"sql(
  SELECT MIN(time), MAX(time)
  FROM purchase
  WHERE customer_id = ? AND cancel_time IS NULL AND id <> ?)sql"};

using Order = std::pair<std::string, std::string>;  // source system, order number

// An order that is there, from the archive or from this batch.
struct KnownOrder {
  int64_t customer_id = 0;
  std::string content_hash;
  v1::Purchase purchase;
};

absl::Status OrderDiffers(const v1::Purchase& purchase) {
  return Error(absl::StatusCode::kAlreadyExists, "ORDER_DIFFERS",
               "this order was recorded with another content; cancel or refund it instead")
      .Meta("source_system", purchase.source_system())
      .Meta("order_number", purchase.order_number());
}

}  // namespace

// The rows of one write set.
class PurchaseRecorder::Batch {
 public:
  Batch(ActivityArchive& activity, db::WriteSet& writes, const RecordContext& context)
      : activity_(activity),
        writes_(writes),
        context_(context),
        rules_(activity.rules()),
        customers_(activity.archive, context.scope),
        products_(activity.products) {}

  absl::StatusOr<std::vector<Outcome>> Run(db::Connection& db, std::vector<New> rows) && {
    std::vector<Outcome> outcomes(rows.size());
    std::vector<CustomerReference> references;
    for (size_t i = 0; i < rows.size(); ++i) {
      references.push_back(rows[i].Reference());
      outcomes[i].message = std::move(rows[i].message);
      v1::Purchase& purchase = outcomes[i].message;
      outcomes[i].status = NormalizePurchase(context_, activity_.archive.lists, purchase);
      for (const v1::PurchaseItem& item : purchase.items()) WantProduct(item);
    }
    CRM_RETURN_IF_ERROR(customers_.Load(db, references));
    CRM_RETURN_IF_ERROR(products_.Load(db));
    CRM_RETURN_IF_ERROR(LoadOrders(db, outcomes));
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].status.ok()) outcomes[i].status = Add(references[i], outcomes[i]);
    }
    CRM_RETURN_IF_ERROR(customers_.RaiseLevels(db, rules_, context_.source.time));
    customers_.Save(writes_, context_.source);
    return outcomes;
  }

 private:
  void WantProduct(const v1::PurchaseItem& item) {
    products_.Want(item.product_code());
    products_.Want(item.product_name());
  }

  absl::Status LoadOrders(db::Connection& db, const std::vector<Outcome>& outcomes) {
    std::map<std::string, std::vector<std::string>> by_system;
    for (const Outcome& outcome : outcomes) {
      if (!outcome.status.ok()) continue;
      by_system[outcome.message.source_system()].push_back(outcome.message.order_number());
    }
    for (const auto& [system, orders] : by_system) {
      for (size_t start = 0; start < orders.size(); start += db::kMaxInSize) {
        const absl::Span<const std::string> part =
            absl::MakeConstSpan(orders).subspan(start, db::kMaxInSize);
        CRM_RETURN_IF_ERROR(LoadOrders(db, system, part));
      }
    }
    return absl::OkStatus();
  }

  // An order in whatever scope: its number is taken.
  absl::Status LoadOrders(db::Connection& db, const std::string& system,
                          absl::Span<const std::string> orders) {
    filter::Fragment condition{"record.source_system = ?", {system}};
    condition.And(filter::In("record.order_number", db::Values(orders.begin(), orders.end())));
    CRM_ASSIGN_OR_RETURN(
        std::vector<Stored> found,
        activity_.purchases.Find(db, std::move(condition), ActivityArchive::Everything()));
    for (Stored& stored : found) {
      Order order{stored.message.source_system(), stored.message.order_number()};
      known_[std::move(order)] = {stored.customer_id, stored.extra, std::move(stored.message)};
    }
    return absl::OkStatus();
  }

  absl::Status Add(const CustomerReference& reference, Outcome& outcome) {
    v1::Purchase& purchase = outcome.message;
    CRM_ASSIGN_OR_RETURN(ActivityCustomers::Entry * customer,
                         customers_.Of(reference, context_.field_prefix + "customer"));
    const Order order{purchase.source_system(), purchase.order_number()};
    std::string hash = activity_.archive.keyring.LookupHash(kContentPurpose, ContentOf(purchase));
    if (const auto known = known_.find(order); known != known_.end()) {
      if (known->second.customer_id != customer->id() || known->second.content_hash != hash) {
        return OrderDiffers(purchase);
      }
      outcome.unchanged = true;
      purchase = known->second.purchase;
      return absl::OkStatus();
    }
    if (!context_.dry_run) {
      CRM_ASSIGN_OR_RETURN(std::string number,
                           activity_.purchase_numbers.Next(context_.source.time));
      purchase.set_number(std::move(number));
    }
    MapProducts(outcome);
    outcome.key = {activity_.archive.ids.Next(), 1};
    Insert(*customer, hash, outcome.key, purchase);
    known_[order] = {customer->id(), std::move(hash), purchase};
    return absl::OkStatus();
  }

  void Insert(ActivityCustomers::Entry& customer, const std::string& hash,
              const resource::RowKey& key, v1::Purchase& purchase) {
    purchase.set_customer(customer.after.number());
    purchase.set_owner(customer.after.owner());
    purchase.set_creator(context_.source.actor);
    purchase.set_entered_via(context_.source.via);
    SetTime(context_.source.time, *purchase.mutable_create_time());
    *purchase.mutable_update_time() = purchase.create_time();
    purchase.set_etag(resource::EtagOf(key.version));
    activity_.purchases.table().Insert(writes_, key, purchase, {customer.id(), hash});
    AddEvent(writes_, "purchase.recorded", purchase, key.version, {}, context_.source);
    rules_.NotePurchase(TimeOf(purchase.time()), FenOf(purchase.amount()), context_.source.time,
                        customer.after);
    customer.contacts.push_back(TimeOf(purchase.time()));
  }

  // A product's code is one that exists, or absent.
  void MapProducts(Outcome& outcome) {
    for (int i = 0; i < outcome.message.items_size(); ++i) {
      v1::PurchaseItem& item = *outcome.message.mutable_items(i);
      const bool by_code = !item.product_code().empty();
      const std::string given = by_code ? item.product_code() : item.product_name();
      std::string code = products_.CodeOf(given);
      if (code.empty() && by_code) code = products_.CodeOf(item.product_name());
      if (code.empty()) {
        activity_.products.NoteUnmapped(writes_, given,
                                        context_.unmapped_source.empty()
                                            ? outcome.message.source_system()
                                            : context_.unmapped_source,
                                        context_.source.time);
        outcome.unknown_products.push_back(given);
        if (item.product_name().empty()) item.set_product_name(given);
      } else if (code != given) {
        v1::Cleaning& cleaning = outcome.cleanings.emplace_back();
        cleaning.set_field(
            absl::StrCat("items[", i, by_code ? "].product_code" : "].product_name"));
        cleaning.set_rule(kProductNameMapped);
      }
      item.set_product_code(std::move(code));
    }
  }

  ActivityArchive& activity_;
  db::WriteSet& writes_;
  const RecordContext& context_;
  const ActivityRules rules_;
  ActivityCustomers customers_;
  ProductMapper products_;
  std::map<Order, KnownOrder> known_;
};

absl::StatusOr<std::vector<PurchaseRecorder::Outcome>> PurchaseRecorder::Record(
    db::Connection& db, db::WriteSet& writes, std::vector<New> rows,
    const RecordContext& context) const {
  return Batch(activity_, writes, context).Run(db, std::move(rows));
}

absl::StatusOr<v1::Purchase> PurchaseRecorder::Cancel(db::Connection& db, db::WriteSet& writes,
                                                      const Stored& before,
                                                      const std::string& reason,
                                                      const RecordContext& context) const {
  v1::Purchase after = before.message;
  if (!CancelPurchase(context.source.time, reason, after)) return after;
  // The customer first: a purchase that comes meanwhile changes it, and this commit fails.
  ActivityCustomers customers(activity_.archive, context.scope);
  CRM_RETURN_IF_ERROR(customers.LoadById(db, before.customer_id));
  ActivityCustomers::Entry* customer = customers.OfId(before.customer_id);
  if (customer == nullptr) return NotFound(kPurchaseType, after.number());
  CRM_ASSIGN_OR_RETURN(const std::optional<PurchaseSpan> rest,
                       SpanWithout(db, before.customer_id, before.key.id));
  activity_.rules().NoteCancellation(AmountLeft(before.message), rest, customer->after);
  customers.Save(writes, context.source);
  return Write(writes, "purchase.cancelled", before, std::move(after), context.source);
}

absl::StatusOr<v1::Purchase> PurchaseRecorder::Refund(db::Connection& db, db::WriteSet& writes,
                                                      const Stored& before,
                                                      const v1::Refund& refund,
                                                      const RecordContext& context) const {
  v1::Purchase after = before.message;
  CRM_ASSIGN_OR_RETURN(const bool added, AddRefund(context, refund, after));
  if (!added) return after;
  ActivityCustomers customers(activity_.archive, context.scope);
  CRM_RETURN_IF_ERROR(customers.LoadById(db, before.customer_id));
  ActivityCustomers::Entry* customer = customers.OfId(before.customer_id);
  if (customer == nullptr) return NotFound(kPurchaseType, after.number());
  activity_.rules().NoteRefund(AmountLeft(before.message) - AmountLeft(after), customer->after);
  customers.Save(writes, context.source);
  return Write(writes, "purchase.refunded", before, std::move(after), context.source);
}

absl::StatusOr<std::optional<PurchaseSpan>> PurchaseRecorder::SpanWithout(db::Connection& db,
                                                                          int64_t customer_id,
                                                                          int64_t purchase_id) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kPurchaseSpan, {customer_id, purchase_id}));
  if (!rows.Next() || rows.IsNull(0)) return std::optional<PurchaseSpan>();
  return std::optional<PurchaseSpan>({rows.Time(0), rows.Time(1)});
}

v1::Purchase PurchaseRecorder::Write(db::WriteSet& writes, std::string_view event,
                                     const Stored& before, v1::Purchase after,
                                     resource::ChangeSource source) const {
  const resource::ResourceTable& table = activity_.purchases.table();
  const crm::types::v1::ChangeList changes = table.Diff(before.message, after);
  source.time = std::max(source.time, TimeOf(before.message.update_time()) + absl::Microseconds(1));
  SetTime(source.time, *after.mutable_update_time());
  const resource::RowKey key{before.key.id, before.key.version + 1};
  after.set_etag(resource::EtagOf(key.version));
  table.Update(writes, before.key, before.message, after);
  resource::AddHistory(writes, kPurchaseType, key, source, changes);
  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  AddEvent(writes, event, after, key.version, std::move(fields), source);
  return after;
}

void PurchaseRecorder::AddEvent(db::WriteSet& writes, std::string_view type,
                                const v1::Purchase& purchase, int64_t version,
                                std::vector<std::string> changed_fields,
                                const resource::ChangeSource& source) {
  v1::Purchase payload = purchase;
  schema::ClearSensitive(payload);
  writes.AddEvent(event::MakeEvent({.type = type,
                                    .subject = purchase.number(),
                                    .version = version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &payload,
                                    .changed_fields = std::move(changed_fields)}));
}

}  // namespace crm::customer
