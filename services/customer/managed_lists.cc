#include "services/customer/managed_lists.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/mutex.h"
#include "common/text/unicode.h"
#include "services/customer/reference/industry.h"
#include "services/customer/reference/region.h"

namespace crm::customer {
namespace {

constexpr size_t kMaxCandidates = 5;

std::vector<ListEntry> Entries(
    std::initializer_list<std::tuple<const char*, const char*, const char*>> rows) {
  std::vector<ListEntry> entries;
  for (const auto& [code, zh, en] : rows) {
    entries.push_back({code, zh, en, static_cast<int>(entries.size()) + 1, false});
  }
  return entries;
}

ManagedLists::Lists MakeBuiltIn() {
  return {
      {"source_channel", Entries({{"website", "官网", "website"},
                                  {"ecommerce", "电商平台", "e-commerce"},
                                  {"wechat_official", "微信公众号", "WeChat official account"},
                                  {"wecom", "企业微信", "WeCom"},
                                  {"douyin", "抖音", "Douyin"},
                                  {"weibo", "微博", "Weibo"},
                                  {"store", "门店", "store"},
                                  {"exhibition", "展会", "exhibition"},
                                  {"referral", "转介绍", "referral"},
                                  {"online_ad", "网络广告", "online advertising"},
                                  {"telemarketing", "电话营销", "telemarketing"},
                                  {"own_visit", "主动拜访", "own visit"},
                                  {"phone", "电话咨询", "phone"},
                                  {"email", "邮件", "email"},
                                  {"questionnaire", "问卷", "questionnaire"},
                                  {"partner", "合作伙伴", "partner"},
                                  {"other", "其他", "other"}})},
      {"contact_channel", Entries({{"phone", "电话", "phone"},
                                   {"wechat", "微信", "WeChat"},
                                   {"email", "邮件", "email"},
                                   {"sms", "短信", "SMS"}})},
      {"need_type", Entries({{"product_enquiry", "产品咨询", "product enquiry"},
                             {"technical_support", "技术支持", "technical support"},
                             {"cooperation", "合作洽谈", "cooperation"},
                             {"after_sales", "售后服务", "after-sales"}})},
      {"no_purchase_reason", Entries({{"price", "价格", "price"},
                                      {"service", "服务", "service"},
                                      {"product_mismatch", "产品不匹配", "product mismatch"},
                                      {"other", "其他", "other"}})},
      {"interaction_method", Entries({{"call", "电话沟通", "call"},
                                      {"visit", "上门拜访", "visit"},
                                      {"email", "邮件往来", "email"},
                                      {"meeting", "会议", "meeting"},
                                      {"chat", "在线沟通", "chat"},
                                      {"form", "表单", "form"},
                                      {"order", "订单", "order"},
                                      {"other", "其他", "other"}})},
      {"next_action", Entries({{"send_material", "发送资料", "send material"},
                               {"arrange_demo", "安排演示", "arrange demo"},
                               {"quote", "报价", "quote"},
                               {"sign_contract", "签订合同", "sign contract"},
                               {"other", "其他", "other"},
                               {"none", "无", "none"}})},
      {"tag", Entries({{"price_sensitive", "价格敏感", "price-sensitive"},
                       {"technology_driven", "技术驱动", "technology-driven"},
                       {"long_decision_chain", "决策链长", "long decision chain"},
                       {"strong_repurchase_intent", "复购意愿强", "strong repurchase intent"},
                       {"service_driven", "服务驱动", "service-driven"},
                       {"brand_loyal", "品牌忠诚", "brand-loyal"},
                       {"referral_source", "乐于转介绍", "refers others"}})},
      {"service_type", Entries({{"consulting", "咨询", "consulting"},
                                {"installation", "安装", "installation"},
                                {"maintenance", "维护", "maintenance"},
                                {"training", "培训", "training"},
                                {"other", "其他", "other"}})},
  };
}

// A code of the reference tables, or the nearest ones with their Chinese names.
template <typename Find>
ListMatch FromReference(std::string_view text, const reference::Mapping& mapping, Find find) {
  ListMatch match;
  match.code = mapping.code;
  match.mapped = mapping.code != text;
  for (std::string_view code : mapping.candidates) {
    match.candidates.push_back(absl::StrCat(ToAbsl(code), " ", ToAbsl(find(code)->name_zh)));
  }
  return match;
}

ListMatch Exactly(std::string_view code) {
  ListMatch match;
  match.code = code;
  return match;
}

}  // namespace

struct ManagedLists::Snapshot {
  Lists lists;
  // list + '\n' + folded code or label → entry
  absl::flat_hash_map<std::string, const ListEntry*> by_text;
};

ManagedLists::ManagedLists() : snapshot_(Build(BuiltIn())) {}

const ManagedLists::Lists& ManagedLists::BuiltIn() {
  static const Lists& lists = *new Lists(MakeBuiltIn());
  return lists;
}

std::shared_ptr<const ManagedLists::Snapshot> ManagedLists::Build(Lists lists) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->lists = std::move(lists);
  for (const auto& [name, entries] : snapshot->lists) {
    for (const ListEntry& entry : entries) {
      if (entry.retired) continue;
      for (const std::string* text : {&entry.code, &entry.label_zh, &entry.label_en}) {
        snapshot->by_text.emplace(absl::StrCat(name, "\n", text::FoldForSearch(*text)), &entry);
      }
    }
  }
  return snapshot;
}

std::shared_ptr<const ManagedLists::Snapshot> ManagedLists::snapshot() const {
  ReaderMutexLock lock(&mutex_);
  return snapshot_;
}

schema::Breach NotInList(const std::vector<std::string>& candidates) {
  if (candidates.empty()) {
    return {"NOT_IN_LIST", "use a code or label of the list; GetManagedList has all",
            "请使用列表中的代码或名称，GetManagedList 可查询全部"};
  }
  const std::string nearest = absl::StrJoin(candidates, ", ");
  return {"NOT_IN_LIST", absl::StrCat("use a code or label of the list, such as: ", nearest),
          absl::StrCat("请使用列表中的代码或名称，例如：", nearest)};
}

ListMatch ManagedLists::Resolve(std::string_view list, std::string_view text) const {
  // Most values that are checked are codes already.
  if (list == "industry" && reference::FindIndustry(text) != nullptr) return Exactly(text);
  if (list == "region" && reference::FindRegion(text) != nullptr) return Exactly(text);
  if (list == "industry") {
    return FromReference(text, reference::MapIndustry(text), reference::FindIndustry);
  }
  if (list == "region") {
    return FromReference(text, reference::MapRegion(text), reference::FindRegion);
  }
  const std::shared_ptr<const Snapshot> now = snapshot();
  ListMatch match;
  auto found = now->by_text.find(absl::StrCat(ToAbsl(list), "\n", text::FoldForSearch(text)));
  if (found != now->by_text.end()) {
    match.code = found->second->code;
    match.mapped = match.code != text;
    return match;
  }
  auto entries = now->lists.find(list);
  if (entries == now->lists.end()) return match;
  for (const ListEntry& entry : entries->second) {
    if (match.candidates.size() == kMaxCandidates) break;
    if (!entry.retired) match.candidates.push_back(absl::StrCat(entry.code, " ", entry.label_zh));
  }
  return match;
}

std::string ManagedLists::LabelOf(std::string_view list, std::string_view text) const {
  const std::shared_ptr<const Snapshot> now = snapshot();
  auto found = now->by_text.find(absl::StrCat(ToAbsl(list), "\n", text::FoldForSearch(text)));
  return found == now->by_text.end() ? "" : found->second->label_zh;
}

void ManagedLists::Set(const Lists& changed) {
  Lists lists = All();
  for (const auto& [name, entries] : changed) lists.insert_or_assign(name, entries);
  std::shared_ptr<const Snapshot> fresh = Build(std::move(lists));
  MutexLock lock(&mutex_);
  snapshot_ = std::move(fresh);
}

ManagedLists::Lists ManagedLists::All() const { return snapshot()->lists; }

}  // namespace crm::customer
