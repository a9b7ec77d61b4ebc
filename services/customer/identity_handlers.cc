#include "services/customer/identity_handlers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/list_query.h"
#include "common/record/table.h"
#include "services/customer/contact_rules.h"
#include "services/customer/identity_conflict.h"

namespace crm::customer {
namespace {

constexpr std::string_view kIdentityType = "crm.customer.v1.CustomerIdentity";

// Violations of the one identity of AddIdentity.
absl::StatusOr<ClaimedIdentity> ClaimOf(const v1::IdentityValue& value, absl::CivilDay today,
                                        schema::Language language) {
  std::vector<schema::Violation> violations;
  auto normal = NormalizeIdentity(value.kind(), value.value(), today);
  if (!normal.ok()) {
    const text::Problem& problem = normal.problem();
    violations.push_back({"identity.value", std::string(problem.rule), std::string(problem.mend_en),
                          std::string(problem.mend_zh)});
  }
  if (value.kind() == v1::IDENTITY_KIND_RESIDENT_ID ||
      value.kind() == v1::IDENTITY_KIND_CREDIT_CODE) {
    violations.push_back({"identity.kind", "FIELD_OF_CUSTOMER",
                          "set the field of the customer instead", "请修改客户的相应字段"});
  }
  if (NeedsAuthorization(value.kind()) && value.authorization().empty()) {
    violations.push_back({"identity.authorization", "REQUIRED",
                          "name the record of the customer's authorisation", "请填写绑定授权记录"});
  }
  if (!violations.empty()) return schema::ViolationsToStatus(violations, language);
  return ClaimedIdentity{{value.kind(), *std::move(normal)}, value.authorization()};
}

}  // namespace

void IdentityHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::ResolveIdentityRequest, v1::ResolveIdentityResponse>(
      "ResolveIdentity", bind(&IdentityHandlers::Resolve));
  table.Unary<v1::AddIdentityRequest, v1::CustomerIdentity>("AddIdentity",
                                                            bind(&IdentityHandlers::Add));
  table.Unary<v1::RemoveIdentityRequest, google::protobuf::Empty>("RemoveIdentity",
                                                                  bind(&IdentityHandlers::Remove));
  table.Unary<v1::ListIdentitiesRequest, v1::ListIdentitiesResponse>("ListIdentities",
                                                                     bind(&IdentityHandlers::List));
  table.Unary<v1::ListDuplicateCandidatesRequest, v1::ListDuplicateCandidatesResponse>(
      "ListDuplicateCandidates", bind(&IdentityHandlers::ListDuplicates));
}

absl::StatusOr<v1::ResolveIdentityResponse> IdentityHandlers::Resolve(
    CallContext& call, const v1::ResolveIdentityRequest& request) {
  std::vector<schema::Violation> violations;
  ResolveInput input{.claims = NormalizeClaims(request.identities(), "identities",
                                               archive_.DayOf(call.now()), violations),
                     .landlines = LandlinesOf(request.identities()),
                     .profile = {},
                     .scope = call.scope(),
                     .source = record::SourceOf(call),
                     .language = call.language()};
  input.profile = CustomerOf(request.profile(), input.claims);
  if (auto refused = owners_.Fill(owners_.GiverOf(call.caller()), input.profile)) {
    refused->field = absl::StrCat("profile.", refused->field);
    violations.push_back(*std::move(refused));
  }
  CRM_RETURN_IF_ERROR(schema::ViolationsToStatus(violations, call.language()));

  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(Resolution resolution, resolver_.Resolve(*db, call.writes(), input));
  v1::ResolveIdentityResponse response;
  response.set_created(resolution.created);
  if (resolution.created) {
    const v1::Customer& customer = resolution.customer.message;
    call.AfterCommit([this, id = resolution.customer.key.id, name = customer.full_name(),
                      owner = customer.owner(),
                      team = customer.team()] { archive_.names.Upsert(id, name, owner, team); });
  }
  *response.mutable_customer() = std::move(resolution.customer.message);
  archive_.CompleteAnswer(call.language(), *response.mutable_customer());
  std::sort(resolution.attached.begin(), resolution.attached.end());
  for (v1::IdentityKind kind : resolution.attached) response.add_attached(kind);
  for (std::string& other : resolution.other_customers) {
    response.add_other_customers(std::move(other));
  }
  return response;
}

absl::StatusOr<v1::CustomerIdentity> IdentityHandlers::Add(CallContext& call,
                                                           const v1::AddIdentityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const ClaimedIdentity claim,
                       ClaimOf(request.identity(), archive_.DayOf(call.now()), call.language()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  CRM_RETURN_IF_ERROR(RefuseTaken(*db, archive_.identities, {claim.identity}, customer.key.id));
  const std::string id = IdOf(archive_.identities.Hash(claim.identity));
  CRM_ASSIGN_OR_RETURN(std::vector<v1::CustomerIdentity> all, Read(*db, customer));
  for (v1::CustomerIdentity& identity : all) {
    if (identity.id() == id) return std::move(identity);
  }
  archive_.identities.InsertBound(call.writes(), claim.identity, customer.key.id,
                                  claim.authorization, call.now());
  archive_.changes.Change(call.writes(), customer, customer.message, *archive_.rules(),
                          record::SourceOf(call), IdentityAdded(claim.identity.kind));
  v1::CustomerIdentity added;
  added.set_id(id);
  added.set_kind(claim.identity.kind);
  added.set_value(MaskIdentity(claim.identity));
  added.set_authorization(claim.authorization);
  SetTime(call.now(), *added.mutable_create_time());
  return added;
}

absl::StatusOr<google::protobuf::Empty> IdentityHandlers::Remove(
    CallContext& call, const v1::RemoveIdentityRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredIdentity> all,
                       archive_.identities.OfCustomer(*db, customer.key.id));
  const auto found = std::find_if(all.begin(), all.end(), [&](const StoredIdentity& identity) {
    return IdOf(identity.hash) == request.identity();
  });
  if (found == all.end()) return NotFound(kIdentityType, request.identity());
  if (!found->bound) {
    return Error(absl::StatusCode::kFailedPrecondition, "IDENTITY_FROM_FIELD",
                 "the identity follows from a field of the customer or a contact")
        .Resource(kIdentityType, request.identity())
        .Precondition("IDENTITY_BOUND", request.identity(), "change the field instead");
  }
  archive_.identities.DeleteBound(call.writes(), found->hash, customer.key.id);
  crm::types::v1::ChangeList note = IdentityRemoved(found->kind);
  if (!request.reason().empty()) note.mutable_changes(0)->set_new_value(request.reason());
  archive_.changes.Change(call.writes(), customer, customer.message, *archive_.rules(),
                          record::SourceOf(call), note);
  return google::protobuf::Empty();
}

std::string IdentityHandlers::IdOf(std::string_view hash) const {
  return absl::BytesToHexString(ToAbsl(archive_.keyring.LookupHash("identity.id", hash)));
}

absl::StatusOr<std::vector<v1::CustomerIdentity>> IdentityHandlers::Read(
    db::Connection& db, const StoredCustomer& customer) const {
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredIdentity> stored,
                       archive_.identities.OfCustomer(db, customer.key.id));
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredContact> contacts,
                       archive_.contacts.OfCustomer(db, customer.key.id));
  // The fields they come from: those of the customer, then those of the contacts.
  struct Source {
    std::string value;
    std::string contact;
  };
  absl::flat_hash_map<std::string, Source> by_hash;
  for (const Identity& identity : IdentitiesOf(customer.message)) {
    by_hash.emplace(archive_.identities.Hash(identity), Source{identity.value, ""});
  }
  for (const StoredContact& contact : contacts) {
    for (const Identity& identity : IdentitiesOf(contact.message)) {
      by_hash.emplace(archive_.identities.Hash(identity),
                      Source{identity.value, contact.message.number()});
    }
  }
  std::vector<v1::CustomerIdentity> identities;
  for (const StoredIdentity& row : stored) {
    v1::CustomerIdentity& identity = identities.emplace_back();
    identity.set_id(IdOf(row.hash));
    identity.set_kind(row.kind);
    identity.set_from_field(!row.bound);
    identity.set_authorization(row.authorized_by);
    SetTime(row.create_time, *identity.mutable_create_time());
    auto source = by_hash.find(row.hash);
    if (row.bound) {
      identity.set_value(MaskIdentity({row.kind, row.value}));
    } else if (source != by_hash.end()) {
      identity.set_value(MaskIdentity({row.kind, source->second.value}));
      identity.set_contact(source->second.contact);
    }
  }
  return identities;
}

absl::StatusOr<v1::ListIdentitiesResponse> IdentityHandlers::List(
    CallContext& call, const v1::ListIdentitiesRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredCustomer customer,
                       archive_.store.Get(*db, request.customer(), call.scope()));
  CRM_ASSIGN_OR_RETURN(std::vector<v1::CustomerIdentity> identities, Read(*db, customer));
  v1::ListIdentitiesResponse response;
  for (v1::CustomerIdentity& identity : identities) {
    *response.add_identities() = std::move(identity);
  }
  return response;
}

absl::StatusOr<v1::ListDuplicateCandidatesResponse> IdentityHandlers::ListDuplicates(
    CallContext& call, const v1::ListDuplicateCandidatesRequest& request) {
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       filter::ListQuery::Make({.schema = duplicates_.table().schema(),
                                                .from = DuplicateStore::kFrom,
                                                .columns = duplicates_.columns(),
                                                .column_count = duplicates_.column_count(),
                                                .condition = DuplicateStore::ScopeOf(call.scope()),
                                                .scope = {.kind = auth::RowScope::Kind::kAll}},
                                               {.page_size = request.page_size(),
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = request.order_by()},
                                               {.keyring = &archive_.keyring,
                                                .now = call.now(),
                                                .zone = archive_.zone,
                                                .language = call.language(),
                                                .alias = DuplicateStore::kAlias,
                                                .plain_kinds = call.plain_kinds()}));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListDuplicateCandidatesResponse response;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "duplicate_list", [&](const db::Rows& row) {
                         return duplicates_.Read(row, *response.add_candidates());
                       }));
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

}  // namespace crm::customer
