#include "services/customer/tag_rule_handlers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/filter/list_query.h"
#include "common/resource/history.h"
#include "common/resource/update.h"
#include "services/customer/tag_handlers.h"

namespace crm::customer {
namespace {

std::string EventOf(std::string_view type, const StoredTagRule& rule,
                    const server::CallContext& call, std::vector<std::string> changed) {
  return event::MakeEvent({.type = type,
                           .subject = rule.message.number(),
                           .version = rule.key.version,
                           .time = call.now(),
                           .actor = call.caller().id,
                           .payload = &rule.message,
                           .changed_fields = std::move(changed)});
}

absl::Status RefuseDeleting(const v1::TagRule& rule) {
  if (!rule.deleting()) return absl::OkStatus();
  return NotFound(kTagRuleType, rule.number());
}

}  // namespace

void TagRuleHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateTagRuleRequest, v1::TagRule>("CreateTagRule",
                                                     bind(&TagRuleHandlers::Create));
  table.Unary<v1::GetTagRuleRequest, v1::TagRule>("GetTagRule", bind(&TagRuleHandlers::Get));
  table.Unary<v1::ListTagRulesRequest, v1::ListTagRulesResponse>("ListTagRules",
                                                                 bind(&TagRuleHandlers::List));
  table.Unary<v1::UpdateTagRuleRequest, v1::TagRule>("UpdateTagRule",
                                                     bind(&TagRuleHandlers::Update));
  table.Unary<v1::DeleteTagRuleRequest, google::protobuf::Empty>("DeleteTagRule",
                                                                 bind(&TagRuleHandlers::Delete));
  table.Unary<v1::RunTagRulesRequest, v1::RunTagRulesResponse>("RunTagRules",
                                                               bind(&TagRuleHandlers::RunRules));
}

absl::Status TagRuleHandlers::CheckFilter(const CallContext& call, const v1::TagRule& rule) const {
  return store_.CheckFilter(rule, call.now(), call.plain_kinds(), call.language());
}

absl::Status TagRuleHandlers::RefuseSecondRule(db::Connection& db, const std::string& tag) const {
  CRM_ASSIGN_OR_RETURN(const std::optional<StoredTagRule> other, store_.OfTag(db, tag));
  if (!other.has_value()) return absl::OkStatus();
  return Error(absl::StatusCode::kAlreadyExists, "TAG_HAS_RULE",
               "another rule sets this tag; join the conditions with OR")
      .Meta("tag_rule", other->message.number())
      .Resource(kTagRuleType, other->message.number());
}

void TagRuleHandlers::RequestRun(const CallContext& call, v1::TagRule& rule) {
  absl::Time time = call.now();
  if (rule.has_last_run_time()) {
    time = std::max(time, TimeOf(rule.last_run_time()) + absl::Microseconds(1));
  }
  SetTime(time, *rule.mutable_request_time());
}

void TagRuleHandlers::RunAfterCommit(CallContext& call) const {
  call.AfterCommit([this] { run_soon_(); });
}

absl::StatusOr<v1::TagRule> TagRuleHandlers::Create(CallContext& call,
                                                    const v1::CreateTagRuleRequest& request) {
  StoredTagRule created{{0, 1}, request.tag_rule()};
  v1::TagRule& rule = created.message;
  rule.set_tag(ResolveTags(archive_.lists, {&request.tag_rule().tag()}).front());
  CRM_RETURN_IF_ERROR(CheckFilter(call, rule));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(RefuseSecondRule(*db, rule.tag()));
  if (call.validate_only()) return rule;

  CRM_ASSIGN_OR_RETURN(*rule.mutable_number(), numbers_.Next(call.now()));
  rule.set_creator(call.caller().id);
  rule.set_last_editor(call.caller().id);
  SetTime(call.now(), *rule.mutable_create_time());
  *rule.mutable_update_time() = rule.create_time();
  RequestRun(call, rule);
  rule.set_etag(resource::EtagOf(created.key.version));
  created.key.id = archive_.ids.Next();
  store_.table().Insert(call.writes(), created.key, rule);
  call.writes().AddEvent(EventOf("tag_rule.created", created, call, {}));
  RunAfterCommit(call);
  return std::move(created.message);
}

absl::StatusOr<v1::TagRule> TagRuleHandlers::Get(CallContext& call,
                                                 const v1::GetTagRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(StoredTagRule rule, store_.Get(*db, request.tag_rule()));
  return std::move(rule.message);
}

absl::StatusOr<v1::ListTagRulesResponse> TagRuleHandlers::List(
    CallContext& call, const v1::ListTagRulesRequest& request) {
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       filter::ListQuery::Make({.schema = store_.table().schema(),
                                                .from = "tag_rule",
                                                .columns = store_.columns(),
                                                .column_count = store_.table().column_count(),
                                                .condition = {},
                                                .scope = call.scope()},
                                               {.page_size = request.page_size(),
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = request.order_by()},
                                               {.keyring = &archive_.keyring,
                                                .now = call.now(),
                                                .zone = archive_.zone,
                                                .language = call.language(),
                                                .plain_kinds = call.plain_kinds()}));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListTagRulesResponse response;
  resource::RowKey key;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "tag_rule_list", [&](const db::Rows& row) {
                         return store_.table().Read(row, key, *response.add_tag_rules());
                       }));
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

absl::StatusOr<v1::TagRule> TagRuleHandlers::Update(CallContext& call,
                                                    const v1::UpdateTagRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredTagRule before, store_.Get(*db, request.tag_rule().number()));
  CRM_RETURN_IF_ERROR(RefuseDeleting(before.message));
  v1::TagRule after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.tag_rule(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.tag_rule().etag(), "tag_rule.etag", written));
  CRM_RETURN_IF_ERROR(CheckFilter(call, after));
  if (store_.table().Diff(before.message, after).changes().empty()) return after;
  RequestRun(call, after);
  return Save(call, before, std::move(after), "tag_rule.updated");
}

absl::StatusOr<google::protobuf::Empty> TagRuleHandlers::Delete(
    CallContext& call, const v1::DeleteTagRuleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredTagRule before, store_.Get(*db, request.tag_rule()));
  CRM_RETURN_IF_ERROR(RefuseDeleting(before.message));
  v1::TagRule after = before.message;
  after.set_deleting(true);
  after.set_enabled(false);
  Save(call, before, std::move(after), "tag_rule.deleted");
  return google::protobuf::Empty();
}

absl::StatusOr<v1::RunTagRulesResponse> TagRuleHandlers::RunRules(
    CallContext& call, const v1::RunTagRulesRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  std::vector<StoredTagRule> rules;
  if (request.tag_rule().empty()) {
    CRM_ASSIGN_OR_RETURN(rules, store_.All(*db));
  } else {
    CRM_ASSIGN_OR_RETURN(StoredTagRule rule, store_.Get(*db, request.tag_rule()));
    CRM_RETURN_IF_ERROR(RefuseDeleting(rule.message));
    rules.push_back(std::move(rule));
  }
  v1::RunTagRulesResponse response;
  for (const StoredTagRule& rule : rules) {
    if (!rule.message.enabled()) continue;
    v1::TagRule after = rule.message;
    RequestRun(call, after);
    *response.add_tag_rules() = Save(call, rule, std::move(after), "tag_rule.updated");
  }
  RunAfterCommit(call);
  return response;
}

v1::TagRule TagRuleHandlers::Save(CallContext& call, const StoredTagRule& before, v1::TagRule after,
                                  std::string_view event_type) const {
  const crm::types::v1::ChangeList changes = store_.table().Diff(before.message, after);
  if (changes.changes().empty()) return after;
  StoredTagRule saved{{before.key.id, before.key.version + 1}, std::move(after)};
  saved.message.set_last_editor(call.caller().id);
  SetTime(call.now(), *saved.message.mutable_update_time());
  saved.message.set_etag(resource::EtagOf(saved.key.version));
  store_.table().Update(call.writes(), before.key, before.message, saved.message);
  resource::AddHistory(call.writes(), kTagRuleType, saved.key,
                       {call.now(), call.caller().id, "api"}, changes);
  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  call.writes().AddEvent(EventOf(event_type, saved, call, std::move(fields)));
  RunAfterCommit(call);
  return std::move(saved.message);
}

}  // namespace crm::customer
