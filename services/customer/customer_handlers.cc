#include "services/customer/customer_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/list_query.h"
#include "common/resource/history.h"
#include "common/resource/update.h"
#include "common/schema/validate.h"
#include "services/customer/value_block.h"

namespace crm::customer {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;

resource::ChangeSource SourceOf(const server::CallContext& call) {
  return {call.now(), call.caller().id, "api"};
}

// Violations of the customer inside a request.
absl::Status Refuse(std::vector<schema::Violation> violations, schema::Language language) {
  for (schema::Violation& violation : violations) {
    violation.field = absl::StrCat("customer.", violation.field);
  }
  return schema::ViolationsToStatus(violations, language);
}

int PageSize(int32_t asked) {
  return asked == 0 ? kDefaultPageSize : std::min<int32_t>(asked, kMaxPageSize);
}

// The creation is told from the customer itself: it has no row in the history.
crm::types::v1::HistoryEntry CreationEntry(const v1::Customer& customer) {
  crm::types::v1::HistoryEntry entry;
  entry.set_version(1);
  *entry.mutable_time() = customer.create_time();
  entry.set_actor(customer.creator());
  entry.set_via(customer.entered_via());
  return entry;
}

// A page token of a history is the version it stopped at.
absl::StatusOr<int64_t> ParseHistoryToken(const std::string& token) {
  int64_t version = 0;
  if (token.empty()) return version;
  if (!absl::SimpleAtoi(token, &version) || version < 1) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID",
                        "send next_page_token of the answer before");
  }
  return version;
}

}  // namespace

void CustomerHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateCustomerRequest, v1::Customer>("CreateCustomer",
                                                       bind(&CustomerHandlers::Create));
  table.Batch<v1::GetCustomerRequest, v1::Customer>(
      "GetCustomer",
      [this](db::Connection& db, absl::Span<server::BatchItem> calls) { Get(db, calls); });
  table.Unary<v1::BatchGetCustomersRequest, v1::BatchGetCustomersResponse>(
      "BatchGetCustomers", bind(&CustomerHandlers::BatchGet));
  table.Unary<v1::UpdateCustomerRequest, v1::Customer>("UpdateCustomer",
                                                       bind(&CustomerHandlers::Update));
  table.Unary<v1::ListCustomersRequest, v1::ListCustomersResponse>("ListCustomers",
                                                                   bind(&CustomerHandlers::List));
  table.Unary<v1::ListCustomerHistoryRequest, v1::ListCustomerHistoryResponse>(
      "ListCustomerHistory", bind(&CustomerHandlers::History));
  table.Unary<v1::ReserveCustomerNumbersRequest, v1::ReserveCustomerNumbersResponse>(
      "ReserveCustomerNumbers", bind(&CustomerHandlers::ReserveNumbers));
  table.Unary<v1::SetOpeningBalanceRequest, v1::Customer>(
      "SetOpeningBalance", bind(&CustomerHandlers::SetOpeningBalance));
  table.Unary<v1::SetReachStatusRequest, v1::Customer>("SetReachStatus",
                                                       bind(&CustomerHandlers::SetReachStatus));
  table.Unary<v1::AssignCustomerRequest, v1::Customer>("AssignCustomer",
                                                       bind(&CustomerHandlers::Assign));
}

absl::StatusOr<v1::Customer> CustomerHandlers::Create(CallContext& call,
                                                      const v1::CreateCustomerRequest& request) {
  const auto rules = archive_.rules();
  v1::Customer customer = request.customer();
  FillOwner(call, customer);
  std::vector<schema::Violation> violations =
      rules->Normalize(customer, nullptr, archive_.DayOf(call.now()));
  for (schema::Violation& missing : rules->RequireComplete(customer)) {
    violations.push_back(std::move(missing));
  }
  CRM_RETURN_IF_ERROR(Refuse(std::move(violations), call.language()));
  rules->Initialize(customer);

  // A taken identity fails the commit; only then is it worth a read to say whose it is.
  if (call.attempt() > 0 || call.validate_only()) {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    CRM_RETURN_IF_ERROR(RefuseTaken(*db, IdentitiesOf(customer), 0));
  }
  if (call.validate_only()) return customer;
  CRM_ASSIGN_OR_RETURN(std::string number, archive_.NextNumber(call.now(), customer.kind()));
  customer.set_number(std::move(number));
  StoredCustomer created =
      archive_.changes.Create(call.writes(), std::move(customer), *rules, SourceOf(call));
  IndexAfterCommit(call, created);
  return std::move(created.message);
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
  struct Place {
    v1::Customer* customer;
    bool found = false;
  };
  absl::flat_hash_map<std::string_view, Place> places;
  std::vector<std::string_view> numbers;
  for (server::BatchItem* item : calls) {
    const bool first =
        places.try_emplace(number_of(item), Place{static_cast<v1::Customer*>(item->response)})
            .second;
    if (first) numbers.push_back(number_of(item));
  }
  const absl::Status status =
      archive_.store.ReadMany(db, numbers, scope, [&](std::string_view number) -> v1::Customer* {
        const auto place = places.find(number);
        if (place == places.end()) return nullptr;  // a collation may take more for equal than we
        place->second.found = true;
        return place->second.customer;
      });
  for (server::BatchItem* item : calls) {
    const Place& place = places.at(number_of(item));
    if (!status.ok()) {
      item->status = status;
    } else if (!place.found) {
      item->status = NotFound(kCustomerType, number_of(item));
    } else if (item->response != place.customer) {
      item->response->CopyFrom(*place.customer);
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
      *response.add_customers() = *hit->second;
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
  v1::Customer after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.customer(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.customer().etag(), "customer.etag", written));
  CRM_RETURN_IF_ERROR(Refuse(rules->Normalize(after, &before.message, archive_.DayOf(call.now())),
                             call.language()));
  if (call.attempt() > 0 || call.validate_only()) {
    CRM_RETURN_IF_ERROR(RefuseTaken(*db, IdentitiesOf(after), before.key.id));
  }
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
                                                .columns = columns_,
                                                .column_count = table.column_count(),
                                                .scope = call.scope()},
                                               {.page_size = page_size,
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = request.order_by()},
                                               {.keyring = &archive_.keyring,
                                                .now = call.now(),
                                                .zone = archive_.zone,
                                                .language = call.language(),
                                                .custom_fields = &rules->custom_fields().kinds()}));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListCustomersResponse response;
  resource::RowKey key;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "customer_list", [&](const db::Rows& row) {
                         return table.Read(row, key, *response.add_customers());
                       }));
  response.set_next_page_token(std::move(page.next_page_token));
  if (request.count_total()) {
    CRM_ASSIGN_OR_RETURN(const int64_t total, query.Count(*db, "customer_count"));
    response.set_total(total);
  }
  return response;
}

absl::StatusOr<v1::ListCustomerHistoryResponse> CustomerHandlers::History(
    CallContext& call, const v1::ListCustomerHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(const int64_t before, ParseHistoryToken(request.page_token()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  const int page_size = PageSize(request.page_size());
  CRM_ASSIGN_OR_RETURN(auto entries,
                       resource::ReadHistory(*db, customer.key.id, before, page_size));
  v1::ListCustomerHistoryResponse response;
  for (auto& entry : entries) *response.add_entries() = std::move(entry);
  if (response.entries_size() == page_size) {
    response.set_next_page_token(
        absl::StrCat(response.entries(response.entries_size() - 1).version()));
  } else if (before != 1) {
    *response.add_entries() = CreationEntry(customer.message);
  }
  return response;
}

absl::StatusOr<v1::ReserveCustomerNumbersResponse> CustomerHandlers::ReserveNumbers(
    CallContext& call, const v1::ReserveCustomerNumbersRequest& request) {
  CRM_ASSIGN_OR_RETURN(
      std::vector<std::string> numbers,
      archive_.numbers.ReserveBlock(call.now(), request.count(),
                                    archive_.rules()->policy().TypeCodeOf(request.kind())));
  v1::ReserveCustomerNumbersResponse response;
  for (std::string& number : numbers) response.add_numbers(std::move(number));
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
  const bool phone = request.address() == v1::SetReachStatusRequest::ADDRESS_PHONE;
  if ((phone ? after.phone() : after.email()).empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "ADDRESS_UNKNOWN",
                 "the customer has no such address")
        .Precondition("ADDRESS_KNOWN", phone ? "phone" : "email", "set the address first");
  }
  if (phone) {
    after.set_phone_reach(request.status());
  } else {
    after.set_email_reach(request.status());
  }
  return Save(call, before, std::move(after));
}

absl::StatusOr<v1::Customer> CustomerHandlers::Assign(CallContext& call,
                                                      const v1::AssignCustomerRequest& request) {
  const auto staff = staff_.Find(request.owner());
  if (staff == nullptr || !staff->active) {
    return InvalidField("owner", "STAFF_UNKNOWN", "use the id of an active user of the directory");
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer before,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  v1::Customer after = before.message;
  after.set_owner(request.owner());
  after.set_team(staff->team);
  return Save(call, before, std::move(after));
}

absl::Status CustomerHandlers::RefuseTaken(db::Connection& db,
                                           const std::vector<Identity>& identities,
                                           int64_t own_id) {
  CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                       archive_.identities.FindHolders(db, identities));
  for (const IdentityHolder& holder : holders) {
    if (holder.customer_id == own_id) continue;
    const std::string_view field = FieldOfIdentity(holder.identity.kind);
    return Error(absl::StatusCode::kAlreadyExists, "IDENTITY_TAKEN",
                 "another customer has this identity; use that customer, or correct the value")
        .Meta("customer", holder.number)
        .Meta("field", field)
        .Resource(kCustomerType, holder.number);
  }
  return absl::OkStatus();
}

void CustomerHandlers::FillOwner(CallContext& call, v1::Customer& customer) {
  if (customer.owner().empty() && call.caller().kind == auth::CallerKind::kUser) {
    customer.set_owner(call.caller().id);
  }
  if (!customer.team().empty()) return;
  const auto staff = staff_.Find(customer.owner());
  customer.set_team(staff != nullptr ? staff->team : call.caller().team);
}

v1::Customer CustomerHandlers::Save(CallContext& call, const StoredCustomer& before,
                                    v1::Customer after) {
  StoredCustomer saved = archive_.changes.Change(call.writes(), before, std::move(after),
                                                 *archive_.rules(), SourceOf(call));
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
