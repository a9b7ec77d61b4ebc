#include "services/customer/managed_list_store.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/unicode.h"
#include "services/customer/reference/industry.h"
#include "services/customer/reference/region.h"

namespace crm::customer {

using schema::Violation;

namespace {

constexpr std::string_view kIndustry = "industry";
constexpr std::string_view kRegion = "region";

StoredManagedList BuiltIn(const std::string& name, const std::vector<ListEntry>& entries) {
  StoredManagedList list{{0, 1}, {}};
  list.message.set_list(name);
  list.message.set_etag(resource::EtagOf(1));
  for (const ListEntry& entry : entries) {
    v1::ManagedListEntry& added = *list.message.add_entries();
    added.set_code(entry.code);
    added.set_label_zh(entry.label_zh);
    added.set_label_en(entry.label_en);
    added.set_retired(entry.retired);
  }
  return list;
}

void AddReference(std::string_view code, std::string_view zh, std::string_view en,
                  std::string parent, v1::ManagedList& list) {
  v1::ManagedListEntry& entry = *list.add_entries();
  entry.set_code(std::string(code));
  entry.set_label_zh(std::string(zh));
  entry.set_label_en(std::string(en));
  entry.set_parent(std::move(parent));
}

}  // namespace

ManagedListStore::ManagedListStore(Archive& archive)
    : table(v1::ManagedList::descriptor(), archive.keyring, archive.ids, "managed_list"),
      lists(
          "managed_list", [this](db::Connection& db) { return Load(db); },
          [&archive](const std::shared_ptr<const ManagedListSet>& fresh) {
            archive.lists.Set(ToLists(*fresh));
          }) {}

absl::StatusOr<ManagedListSet> ManagedListStore::Load(db::Connection& db) const {
  ManagedListSet loaded;
  for (const auto& [name, entries] : ManagedLists::BuiltIn()) {
    loaded.emplace(name, BuiltIn(name, entries));
  }
  CRM_ASSIGN_OR_RETURN(std::vector<StoredManagedList> changed, table.LoadAll<v1::ManagedList>(db));
  for (StoredManagedList& list : changed) {
    std::string name = list.message.list();
    loaded.insert_or_assign(std::move(name), std::move(list));
  }
  return loaded;
}

ManagedLists::Lists ToLists(const ManagedListSet& lists) {
  ManagedLists::Lists all;
  for (const auto& [name, list] : lists) {
    std::vector<ListEntry>& entries = all[name];
    for (const v1::ManagedListEntry& entry : list.message.entries()) {
      entries.push_back({entry.code(), entry.label_zh(), entry.label_en(),
                         static_cast<int>(entries.size()) + 1, entry.retired()});
    }
  }
  return all;
}

std::vector<Violation> CheckManagedList(const v1::ManagedList& before,
                                        const v1::ManagedList& after) {
  std::vector<Violation> violations;
  std::set<std::string> codes;
  std::set<std::string> texts;
  for (int i = 0; i < after.entries_size(); ++i) {
    const v1::ManagedListEntry& entry = after.entries(i);
    const std::string path = absl::StrCat("entries[", i, "]");
    if (!codes.insert(entry.code()).second) {
      violations.push_back({path + ".code", "CODE_REPEATED", "name each code once", "代码重复"});
      continue;
    }
    if (entry.retired()) continue;
    const std::set<std::string> own = {text::FoldForSearch(entry.code()),
                                       text::FoldForSearch(entry.label_zh()),
                                       text::FoldForSearch(entry.label_en())};
    const bool taken = std::any_of(own.begin(), own.end(),
                                   [&](const std::string& text) { return texts.count(text) > 0; });
    if (taken) {
      violations.push_back({path, "LABEL_REPEATED", "use a code and labels that no other entry has",
                            "代码或名称与其他条目重复"});
    }
    texts.insert(own.begin(), own.end());
  }
  for (const v1::ManagedListEntry& entry : before.entries()) {
    if (codes.count(entry.code()) > 0) continue;
    violations.push_back({"entries", "CODE_MISSING",
                          absl::StrCat("keep the entry ", entry.code(), ", or retire it"),
                          absl::StrCat("请保留或停用条目 ", entry.code())});
  }
  return violations;
}

bool IsReferenceList(std::string_view list) { return list == kIndustry || list == kRegion; }

v1::ManagedList ReferenceList(std::string_view name) {
  v1::ManagedList list;
  list.set_list(std::string(name));
  list.set_read_only(true);
  list.set_etag(resource::EtagOf(1));
  if (name == kIndustry) {
    for (const reference::Industry& industry : reference::AllIndustries()) {
      // A division is its section's letter and two digits.
      const bool division = industry.members.empty() && industry.code.size() > 1;
      AddReference(industry.code, industry.name_zh, industry.name_en,
                   division ? std::string(industry.code.substr(0, 1)) : "", list);
    }
  } else {
    for (const reference::Region& region : reference::AllRegions()) {
      AddReference(region.code, region.name_zh, region.name_en,
                   region.is_province() ? "" : region.province_code(), list);
    }
  }
  return list;
}

}  // namespace crm::customer
