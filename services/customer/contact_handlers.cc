#include "services/customer/contact_handlers.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/list_query.h"
#include "common/record/history_page.h"
#include "common/record/table.h"
#include "common/resource/update.h"
#include "services/customer/contact_rules.h"
#include "services/customer/identity_conflict.h"
#include "services/customer/reach.h"
#include "services/customer/unreachable.h"

namespace crm::customer {
namespace {

absl::Status RefusePerson(const v1::Customer& customer) {
  if (customer.kind() != v1::CUSTOMER_KIND_PERSON) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "CUSTOMER_NOT_ORGANIZATION",
               "only organizations have contacts")
      .Resource(kCustomerType, customer.number())
      .Precondition("CUSTOMER_ORGANIZATION", customer.number(),
                    "use a customer that is an organization");
}

}  // namespace

void ContactHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateContactRequest, v1::Contact>("CreateContact",
                                                     bind(&ContactHandlers::Create));
  table.Unary<v1::GetContactRequest, v1::Contact>("GetContact", bind(&ContactHandlers::Get));
  table.Unary<v1::ListContactsRequest, v1::ListContactsResponse>("ListContacts",
                                                                 bind(&ContactHandlers::List));
  table.Unary<v1::UpdateContactRequest, v1::Contact>("UpdateContact",
                                                     bind(&ContactHandlers::Update));
  table.Unary<v1::ListContactHistoryRequest, v1::ListContactHistoryResponse>(
      "ListContactHistory", bind(&ContactHandlers::History));
  table.Unary<v1::SetContactReachStatusRequest, v1::Contact>(
      "SetContactReachStatus", bind(&ContactHandlers::SetReachStatus));
  table.Unary<v1::DeleteContactRequest, google::protobuf::Empty>("DeleteContact",
                                                                 bind(&ContactHandlers::Delete));
}

absl::Status ContactHandlers::Check(CallContext& call, v1::Contact& contact,
                                    const v1::Contact* before) const {
  std::vector<schema::Violation> violations = NormalizeContact(
      contact, before, archive_.rules()->policy(), archive_.lists, archive_.DayOf(call.now()));
  for (schema::Violation& violation : violations) {
    violation.field = absl::StrCat("contact.", violation.field);
  }
  return schema::ViolationsToStatus(violations, call.language());
}

absl::StatusOr<std::optional<StoredContact>> ContactHandlers::PrimaryBefore(
    db::Connection& db, const v1::Contact& contact, int64_t customer_id) const {
  if (!contact.is_primary()) return std::nullopt;
  return archive_.contacts.PrimaryOf(db, customer_id);
}

absl::StatusOr<v1::Contact> ContactHandlers::Create(CallContext& call,
                                                    const v1::CreateContactRequest& request) {
  v1::Contact contact = request.contact();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, contact.customer(), call.scope()));
  CRM_RETURN_IF_ERROR(RefusePerson(customer.message));
  CRM_RETURN_IF_ERROR(Check(call, contact, nullptr));
  // A taken mobile fails the commit; only then is it worth a read to say whose it is.
  if (call.attempt() > 0 || call.validate_only()) {
    CRM_RETURN_IF_ERROR(
        RefuseTaken(*db, archive_.identities, IdentitiesOf(contact), customer.key.id));
  }
  contact.set_owner(customer.message.owner());
  if (call.validate_only()) return contact;
  CRM_ASSIGN_OR_RETURN(const std::optional<StoredContact> primary,
                       PrimaryBefore(*db, contact, customer.key.id));
  CRM_ASSIGN_OR_RETURN(std::string number, numbers_.Next(call.now()));
  contact.set_number(std::move(number));
  StoredContact created = changes_.Create(call.writes(), customer.key.id, std::move(contact),
                                          primary, record::SourceOf(call));
  if (customer.message.unreachable() && HasReachable(created.message)) {
    v1::Customer reachable = customer.message;
    reachable.set_unreachable(false);
    archive_.changes.Change(call.writes(), customer, std::move(reachable), *archive_.rules(),
                            record::SourceOf(call));
  }
  return std::move(created.message);
}

absl::StatusOr<v1::Contact> ContactHandlers::Get(CallContext& call,
                                                 const v1::GetContactRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(StoredContact contact,
                       archive_.contacts.Get(*db, request.contact(), call.scope()));
  return std::move(contact.message);
}

absl::StatusOr<v1::ListContactsResponse> ContactHandlers::List(
    CallContext& call, const v1::ListContactsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  filter::Fragment condition = ContactStore::ScopeOf(call.scope());
  if (!request.customer().empty()) {
    CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                         archive_.store.Get(*db, request.customer(), call.scope()));
    condition.And({"contact.customer_id = ?", {customer.key.id}});
  }
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       filter::ListQuery::Make({.schema = archive_.contacts.table().schema(),
                                                .from = ContactStore::kFrom,
                                                .columns = archive_.contacts.columns(),
                                                .column_count = archive_.contacts.column_count(),
                                                .condition = std::move(condition),
                                                .scope = {.kind = auth::RowScope::Kind::kAll}},
                                               {.page_size = request.page_size(),
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = request.order_by()},
                                               {.keyring = &archive_.keyring,
                                                .now = call.now(),
                                                .zone = archive_.zone,
                                                .language = call.language(),
                                                .alias = ContactStore::kAlias,
                                                .plain_kinds = call.plain_kinds()}));
  v1::ListContactsResponse response;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "contact_list", [&](const db::Rows& row) {
                         StoredContact contact;
                         CRM_RETURN_IF_ERROR(archive_.contacts.Read(row, contact));
                         *response.add_contacts() = std::move(contact.message);
                         return absl::OkStatus();
                       }));
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

absl::StatusOr<v1::Contact> ContactHandlers::Update(CallContext& call,
                                                    const v1::UpdateContactRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredContact before,
                       archive_.contacts.Get(*db, request.contact().number(), call.scope()));
  v1::Contact after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.contact(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.contact().etag(), "contact.etag", written));
  CRM_RETURN_IF_ERROR(Check(call, after, &before.message));
  if (call.attempt() > 0 || call.validate_only()) {
    CRM_RETURN_IF_ERROR(
        RefuseTaken(*db, archive_.identities, IdentitiesOf(after), before.customer_id));
  }
  CRM_ASSIGN_OR_RETURN(const std::optional<StoredContact> primary,
                       PrimaryBefore(*db, after, before.customer_id));
  if (call.validate_only()) return after;
  if (AffectsReach({&before, &after})) {
    CRM_RETURN_IF_ERROR(UpdateUnreachable(call, before, &after));
  }
  return changes_.Change(call.writes(), before, std::move(after), primary, record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::ListContactHistoryResponse> ContactHandlers::History(
    CallContext& call, const v1::ListContactHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredContact contact,
                       archive_.contacts.Get(*db, request.contact(), call.scope()));
  CRM_ASSIGN_OR_RETURN(
      record::HistoryPage page,
      record::ReadHistoryPage(*db, contact.key.id, request.page_token(), request.page_size(),
                              record::CreationOf(contact.message)));
  return std::move(page).As<v1::ListContactHistoryResponse>();
}

absl::StatusOr<v1::Contact> ContactHandlers::SetReachStatus(
    CallContext& call, const v1::SetContactReachStatusRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredContact before,
                       archive_.contacts.Get(*db, request.contact(), call.scope()));
  v1::Contact after = before.message;
  const bool is_phone = request.address() == v1::SetContactReachStatusRequest::ADDRESS_PHONE;
  CRM_RETURN_IF_ERROR(
      SetKnownReach(after, is_phone ? "phone" : "email", request.status(), record::SourceOf(call)));
  CRM_RETURN_IF_ERROR(UpdateUnreachable(call, before, &after));
  return changes_
      .Change(call.writes(), before, std::move(after), std::nullopt, record::SourceOf(call))
      .message;
}

absl::Status ContactHandlers::UpdateUnreachable(CallContext& call, const StoredContact& contact,
                                                const v1::Contact* after) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> customers,
                       archive_.store.GetByIds(*db, {contact.customer_id}, call.scope()));
  if (customers.empty()) return NotFound(kContactType, contact.message.number());
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredContact> contacts,
                       archive_.contacts.OfCustomer(*db, contact.customer_id));
  std::vector<ContactStep> steps = {{&contact, after}};
  for (const StoredContact& other : contacts) {
    if (other.key.id != contact.key.id) steps.push_back({&other, &other.message});
  }
  const StoredCustomer& before = customers.front();
  v1::Customer customer = before.message;
  FollowContacts(call.writes(), before, steps, customer);
  archive_.changes.Change(call.writes(), before, std::move(customer), *archive_.rules(),
                          record::SourceOf(call));
  return absl::OkStatus();
}

absl::StatusOr<google::protobuf::Empty> ContactHandlers::Delete(
    CallContext& call, const v1::DeleteContactRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredContact contact,
                       archive_.contacts.Get(*db, request.contact(), call.scope()));
  if (!request.etag().empty() && request.etag() != contact.message.etag()) {
    return Error(absl::StatusCode::kAborted, "ETAG_STALE",
                 "the contact was changed since it was read; read it again")
        .Meta("current_etag", contact.message.etag());
  }
  if (HasReachable(contact.message)) {
    CRM_RETURN_IF_ERROR(UpdateUnreachable(call, contact, nullptr));
  }
  changes_.Delete(call.writes(), contact, record::SourceOf(call));
  return google::protobuf::Empty();
}

}  // namespace crm::customer
