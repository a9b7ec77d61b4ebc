#include "services/sales/target_handlers.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/in_scope.h"
#include "common/record/run_list.h"
#include "common/record/scoped_rows.h"
#include "common/resource/history.h"
#include "services/sales/amount_rules.h"
#include "services/sales/target_rules.h"
#include "services/sales/target_store.h"

namespace crm::sales {
namespace {

constexpr char kTargetPattern[] = "TG{yyyy}{seq:6}";
constexpr int64_t kNumbersAtHand = 20;

absl::Status UnknownSubject() {
  return InvalidField("target.subject", "SUBJECT_UNKNOWN",
                      "use the id of a user or team of the staff directory");
}

}  // namespace

TargetHandlers::TargetHandlers(runtime::ServiceRuntime& runtime, const Sales& sales)
    : sales_(sales),
      numbers_({.name = "sales_target",
                .pattern = *numbering::NumberPattern::Parse(kTargetPattern),
                .zone = runtime.zone(),
                .block = kNumbersAtHand},
               runtime.pool()),
      table_(v1::Target::descriptor(), runtime.keyring(), runtime.ids(), "target") {}

void TargetHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::SetTargetRequest, v1::Target>("SetTarget", bind(&TargetHandlers::Set));
  table.Unary<v1::DeleteTargetRequest, v1::DeleteTargetResponse>("DeleteTarget",
                                                                 bind(&TargetHandlers::Delete));
  table.Unary<v1::ListTargetsRequest, v1::ListTargetsResponse>("ListTargets",
                                                               bind(&TargetHandlers::List));
  table.Unary<v1::ListTargetHistoryRequest, v1::ListTargetHistoryResponse>(
      "ListTargetHistory", bind(&TargetHandlers::History));
  table.Unary<v1::GetAttainmentRequest, v1::GetAttainmentResponse>(
      "GetAttainment", bind(&TargetHandlers::GetAttainment));
}

absl::Status TargetHandlers::Place(const CallContext& call, v1::Target& target) const {
  const auto staff = sales_.archive.staff().Get();
  target.clear_owner();
  if (target.kind() == v1::TARGET_KIND_PERSON) {
    const auto* user = staff->User(target.subject());
    if (user == nullptr) return UnknownSubject();
    target.set_owner(user->user_id());
    target.set_team(user->team());
  } else {
    if (staff->Team(target.subject()) == nullptr) return UnknownSubject();
    target.set_team(target.subject());
  }
  if (filter::InScope(target, call.scope())) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, "SUBJECT_OUT_OF_SCOPE",
               "targets are set within one's own scope");
}

absl::StatusOr<v1::Target> TargetHandlers::Set(CallContext& call,
                                               const v1::SetTargetRequest& request) {
  v1::Target target = request.target();
  if (CentsOf(target.amount()) <= 0) {
    return InvalidField("target.amount", "AMOUNT_NOT_POSITIVE", "use an amount above 0");
  }
  CRM_RETURN_IF_ERROR(Place(call, target));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::optional<StoredTarget> before, FindTarget(*db, table_, target));
  const resource::ChangeSource source = record::SourceOf(call);
  if (before.has_value()) {
    CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before->key, request.target().etag(),
                                            "target.etag", {"amount", "note"}));
    v1::Target after = before->message;
    after.set_amount(target.amount());
    after.set_note(target.note());
    after.set_team(target.team());
    if (call.validate_only()) return after;
    table_.Change(call.writes(), before->key, before->message, after, source);
    return after;
  }
  if (call.validate_only()) return target;
  CRM_ASSIGN_OR_RETURN(std::string number, numbers_.Next(call.now()));
  target.set_number(std::move(number));
  table_.Create(call.writes(), target, source);
  return target;
}

absl::StatusOr<v1::DeleteTargetResponse> TargetHandlers::Delete(
    CallContext& call, const v1::DeleteTargetRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredTarget found, record::GetByNumber<v1::Target>(
                                                     *db, table_, request.target(), call.scope()));
  table_.Delete(call.writes(), found.key, found.message, record::SourceOf(call));
  return v1::DeleteTargetResponse();
}

absl::StatusOr<v1::ListTargetsResponse> TargetHandlers::List(
    CallContext& call, const v1::ListTargetsRequest& request) {
  return record::RunList<v1::ListTargetsResponse>(
      call, request,
      {.table = table_.table(),
       .name = "target_list",
       .keyring = sales_.keyring,
       .zone = sales_.zone,
       .scope = &call.scope()},
      [](v1::ListTargetsResponse& response) { return response.add_targets(); });
}

absl::StatusOr<v1::ListTargetHistoryResponse> TargetHandlers::History(
    CallContext& call, const v1::ListTargetHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredTarget found, record::GetByNumber<v1::Target>(
                                                     *db, table_, request.target(), call.scope()));
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       table_.ReadHistory(*db, found.key.id, found.message, request.page_size(),
                                          request.page_token()));
  return std::move(page).As<v1::ListTargetHistoryResponse>();
}

absl::StatusOr<v1::GetAttainmentResponse> TargetHandlers::GetAttainment(
    CallContext& call, const v1::GetAttainmentRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<v1::Target> targets,
                       ReadTargets(*db, table_, request, call.scope()));
  CRM_ASSIGN_OR_RETURN(const std::vector<Prospect> prospects,
                       ReadProspects(*db, MonthsOf(request.period())));
  const auto staff = sales_.archive.staff().Get();
  v1::GetAttainmentResponse response;
  for (const v1::Target& target : targets) {
    const bool of_person = target.kind() == v1::TARGET_KIND_PERSON;
    const auto* user = of_person ? staff->User(target.subject()) : nullptr;
    const auto* team = of_person ? nullptr : staff->Team(target.subject());
    const std::string& name = user != nullptr   ? user->name()
                              : team != nullptr ? team->name()
                                                : target.subject();
    const std::vector<std::string> members = team != nullptr
                                                 ? staff->TeamsBelow(target.subject())
                                                 : std::vector<std::string>{target.subject()};
    *response.add_lines() = Attain(target, members, prospects, name);
  }
  return response;
}

}  // namespace crm::sales
