#include "services/customer/managed_list_handlers.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/update.h"

namespace crm::customer {
namespace {

constexpr std::string_view kType = "crm.customer.v1.ManagedList";

v1::ManagedList Labelled(v1::ManagedList list, schema::Language language) {
  for (v1::ManagedListEntry& entry : *list.mutable_entries()) {
    entry.set_label(record::InLanguage(language, entry.label_zh(), entry.label_en()));
  }
  return list;
}

v1::ManagedList WithoutRetired(const v1::ManagedList& list) {
  v1::ManagedList live = list;
  live.clear_entries();
  for (const v1::ManagedListEntry& entry : list.entries()) {
    if (!entry.retired()) *live.add_entries() = entry;
  }
  return live;
}

absl::Status ReadOnly(const std::string& list) {
  return Error(absl::StatusCode::kFailedPrecondition, "LIST_READ_ONLY",
               "this list is a national standard and cannot be changed")
      .Resource(kType, list);
}

}  // namespace

void ManagedListHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::ListManagedListsRequest, v1::ListManagedListsResponse>(
      "ListManagedLists", bind(&ManagedListHandlers::List));
  table.Unary<v1::GetManagedListRequest, v1::ManagedList>("GetManagedList",
                                                          bind(&ManagedListHandlers::Get));
  table.Unary<v1::UpdateManagedListRequest, v1::ManagedList>("UpdateManagedList",
                                                             bind(&ManagedListHandlers::Update));
  table.Unary<v1::ListManagedListHistoryRequest, v1::ListManagedListHistoryResponse>(
      "ListManagedListHistory", bind(&ManagedListHandlers::History));
}

absl::StatusOr<v1::ListManagedListsResponse> ManagedListHandlers::List(
    CallContext& call, const v1::ListManagedListsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto lists, store_.lists.Fresh(*db));
  std::map<std::string, v1::ManagedList> by_name;
  for (const char* name : {"industry", "region"}) {
    v1::ManagedList& list = by_name[name];
    list.set_list(name);
    list.set_read_only(true);
  }
  for (const auto& [name, list] : *lists.value) {
    by_name[name] = Labelled(request.live_only() ? WithoutRetired(list.message) : list.message,
                             call.language());
  }
  v1::ListManagedListsResponse response;
  for (auto& [name, list] : by_name) *response.add_lists() = std::move(list);
  return response;
}

absl::StatusOr<v1::ManagedList> ManagedListHandlers::Get(CallContext& call,
                                                         const v1::GetManagedListRequest& request) {
  if (IsReferenceList(request.list())) {
    return Labelled(ReferenceList(request.list()), call.language());
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto lists, store_.lists.Fresh(*db));
  const auto found = lists.value->find(request.list());
  if (found == lists.value->end()) return NotFound(kType, request.list());
  const v1::ManagedList& list = found->second.message;
  return Labelled(request.live_only() ? WithoutRetired(list) : list, call.language());
}

absl::StatusOr<v1::ManagedList> ManagedListHandlers::Update(
    CallContext& call, const v1::UpdateManagedListRequest& request) {
  const std::string& name = request.managed_list().list();
  if (IsReferenceList(name)) return ReadOnly(name);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto lists, store_.lists.Fresh(*db));
  const auto found = lists.value->find(name);
  if (found == lists.value->end()) return NotFound(kType, name);
  const StoredManagedList& before = found->second;
  StoredManagedList saved = before;
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> written,
                       resource::ApplyUpdate(request.update_mask(), request.managed_list(),
                                             saved.message, call.language()));
  CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before.key, request.managed_list().etag(),
                                          "managed_list.etag", written));
  CRM_RETURN_IF_ERROR(record::RefuseIn(
      "managed_list", CheckManagedList(before.message, saved.message), call.language()));
  const resource::ChangeSource source = record::SourceOf(call);
  if (before.key.id != 0) {
    saved.key =
        store_.table.Change(call.writes(), before.key, before.message, saved.message, source);
  } else if (!store_.table.table().Diff(before.message, saved.message).changes().empty()) {
    saved.key = store_.table.Create(call.writes(), saved.message, source, before.key.version + 1);
    store_.table.AddHistory(call.writes(), saved.key, before.message, saved.message, source);
  }
  if (saved.key.version == before.key.version) return Labelled(before.message, call.language());
  v1::ManagedList answer = Labelled(saved.message, call.language());
  ManagedListSet changed = *lists.value;
  changed.insert_or_assign(name, std::move(saved));
  store_.lists.Change(call, lists, std::move(changed));
  return answer;
}

absl::StatusOr<v1::ListManagedListHistoryResponse> ManagedListHandlers::History(
    CallContext& call, const v1::ListManagedListHistoryRequest& request) {
  v1::ListManagedListHistoryResponse response;
  if (IsReferenceList(request.list())) return response;
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto lists, store_.lists.Fresh(*db));
  const auto found = lists.value->find(request.list());
  if (found == lists.value->end()) return NotFound(kType, request.list());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       store_.table.ReadHistory(*db, found->second.key.id, found->second.message,
                                                request.page_size(), request.page_token()));
  for (auto& entry : page.entries) *response.add_entries() = std::move(entry);
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

}  // namespace crm::customer
