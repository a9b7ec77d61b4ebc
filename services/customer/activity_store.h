// Reads what belongs to a customer: a table with `customer_id` as its first extra column, joined
// with the customer for its number and owner. Scope is the customer's. Thread-safe.
//
//   const ActivityStore<v1::Interaction> interactions(
//       keyring, {"interaction_read", "interaction_list"}, {"customer_id"});
//   CRM_ASSIGN_OR_RETURN(auto stored, interactions.Find(db, {"record.number = ?", {number}},
//   scope));
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_STORE_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_STORE_H_

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/db/connection.h"
#include "common/filter/fragment.h"
#include "common/filter/list_query.h"
#include "common/filter/scope.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

template <typename Message>
struct StoredRecord {
  resource::RowKey key;
  int64_t customer_id = 0;
  std::string extra;  // of the second extra column, if there is one
  Message message;
};

// A page of a list, as the answers have it.
template <typename Message>
struct RecordPage {
  std::vector<Message> records;
  std::string next_page_token;
  std::optional<int64_t> total;
};

// Names of the statements; literals.
struct RecordQueryNames {
  std::string_view read;
  std::string_view list;
};

template <typename Message>
class ActivityStore {
 public:
  using Stored = StoredRecord<Message>;

  ActivityStore(crypto::Keyring& keyring, RecordQueryNames names,
                std::vector<std::string> extra_columns)
      : table_(schema::MessageSchema::Of<Message>(), keyring, std::move(extra_columns)),
        columns_(absl::StrCat(table_.Columns("record"), ", customer.number, customer.owner")),
        column_count_(static_cast<int>(std::count(columns_.begin(), columns_.end(), ',')) + 1),
        from_(absl::StrCat(ToAbsl(table_.name()),
                           " AS record JOIN customer ON customer.id = record.customer_id")),
        names_(names) {}

  const resource::ResourceTable& table() const { return table_; }

  // Rows in the caller's scope that fulfil a condition on `record`.
  absl::StatusOr<std::vector<Stored>> Find(db::Connection& db, filter::Fragment condition,
                                           const auth::RowScope& scope) const {
    condition.And(ScopeOf(scope));
    const std::string sql =
        absl::StrCat("SELECT ", columns_, " FROM ", from_, " WHERE ", condition.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({names_.read, sql}, condition.values));
    std::vector<Stored> found;
    found.reserve(rows.size());
    while (rows.Next()) CRM_RETURN_IF_ERROR(Read(rows, found.emplace_back()));
    return found;
  }

  // By internal key, whoever's they are: for callers that have them from rows they made.
  absl::StatusOr<std::vector<Stored>> FindByIds(db::Connection& db,
                                                absl::Span<const int64_t> ids) const {
    std::vector<Stored> all;
    for (size_t start = 0; start < ids.size(); start += db::kMaxInSize) {
      const auto part = ids.subspan(start, db::kMaxInSize);
      CRM_ASSIGN_OR_RETURN(std::vector<Stored> found,
                           Find(db, filter::In("record.id", db::Values(part.begin(), part.end())),
                                {.kind = auth::RowScope::Kind::kAll, .user_id = {}, .teams = {}}));
      std::move(found.begin(), found.end(), std::back_inserter(all));
    }
    return all;
  }

  // The one row whose column has this value, if it is in scope.
  absl::StatusOr<std::optional<Stored>> FindOne(db::Connection& db, filter::Fragment condition,
                                                const auth::RowScope& scope) const {
    CRM_ASSIGN_OR_RETURN(std::vector<Stored> found, Find(db, std::move(condition), scope));
    if (found.empty()) return std::optional<Stored>();
    return std::optional<Stored>(std::move(found.front()));
  }

  // The records of one customer, or of all in scope, newest first unless asked otherwise.
  template <typename Request>
  absl::StatusOr<RecordPage<Message>> List(db::Connection& db, const Request& request,
                                           const auth::RowScope& scope,
                                           filter::CompileOptions options) const {
    options.alias = "record";
    filter::Fragment condition = ScopeOf(scope);
    if (!request.customer().empty()) {
      condition.And({"customer.number = ?", {db::Value(request.customer())}});
    }
    CRM_ASSIGN_OR_RETURN(
        const filter::ListQuery query,
        filter::ListQuery::Make(
            {.schema = table_.schema(),
             .from = from_,
             .columns = columns_,
             .column_count = column_count_,
             .condition = std::move(condition),
             .scope = {.kind = auth::RowScope::Kind::kAll, .user_id = {}, .teams = {}}},
            {.page_size = request.page_size(),
             .page_token = request.page_token(),
             .filter = request.filter(),
             .order_by = request.order_by().empty() ? "time desc" : request.order_by()},
            options));
    RecordPage<Message> page;
    CRM_ASSIGN_OR_RETURN(filter::ListPage end, query.Run(db, names_.list, [&](const db::Rows& row) {
      Stored stored;
      CRM_RETURN_IF_ERROR(Read(row, stored));
      page.records.push_back(std::move(stored.message));
      return absl::OkStatus();
    }));
    page.next_page_token = std::move(end.next_page_token);
    if (request.count_total()) {
      CRM_ASSIGN_OR_RETURN(page.total, query.Count(db, names_.list));
    }
    return page;
  }

 private:
  static filter::Fragment ScopeOf(const auth::RowScope& scope) {
    return filter::ScopeCondition(schema::MessageSchema::Of<v1::Customer>(), scope, "customer");
  }

  absl::Status Read(const db::Rows& row, Stored& stored) const {
    CRM_RETURN_IF_ERROR(table_.Read(row, stored.key, stored.message));
    stored.customer_id = row.Int(2);
    if (table_.first_field_column() > 3) stored.extra = row.String(3);
    stored.message.set_customer(row.String(column_count_ - 2));
    stored.message.set_owner(row.String(column_count_ - 1));
    return absl::OkStatus();
  }

  const resource::ResourceTable table_;
  const std::string columns_;
  const int column_count_;
  const std::string from_;
  const RecordQueryNames names_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_STORE_H_
