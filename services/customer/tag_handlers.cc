#include "services/customer/tag_handlers.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "services/customer/customer_answer.h"

namespace crm::customer {
namespace {

bool Contains(const v1::Customer& customer, const std::string& tag) {
  return std::find(customer.tags().begin(), customer.tags().end(), tag) != customer.tags().end();
}

absl::Status RefuseTooMany(const v1::Customer& customer) {
  if (customer.tags_size() <= kMaxTags) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "TOO_MANY_TAGS",
               "a customer has at most 100 tags")
      .Resource(kCustomerType, customer.number())
      .Precondition("TAGS_BOUNDED", customer.number(), "remove other tags first");
}

}  // namespace

std::vector<std::string> ResolveTags(const ManagedLists& lists,
                                     absl::Span<const std::string* const> tags) {
  std::vector<std::string> resolved;
  for (const std::string* text : tags) {
    std::string tag = NormalizeTag(*text);
    std::string term = lists.LabelOf("tag", tag);
    resolved.push_back(term.empty() ? std::move(tag) : std::move(term));
  }
  return resolved;
}

void TagHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  AnswerCustomer<v1::ChangeCustomerTagsRequest>(table, "AddCustomerTags", archive_,
                                                bind(&TagHandlers::Add));
  AnswerCustomer<v1::ChangeCustomerTagsRequest>(table, "RemoveCustomerTags", archive_,
                                                bind(&TagHandlers::Remove));
  table.Unary<v1::ListCustomerTagsRequest, v1::ListCustomerTagsResponse>("ListCustomerTags",
                                                                         bind(&TagHandlers::List));
}

absl::StatusOr<v1::Customer> TagHandlers::Add(server::CallContext& call,
                                              const v1::ChangeCustomerTagsRequest& request) {
  const std::vector<const std::string*> texts(request.tags().pointer_begin(),
                                              request.tags().pointer_end());
  const std::vector<std::string> tags = ResolveTags(archive_.lists, texts);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  StoredCustomer after =
      changes_.Add(call.writes(), before, tags, *archive_.rules(), record::SourceOf(call));
  CRM_RETURN_IF_ERROR(RefuseTooMany(after.message));

  // Of the tags that were there, those of rules become the caller's.
  const bool some_were_there = std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) {
    return Contains(before.message, tag);
  });
  if (some_were_there) {
    CRM_ASSIGN_OR_RETURN(const std::vector<v1::CustomerTag> set, ReadTags(*db, before.key.id));
    for (const v1::CustomerTag& tag : set) {
      if (tag.by_rule() && std::find(tags.begin(), tags.end(), tag.tag()) != tags.end()) {
        changes_.TakeOver(call.writes(), before.key.id, tag.tag(), record::SourceOf(call));
      }
    }
  }
  return std::move(after.message);
}

absl::StatusOr<v1::Customer> TagHandlers::Remove(server::CallContext& call,
                                                 const v1::ChangeCustomerTagsRequest& request) {
  const std::vector<const std::string*> texts(request.tags().pointer_begin(),
                                              request.tags().pointer_end());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  return changes_
      .Remove(call.writes(), before, ResolveTags(archive_.lists, texts), *archive_.rules(),
              record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::ListCustomerTagsResponse> TagHandlers::List(
    server::CallContext& call, const v1::ListCustomerTagsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  CRM_ASSIGN_OR_RETURN(std::vector<v1::CustomerTag> tags, ReadTags(*db, customer.key.id));
  v1::ListCustomerTagsResponse response;
  for (v1::CustomerTag& tag : tags) *response.add_tags() = std::move(tag);
  return response;
}

}  // namespace crm::customer
