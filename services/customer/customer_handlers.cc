#include "services/customer/customer_handlers.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/filter/list_query.h"
#include "common/record/history_page.h"
#include "common/record/table.h"
#include "common/resource/history.h"
#include "common/resource/update.h"
#include "common/schema/validate.h"
#include "services/customer/customer_answer.h"
#include "services/customer/identity_conflict.h"
#include "services/customer/product_mapper.h"
#include "services/customer/reach.h"
#include "services/customer/reserved_numbers.h"
#include "services/customer/value_block.h"

namespace crm::customer {
namespace {

// Where unknown product names come from.
constexpr char kUnmappedSource[] = "customer";

std::string_view NameOf(v1::SetReachStatusRequest::Address address) {
  switch (address) {
    case v1::SetReachStatusRequest::ADDRESS_PHONE:
      return "phone";
    case v1::SetReachStatusRequest::ADDRESS_COMPANY_PHONE:
      return "company_phone";
    default:
      return "email";
  }
}

// Takes customers off a page that were gone when they were read.
void RemoveUnread(const std::deque<resource::RowKey>& keys,
                  google::protobuf::RepeatedPtrField<v1::Customer>& page) {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i].id == 0) page.DeleteSubrange(static_cast<int>(i), 1);
  }
}

// Owner and team that a call would change: they have a verb of their own (PLT-2), which takes a
// permission of its own.
std::vector<schema::Violation> OwnerChanges(const v1::UpdateCustomerRequest& request,
                                            const v1::Customer& before) {
  std::vector<schema::Violation> violations;
  const auto refuse = [&](std::string path) {
    violations.push_back({std::move(path), "FIELD_BY_VERB",
                          "give the customer to another owner by AssignCustomer",
                          "请通过 AssignCustomer 更换负责人"});
  };
  const v1::Customer& patch = request.customer();
  const auto& paths = request.update_mask().paths();
  if (paths.empty() && !patch.owner().empty() && patch.owner() != before.owner()) {
    refuse("customer.owner");
  }
  for (int i = 0; i < paths.size(); ++i) {
    const bool owner = paths[i] == "owner" && patch.owner() != before.owner();
    if (owner || paths[i] == "team") refuse(absl::StrCat("update_mask.paths[", i, "]"));
  }
  return violations;
}

std::string ReservationEvent(const server::CallContext& call,
                             const v1::ReserveCustomerNumbersResponse& reserved) {
  return event::MakeEvent({.type = "customer_numbers.reserved",
                           .subject = reserved.numbers(0),
                           .version = 1,
                           .time = call.now(),
                           .actor = call.caller().id,
                           .payload = &reserved});
}

}  // namespace

void CustomerHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  AnswerCustomer<v1::CreateCustomerRequest>(table, "CreateCustomer", archive_,
                                            bind(&CustomerHandlers::Create));
  table.Batch<v1::GetCustomerRequest, v1::Customer>(
      "GetCustomer",
      [this](db::Connection& db, absl::Span<server::BatchItem> calls) { Get(db, calls); });
  table.Unary<v1::BatchGetCustomersRequest, v1::BatchGetCustomersResponse>(
      "BatchGetCustomers", bind(&CustomerHandlers::BatchGet));
  AnswerCustomer<v1::UpdateCustomerRequest>(table, "UpdateCustomer", archive_,
                                            bind(&CustomerHandlers::Update));
  table.Unary<v1::ListCustomersRequest, v1::ListCustomersResponse>("ListCustomers",
                                                                   bind(&CustomerHandlers::List));
  table.Unary<v1::ListCustomerHistoryRequest, v1::ListCustomerHistoryResponse>(
      "ListCustomerHistory", bind(&CustomerHandlers::History));
  table.Unary<v1::ReserveCustomerNumbersRequest, v1::ReserveCustomerNumbersResponse>(
      "ReserveCustomerNumbers", bind(&CustomerHandlers::ReserveNumbers));
  AnswerCustomer<v1::SetOpeningBalanceRequest>(table, "SetOpeningBalance", archive_,
                                               bind(&CustomerHandlers::SetOpeningBalance));
  AnswerCustomer<v1::SetReachStatusRequest>(table, "SetReachStatus", archive_,
                                            bind(&CustomerHandlers::SetReachStatus));
  AnswerCustomer<v1::AssignCustomerRequest>(table, "AssignCustomer", archive_,
                                            bind(&CustomerHandlers::Assign));
}

absl::StatusOr<v1::Customer> CustomerHandlers::Create(CallContext& call,
                                                      const v1::CreateCustomerRequest& request) {
  const auto rules = archive_.rules();
  v1::Customer customer = request.customer();
  std::optional<schema::Violation> refused = owners_.Fill(owners_.GiverOf(call.caller()), customer);
  std::vector<schema::Violation> violations =
      rules->Normalize(customer, nullptr, archive_.DayOf(call.now()));
  if (refused.has_value()) violations.push_back(*std::move(refused));
  for (schema::Violation& missing : rules->RequireComplete(customer)) {
    violations.push_back(std::move(missing));
  }
  CRM_RETURN_IF_ERROR(record::RefuseIn("customer", std::move(violations), call.language()));
  rules->Initialize(customer);

  // A taken identity fails the commit; only then is it worth a read to say whose it is.
  if (call.attempt() > 0 || call.validate_only()) {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    CRM_RETURN_IF_ERROR(RefuseTaken(*db, archive_.identities, IdentitiesOf(customer), 0));
  }
  if (call.validate_only()) {
    if (!customer.number().empty()) CRM_RETURN_IF_ERROR(NumberFor(call, customer).status());
    return customer;
  }
  CRM_RETURN_IF_ERROR(MapProducts(call, nullptr, customer));
  CRM_ASSIGN_OR_RETURN(std::string number, NumberFor(call, customer));
  customer.set_number(std::move(number));
  StoredCustomer created =
      archive_.changes.Create(call.writes(), std::move(customer), *rules, record::SourceOf(call));
  CRM_RETURN_IF_ERROR(OpenDuplicates(call, nullptr, created));
  IndexAfterCommit(call, created);
  return std::move(created.message);
}

absl::StatusOr<std::string> CustomerHandlers::NumberFor(CallContext& call,
                                                        const v1::Customer& customer) {
  if (customer.number().empty()) return archive_.NextNumber(call.now(), customer.kind());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> waiting,
                       FindReservedNumbers(*db, {customer.number()}));
  if (waiting.empty()) return NumberRefused(*db, customer.number(), "customer.number");
  TakeReservedNumber(call.writes(), waiting.front());
  return waiting.front();
}

void CustomerHandlers::Get(db::Connection& db, absl::Span<server::BatchItem> calls) {
  // Calls with the same scope share one statement; most callers of a moment have the same.
  std::vector<server::BatchItem*> group;
  std::vector<server::BatchItem*> others;
  for (server::BatchItem& item : calls) others.push_back(&item);
  while (!others.empty()) {
    const auth::RowScope& scope = others.front()->call->scope();
    const auto end = std::stable_partition(
        others.begin(), others.end(),
        [&](const server::BatchItem* item) { return item->call->scope() == scope; });
    group.assign(others.begin(), end);
    others.erase(others.begin(), end);
    GetGroup(db, scope, group);
  }
}

void CustomerHandlers::GetGroup(db::Connection& db, const auth::RowScope& scope,
                                absl::Span<server::BatchItem* const> calls) {
  const auto number_of = [](const server::BatchItem* item) -> std::string_view {
    return static_cast<const v1::GetCustomerRequest*>(item->request)->customer();
  };
  // Rows are read into the answer of the first call that wants them.
  using Place = CustomerStore::Place;
  absl::flat_hash_map<std::string_view, Place> places;
  std::vector<std::string_view> numbers;
  for (server::BatchItem* item : calls) {
    const bool first =
        places.try_emplace(number_of(item), Place{static_cast<v1::Customer*>(item->response)})
            .second;
    if (first) numbers.push_back(number_of(item));
  }
  const absl::Status status =
      archive_.store.ReadMany(db, numbers, scope, [&](std::string_view number) -> Place* {
        const auto place = places.find(number);
        // A collation may take more for equal than we.
        return place == places.end() ? nullptr : &place->second;
      });
  for (server::BatchItem* item : calls) {
    const Place& place = places.at(number_of(item));
    if (!status.ok()) {
      item->status = status;
    } else if (!place.found()) {
      item->status = NotFound(kCustomerType, number_of(item));
    } else {
      auto& customer = static_cast<v1::Customer&>(*item->response);
      if (&customer != place.message) customer.CopyFrom(*place.message);
      archive_.CompleteAnswer(item->call->language(), customer);
    }
  }
}

absl::StatusOr<v1::BatchGetCustomersResponse> CustomerHandlers::BatchGet(
    CallContext& call, const v1::BatchGetCustomersRequest& request) {
  const std::vector<std::string> numbers(request.customers().begin(), request.customers().end());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> found,
                       archive_.store.GetMany(*db, numbers, call.scope()));
  absl::flat_hash_map<std::string_view, const v1::Customer*> by_number;
  for (const StoredCustomer& customer : found) {
    by_number[customer.message.number()] = &customer.message;
  }
  v1::BatchGetCustomersResponse response;
  for (const std::string& number : numbers) {
    auto hit = by_number.find(number);
    if (hit == by_number.end()) {
      response.add_missing(number);
    } else {
      v1::Customer& customer = *response.add_customers();
      customer = *hit->second;
      archive_.CompleteAnswer(call.language(), customer);
    }
  }
  return response;
}

absl::StatusOr<v1::Customer> CustomerHandlers::Update(CallContext& call,
                                                      const v1::UpdateCustomerRequest& request) {
  const auto rules = archive_.rules();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer().number(), call.scope()));
  CRM_RETURN_IF_ERROR(
      schema::ViolationsToStatus(OwnerChanges(request, before.message), call.language()));
  v1::Customer after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.customer(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.customer().etag(), "customer.etag", written));
  CRM_RETURN_IF_ERROR(record::RefuseIn(
      "customer", rules->Normalize(after, &before.message, archive_.DayOf(call.now())),
      call.language()));
  if (call.attempt() > 0 || call.validate_only()) {
    CRM_RETURN_IF_ERROR(RefuseTaken(*db, archive_.identities, IdentitiesOf(after), before.key.id));
  }
  if (call.validate_only()) return after;
  CRM_RETURN_IF_ERROR(MapProducts(call, &before.message, after));
  if (HasReachable(before.message) && !HasReachable(after)) {
    CRM_RETURN_IF_ERROR(UpdateUnreachable(call, before.key.id, after));
  }
  CRM_RETURN_IF_ERROR(OpenDuplicates(call, &before.message, {before.key, after}));
  return Save(call, before, std::move(after));
}

absl::StatusOr<v1::ListCustomersResponse> CustomerHandlers::List(
    CallContext& call, const v1::ListCustomersRequest& request) {
  const resource::ResourceTable& table = archive_.store.table();
  const auto rules = archive_.rules();
  const int page_size =
      request.page_size() == 0 ? rules->policy().default_page_size : request.page_size();
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       filter::ListQuery::Make({.schema = table.schema(),
                                                .from = "customer",
                                                .columns = archive_.store.columns(),
                                                .column_count = CustomerStore::kColumnCount,
                                                .scope = call.scope()},
                                               {.page_size = page_size,
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = request.order_by()},
                                               {.keyring = &archive_.keyring,
                                                .now = call.now(),
                                                .zone = archive_.zone,
                                                .language = call.language(),
                                                .custom_fields = &rules->custom_fields().kinds(),
                                                .plain_kinds = PlainKinds(call)}));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListCustomersResponse response;
  std::deque<resource::RowKey> keys;  // they stay where they are
  CustomerStore::Reader reader(archive_.store, call.scope());
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "customer_list", [&](const db::Rows& row) {
                         return reader.Read(row, keys.emplace_back(), *response.add_customers());
                       }));
  CRM_RETURN_IF_ERROR(reader.Finish(*db));
  RemoveUnread(keys, *response.mutable_customers());
  for (v1::Customer& customer : *response.mutable_customers()) {
    archive_.CompleteAnswer(call.language(), customer);
  }
  response.set_next_page_token(std::move(page.next_page_token));
  if (request.count_total()) {
    CRM_ASSIGN_OR_RETURN(const int64_t total, query.Count(*db, "customer_count"));
    response.set_total(total);
  }
  return response;
}

absl::StatusOr<v1::ListCustomerHistoryResponse> CustomerHandlers::History(
    CallContext& call, const v1::ListCustomerHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  crm::types::v1::HistoryEntry creation = record::CreationOf(customer.message);
  creation.set_via(customer.message.entered_via());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       record::ReadHistoryPage(*db, customer.key.id, request.page_token(),
                                               request.page_size(), std::move(creation)));
  return std::move(page).As<v1::ListCustomerHistoryResponse>();
}

absl::StatusOr<v1::ReserveCustomerNumbersResponse> CustomerHandlers::ReserveNumbers(
    CallContext& call, const v1::ReserveCustomerNumbersRequest& request) {
  CRM_ASSIGN_OR_RETURN(
      std::vector<std::string> numbers,
      archive_.numbers.ReserveBlock(call.now(), request.count(),
                                    archive_.rules()->policy().TypeCodeOf(request.kind())));
  v1::ReserveCustomerNumbersResponse response;
  KeepReservedNumbers(call.writes(), numbers, record::SourceOf(call));
  for (std::string& number : numbers) response.add_numbers(std::move(number));
  // A change, so that the answer is kept for whoever repeats the call.
  call.writes().AddEvent(ReservationEvent(call, response));
  return response;
}

absl::StatusOr<v1::Customer> CustomerHandlers::SetOpeningBalance(
    CallContext& call, const v1::SetOpeningBalanceRequest& request) {
  if (request.as_of() > absl::FormatCivilTime(archive_.DayOf(call.now()))) {
    return InvalidField("as_of", "DATE_IN_FUTURE", "use a date in the past");
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  v1::Customer after = before.message;
  ReplaceOpeningBalance({.amount = request.amount(),
                         .count = request.count(),
                         .as_of = request.as_of(),
                         .source = request.source()},
                        after);
  return Save(call, before, std::move(after));
}

absl::StatusOr<v1::Customer> CustomerHandlers::SetReachStatus(
    CallContext& call, const v1::SetReachStatusRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  v1::Customer after = before.message;
  CRM_RETURN_IF_ERROR(
      SetKnownReach(after, NameOf(request.address()), request.status(), record::SourceOf(call)));
  CRM_RETURN_IF_ERROR(UpdateUnreachable(call, before.key.id, after));
  return Save(call, before, std::move(after));
}

absl::StatusOr<v1::Customer> CustomerHandlers::Assign(CallContext& call,
                                                      const v1::AssignCustomerRequest& request) {
  const auto staff = owners_.FindActive(request.owner());
  if (staff == nullptr) {
    return InvalidField("owner", "STAFF_UNKNOWN", "use the id of an active user of the directory");
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  v1::Customer after = before.message;
  after.set_owner(request.owner());
  after.set_team(staff->team);
  crm::types::v1::ChangeList reason;
  if (!request.reason().empty() && before.message.owner() != request.owner()) {
    auto& change = *reason.add_changes();
    change.set_field("assign_reason");
    change.set_new_value(request.reason());
  }
  return Save(call, before, std::move(after), reason);
}

absl::Status CustomerHandlers::MapProducts(CallContext& call, const v1::Customer* before,
                                           v1::Customer& customer) {
  const auto& names = customer.products_of_interest();
  if (names.empty() || (before != nullptr && std::equal(names.begin(), names.end(),
                                                        before->products_of_interest().begin(),
                                                        before->products_of_interest().end()))) {
    return absl::OkStatus();
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  ProductMapper mapper(products_);
  for (const std::string& name : names) mapper.Want(name);
  CRM_RETURN_IF_ERROR(mapper.Load(*db));
  std::vector<std::string> codes;
  for (const std::string& name : names) {
    std::string code = mapper.CodeOf(name);
    if (code.empty()) {
      products_.NoteUnmapped(call.writes(), name, kUnmappedSource, call.now());
      code = name;
    }
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
  }
  customer.mutable_products_of_interest()->Assign(codes.begin(), codes.end());
  return absl::OkStatus();
}

absl::Status CustomerHandlers::OpenDuplicates(CallContext& call, const v1::Customer* before,
                                              const StoredCustomer& customer) {
  const std::vector<std::string> landlines = NewLandlines(customer.message, before);
  if (landlines.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return landlines_.Open(*db, call.writes(), customer, landlines, {}, record::SourceOf(call))
      .status();
}

absl::Status CustomerHandlers::UpdateUnreachable(CallContext& call, int64_t id,
                                                 v1::Customer& customer) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredContact> contacts,
                       archive_.contacts.OfCustomer(*db, id));
  std::vector<v1::Contact> messages;
  for (const StoredContact& contact : contacts) {
    ContactStore::ExpectUnchanged(call.writes(), contact);
    messages.push_back(contact.message);
  }
  customer.set_unreachable(IsUnreachable(customer, messages));
  return absl::OkStatus();
}

uint32_t CustomerHandlers::PlainKinds(const CallContext& call) {
  // Whoever sees only customers of their own sees them plain.
  return call.scope().kind == auth::RowScope::Kind::kOwn ? ~uint32_t{0} : call.plain_kinds();
}

v1::Customer CustomerHandlers::Save(CallContext& call, const StoredCustomer& before,
                                    v1::Customer after, const crm::types::v1::ChangeList& more) {
  StoredCustomer saved = archive_.changes.Change(call.writes(), before, std::move(after),
                                                 *archive_.rules(), record::SourceOf(call), more);
  IndexAfterCommit(call, saved);
  return std::move(saved.message);
}

void CustomerHandlers::IndexAfterCommit(CallContext& call, const StoredCustomer& customer) {
  call.AfterCommit([this, id = customer.key.id, name = customer.message.full_name(),
                    owner = customer.message.owner(), team = customer.message.team()] {
    archive_.names.Upsert(id, name, owner, team);
  });
}

}  // namespace crm::customer
