#include "services/customer/import/customer_columns.h"

#include <array>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/text/unicode.h"

namespace crm::customer::import {

const FieldCatalog& CustomerCatalog() {
  static const FieldCatalog& catalog = *new FieldCatalog(
      schema::MessageSchema::Of<v1::Customer>(),
      {{"opening_amount", {"累计消费金额", "累计消费", "消费总额", "历史消费金额", "total amount"}},
       {"opening_count", {"购买次数", "消费次数", "累计订单数", "历史订单数", "orders"}},
       {"opening_as_of", {}},
       {"satisfaction", {"客户满意度", "满意度评分", "满意程度"}},
       {"nps", {"NPS", "NPS评分", "净推荐值", "推荐度"}},
       {"stage", {"客户阶段", "合作状态", "customer stage"}},
       {"tags", {"客户标签", "tag"}},
       {"opening_source", {}},
       {"budget", {"预算", "预算范围", "采购预算", "预算区间", "budget", "budget range"}}});
  return catalog;
}

std::string NameKeyOf(const v1::Customer& customer) {
  // A person's name alone says too little, a company's is meant to be unique.
  const bool organization = customer.kind() == v1::CUSTOMER_KIND_ORGANIZATION;
  if (!organization && customer.phone().empty() && customer.address().empty()) return "";
  return absl::StrCat(text::FoldForSearch(customer.full_name()), "\n", customer.phone(), "\n",
                      text::FoldForSearch(customer.address()));
}

v1::CustomerKind GuessKind(const v1::Customer& customer) {
  static constexpr std::array<std::string_view, 34> kOfOrganizations = {
      "公司", "集团", "厂",     "店",     "中心",   "研究院", "研究所", "学校",   "大学",
      "学院", "医院", "银行",   "局",     "委员会", "协会",   "合作社", "事务所", "工作室",
      "酒店", "商行", "经营部", "基金会", "出版社", "政府",   "有限",   "股份",   "企业",
      " inc", " ltd", " llc",   " corp",  "gmbh",   " co.",   "company"};
  if (!customer.credit_code().empty() || !customer.decision_maker().empty() ||
      customer.scale() != v1::SCALE_UNSPECIFIED || !customer.company_phone().empty()) {
    return v1::CUSTOMER_KIND_ORGANIZATION;
  }
  if (!customer.resident_id().empty() || !customer.birthday().empty() ||
      customer.gender() != v1::GENDER_UNSPECIFIED || !customer.employer().empty()) {
    return v1::CUSTOMER_KIND_PERSON;
  }
  const std::string name = text::FoldForSearch(customer.full_name());
  for (std::string_view part : kOfOrganizations) {
    if (absl::StrContains(name, ToAbsl(part))) return v1::CUSTOMER_KIND_ORGANIZATION;
  }
  return v1::CUSTOMER_KIND_PERSON;
}

}  // namespace crm::customer::import
