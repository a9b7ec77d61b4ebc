#include "services/customer/tag_handlers.h"

#include <set>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::customer {
namespace {

constexpr int kMaxTags = 100;

constexpr db::Query kTagsOfCustomer{"customer_tags", R"sql(
  SELECT tag, set_by, by_rule
  FROM customer_tag
  WHERE customer_id = ?
  ORDER BY tag)sql"};

constexpr db::Query kRemoveTag{"customer_tag_remove", R"sql(
  DELETE FROM customer_tag
  WHERE customer_id = ? AND tag = ?)sql"};

const db::InsertSpec& TagSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "customer_tag", {"customer_id", "tag", "set_by", "by_rule", "create_time"}, ""};
  return spec;
}

}  // namespace

void TagHandlers::Register(server::MethodTable& table) {
  const auto change = [this](Operation operation) {
    return [this, operation](server::CallContext& call,
                             const v1::ChangeCustomerTagsRequest& request) {
      return Change(call, request, operation);
    };
  };
  table.Unary<v1::ChangeCustomerTagsRequest, v1::Customer>("AddCustomerTags",
                                                           change(Operation::kAdd));
  table.Unary<v1::ChangeCustomerTagsRequest, v1::Customer>("RemoveCustomerTags",
                                                           change(Operation::kRemove));
  table.Unary<v1::ListCustomerTagsRequest, v1::ListCustomerTagsResponse>(
      "ListCustomerTags",
      [this](server::CallContext& call, const v1::ListCustomerTagsRequest& request) {
        return List(call, request);
      });
}

absl::StatusOr<v1::Customer> TagHandlers::Change(server::CallContext& call,
                                                 const v1::ChangeCustomerTagsRequest& request,
                                                 Operation operation) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  std::set<std::string> tags(before.message.tags().begin(), before.message.tags().end());
  for (const std::string& tag : request.tags()) {
    if (operation == Operation::kAdd && tags.insert(tag).second) {
      call.writes().Insert(TagSpec(), {before.key.id, tag, call.caller().id, false, call.now()});
    } else if (operation == Operation::kRemove && tags.erase(tag) > 0) {
      call.writes().Execute(kRemoveTag, {before.key.id, tag});
    }
  }
  if (tags.size() > kMaxTags) {
    return InvalidField("tags", "TOO_MANY_ITEMS", "a customer has at most 100 tags");
  }
  v1::Customer after = before.message;
  after.mutable_tags()->Assign(tags.begin(), tags.end());
  return archive_.changes
      .Change(call.writes(), before, std::move(after), *archive_.rules(),
              {call.now(), call.caller().id, "api"})
      .message;
}

absl::StatusOr<v1::ListCustomerTagsResponse> TagHandlers::List(
    server::CallContext& call, const v1::ListCustomerTagsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db->Select(kTagsOfCustomer, {customer.key.id}));
  v1::ListCustomerTagsResponse response;
  while (rows.Next()) {
    v1::CustomerTag& tag = *response.add_tags();
    tag.set_tag(rows.String(0));
    tag.set_set_by(rows.String(1));
    tag.set_by_rule(rows.Int(2) != 0);
  }
  return response;
}

}  // namespace crm::customer
