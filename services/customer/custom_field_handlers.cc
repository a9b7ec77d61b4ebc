#include "services/customer/custom_field_handlers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/update.h"
#include "services/customer/custom_field_definition.h"
#include "services/customer/custom_field_rules.h"

namespace crm::customer {
namespace {

constexpr std::string_view kType = "crm.customer.v1.CustomField";

v1::CustomField Labelled(v1::CustomField field, schema::Language language) {
  field.set_label(record::InLanguage(language, field.label_zh(), field.label_en()));
  field.set_hint(record::InLanguage(language, field.hint_zh(), field.hint_en()));
  return field;
}

absl::Status CheckCount(const CustomFieldSet& fields) {
  const auto live = std::count_if(fields.begin(), fields.end(), [](const auto& entry) {
    return !entry.second.message.retired();
  });
  if (static_cast<size_t>(live) <= kMaxLiveCustomFields) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_CUSTOM_FIELDS",
               "at most 100 custom fields are in use at once; retire one first");
}

}  // namespace

void CustomFieldHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  const auto set_retired = [this](bool retired) {
    return [this, retired](CallContext& call, const v1::ChangeCustomFieldStateRequest& request) {
      return SetRetired(call, request, retired);
    };
  };
  table.Unary<v1::CreateCustomFieldRequest, v1::CustomField>("CreateCustomField",
                                                             bind(&CustomFieldHandlers::Create));
  table.Unary<v1::GetCustomFieldRequest, v1::CustomField>("GetCustomField",
                                                          bind(&CustomFieldHandlers::Get));
  table.Unary<v1::ListCustomFieldsRequest, v1::ListCustomFieldsResponse>(
      "ListCustomFields", bind(&CustomFieldHandlers::List));
  table.Unary<v1::UpdateCustomFieldRequest, v1::CustomField>("UpdateCustomField",
                                                             bind(&CustomFieldHandlers::Update));
  table.Unary<v1::ChangeCustomFieldStateRequest, v1::CustomField>("RetireCustomField",
                                                                  set_retired(true));
  table.Unary<v1::ChangeCustomFieldStateRequest, v1::CustomField>("RestoreCustomField",
                                                                  set_retired(false));
  table.Unary<v1::ListCustomFieldHistoryRequest, v1::ListCustomFieldHistoryResponse>(
      "ListCustomFieldHistory", bind(&CustomFieldHandlers::History));
}

absl::StatusOr<v1::CustomField> CustomFieldHandlers::Create(
    CallContext& call, const v1::CreateCustomFieldRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const Snapshot fields, store_.fields.Fresh(*db));
  const std::string& key = request.custom_field().field_key();
  if (fields.value->find(key) != fields.value->end()) {
    return Error(absl::StatusCode::kAlreadyExists, "CUSTOM_FIELD_EXISTS",
                 "a custom field has this key; retired ones keep theirs")
        .Resource(kType, key);
  }
  return Save(call, fields, nullptr, request.custom_field());
}

absl::StatusOr<v1::CustomField> CustomFieldHandlers::Get(CallContext& call,
                                                         const v1::GetCustomFieldRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const Snapshot fields, store_.fields.Fresh(*db));
  const auto found = fields.value->find(request.custom_field());
  if (found == fields.value->end()) return NotFound(kType, request.custom_field());
  return Labelled(found->second.message, call.language());
}

absl::StatusOr<v1::ListCustomFieldsResponse> CustomFieldHandlers::List(
    CallContext& call, const v1::ListCustomFieldsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const Snapshot fields, store_.fields.Fresh(*db));
  const bool any_kind = request.kind() == v1::CUSTOMER_KIND_UNSPECIFIED;
  const CustomFieldRules rules(DefinitionsOf(*fields.value));
  v1::ListCustomFieldsResponse response;
  for (const v1::CustomField& field : rules.definitions()) {
    if (request.live_only() && field.retired()) continue;
    if (any_kind || IsFor(field, request.kind())) {
      *response.add_custom_fields() = Labelled(field, call.language());
    }
  }
  return response;
}

absl::StatusOr<v1::CustomField> CustomFieldHandlers::Update(
    CallContext& call, const v1::UpdateCustomFieldRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const Snapshot fields, store_.fields.Fresh(*db));
  const auto found = fields.value->find(request.custom_field().field_key());
  if (found == fields.value->end()) return NotFound(kType, request.custom_field().field_key());
  const StoredCustomField& before = found->second;
  v1::CustomField after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.custom_field(), after, call.language()));
  CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before.key, request.custom_field().etag(),
                                          "custom_field.etag", written));
  return Save(call, fields, &before, std::move(after));
}

absl::StatusOr<v1::CustomField> CustomFieldHandlers::SetRetired(
    CallContext& call, const v1::ChangeCustomFieldStateRequest& request, bool retired) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const Snapshot fields, store_.fields.Fresh(*db));
  const auto found = fields.value->find(request.custom_field());
  if (found == fields.value->end()) return NotFound(kType, request.custom_field());
  v1::CustomField after = found->second.message;
  after.set_retired(retired);
  return Save(call, fields, &found->second, std::move(after));
}

absl::StatusOr<v1::ListCustomFieldHistoryResponse> CustomFieldHandlers::History(
    CallContext& call, const v1::ListCustomFieldHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const Snapshot fields, store_.fields.Fresh(*db));
  const auto found = fields.value->find(request.custom_field());
  if (found == fields.value->end()) return NotFound(kType, request.custom_field());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       store_.table.ReadHistory(*db, found->second.key.id, found->second.message,
                                                request.page_size(), request.page_token()));
  v1::ListCustomFieldHistoryResponse response;
  for (auto& entry : page.entries) *response.add_entries() = std::move(entry);
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

absl::StatusOr<v1::CustomField> CustomFieldHandlers::Save(CallContext& call, const Snapshot& fields,
                                                          const StoredCustomField* before,
                                                          v1::CustomField after) {
  CustomFieldSet changed = *fields.value;
  changed.erase(after.field_key());
  // The label of a retired field is free for others.
  const auto others = after.retired() ? std::vector<v1::CustomField>() : DefinitionsOf(changed);
  CRM_RETURN_IF_ERROR(record::RefuseIn(
      "custom_field",
      CheckCustomField(after, before == nullptr ? nullptr : &before->message, others),
      call.language()));
  StoredCustomField saved{{}, std::move(after)};
  if (before == nullptr) {
    saved.key = store_.table.Create(call.writes(), saved.message, record::SourceOf(call));
  } else {
    saved.key = store_.table.Change(call.writes(), before->key, before->message, saved.message,
                                    record::SourceOf(call));
    if (saved.key.version == before->key.version) return Labelled(before->message, call.language());
  }
  v1::CustomField answer = Labelled(saved.message, call.language());
  changed.insert_or_assign(answer.field_key(), std::move(saved));
  CRM_RETURN_IF_ERROR(CheckCount(changed));
  store_.fields.Change(call, fields, std::move(changed));
  return answer;
}

}  // namespace crm::customer
