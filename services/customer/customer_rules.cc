#include "services/customer/customer_rules.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/crypto/digest.h"
#include "common/resource/resource_table.h"
#include "common/schema/message_schema.h"
#include "common/text/dates.h"
#include "common/text/decimal.h"
#include "common/text/national_ids.h"
#include "common/text/phone.h"
#include "services/customer/reach.h"

namespace crm::customer {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;
using schema::Violation;

namespace {

constexpr std::string_view kOrganizationOnly[] = {
    "credit_code",  "scale",          "annual_purchasing_volume",
    "bank_account", "decision_maker", "decision_maker_title",
    "company_phone"};
constexpr std::string_view kPersonOnly[] = {"gender",   "age",      "birthday",  "resident_id",
                                            "employer", "position", "department"};

std::optional<absl::CivilDay> ParseDay(std::string_view iso) {
  absl::CivilDay day;
  if (!text::IsIsoDate(iso) || !absl::ParseCivilTime(std::string(iso), &day)) return std::nullopt;
  return day;
}

const MessageSchema& Schema() {
  static const MessageSchema& schema = MessageSchema::Of<v1::Customer>();
  return schema;
}

bool IsKnown(const v1::Customer& customer, std::string_view field) {
  return resource::FieldText(customer, *Schema().Find(field)).has_value();
}

}  // namespace

bool IsFieldOfKind(std::string_view field, v1::CustomerKind kind) {
  const auto is = [field](std::string_view other) { return field == other; };
  return kind == v1::CUSTOMER_KIND_PERSON
             ? std::none_of(std::begin(kOrganizationOnly), std::end(kOrganizationOnly), is)
             : std::none_of(std::begin(kPersonOnly), std::end(kPersonOnly), is);
}

int AgeOn(absl::CivilDay birthday, absl::CivilDay today) {
  int age = static_cast<int>(today.year() - birthday.year());
  const bool before_birthday =
      std::pair(today.month(), today.day()) < std::pair(birthday.month(), birthday.day());
  return before_birthday ? age - 1 : age;
}

// One pass over one customer.
class CustomerRules::Check {
 public:
  Check(const CustomerRules& rules, v1::Customer& customer, const v1::Customer* before,
        absl::CivilDay today)
      : rules_(rules), customer_(customer), before_(before), today_(today) {}

  std::vector<Violation> Run() && {
    CheckKind();
    CheckNames();
    CheckLists();
    CheckBirth();
    CheckBudget();
    CheckContactDate();
    CheckPublicFacts();
    CheckPhone();
    ResetReach(customer_, before_);
    if (HasReachable(customer_)) customer_.set_unreachable(false);
    rules_.custom_fields_->Normalize(customer_, before_, violations_);
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string rule, std::string en, std::string zh) {
    violations_.push_back({std::move(field), std::move(rule), std::move(en), std::move(zh)});
  }
  void Add(std::string field, const text::Problem& problem) {
    Add(std::move(field), std::string(problem.rule), std::string(problem.mend_en),
        std::string(problem.mend_zh));
  }

  bool Changed(std::string_view field) const {
    return before_ == nullptr || !resource::FieldEquals(customer_, *before_, *Schema().Find(field));
  }

  bool is_person() const { return customer_.kind() == v1::CUSTOMER_KIND_PERSON; }

  void CheckKind() {
    const auto refuse = [&](auto& fields, const char* en, const char* zh) {
      for (std::string_view field : fields) {
        if (IsKnown(customer_, field)) Add(std::string(field), "FIELD_NOT_FOR_KIND", en, zh);
      }
    };
    if (is_person()) {
      refuse(kOrganizationOnly, "only organizations have this field", "仅企业客户填写该字段");
    } else {
      refuse(kPersonOnly, "only persons have this field", "仅个人客户填写该字段");
    }
  }

  void CheckNames() {
    if (is_person() && !customer_.full_name().empty() && Changed("full_name")) {
      NormalizeName("full_name", *customer_.mutable_full_name());
    }
    if (!customer_.decision_maker().empty() && Changed("decision_maker")) {
      NormalizeName("decision_maker", *customer_.mutable_decision_maker());
    }
  }

  void NormalizeName(const char* field, std::string& name) {
    auto normal = rules_.names_.Normalize(name);
    if (!normal.ok()) return Add(field, normal.problem());
    name = *std::move(normal);
  }

  // A value that was there before stays, even if its entry was retired since.
  void CheckLists() {
    const pb::Reflection& reflection = *customer_.GetReflection();
    for (const FieldSchema& field : Schema().fields()) {
      if (field.options->managed_list().empty() || !Changed(field.name)) continue;
      if (!field.repeated) {
        std::string value = reflection.GetString(customer_, field.descriptor);
        if (!value.empty() && ResolveCode(field, field.name, value)) {
          reflection.SetString(&customer_, field.descriptor, std::move(value));
        }
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(customer_, field.descriptor); ++i) {
        std::string value = reflection.GetRepeatedString(customer_, field.descriptor, i);
        if (ResolveCode(field, absl::StrCat(field.name, "[", i, "]"), value)) {
          reflection.SetRepeatedString(&customer_, field.descriptor, i, std::move(value));
        }
      }
    }
  }

  bool ResolveCode(const FieldSchema& field, std::string path, std::string& value) {
    ListMatch match = rules_.lists_.Resolve(field.options->managed_list(), value);
    if (!match.code.empty()) {
      value = std::move(match.code);
      return true;
    }
    schema::Breach breach = NotInList(match.candidates);
    Add(std::move(path), std::move(breach.rule), std::move(breach.mend_en),
        std::move(breach.mend_zh));
    return false;
  }

  void CheckBirth() {
    if (!is_person()) return;
    if (!customer_.resident_id().empty()) TakeBirthdayFromId();
    if (const auto birthday = ParseDay(customer_.birthday())) {
      if (*birthday > today_) {
        return Add("birthday", "DATE_IN_FUTURE", "use a date in the past", "不得晚于今天");
      }
      customer_.set_age(AgeOn(*birthday, today_));
      customer_.clear_age_as_of();
    } else if (customer_.has_age() && (Changed("age") || customer_.age_as_of().empty())) {
      customer_.set_age_as_of(absl::FormatCivilTime(today_));
    }
    if (customer_.has_age() && Changed("age")) CheckAge();
  }

  void TakeBirthdayFromId() {
    const auto birthday = text::BirthdayOfResidentId(customer_.resident_id());
    if (!birthday.has_value()) return;
    const std::string iso = absl::FormatCivilTime(*birthday);
    if (customer_.birthday().empty()) {
      customer_.set_birthday(iso);
    } else if (customer_.birthday() != iso) {
      Add("birthday", "BIRTHDAY_CONTRADICTS_ID", "use the birthday that the resident id states",
          "与身份证号中的出生日期不一致");
    }
  }

  void CheckAge() {
    const CustomerPolicy& policy = rules_.policy_;
    if (customer_.age() >= policy.min_age && customer_.age() <= policy.max_age) return;
    if (policy.unusual_age_with_remark && !customer_.remark().empty()) return;
    const char* how_en = policy.unusual_age_with_remark ? ", or explain it in remark" : "";
    const char* how_zh = policy.unusual_age_with_remark ? "，或在备注中说明" : "";
    Add("age", "AGE_UNUSUAL",
        absl::StrCat("use an age from ", policy.min_age, " to ", policy.max_age, how_en),
        absl::StrCat("年龄应在 ", policy.min_age, " 到 ", policy.max_age, " 之间", how_zh));
  }

  void CheckBudget() {
    if (customer_.budget_upper().empty()) return;
    const auto lower =
        text::ParseDecimal(customer_.budget_lower().empty() ? "0" : customer_.budget_lower(), 2);
    const auto upper = text::ParseDecimal(customer_.budget_upper(), 2);
    if (lower.ok() && upper.ok() && *lower >= *upper) {
      Add("budget_upper", "RANGE_EMPTY", "use an upper bound above the lower one",
          "预算上限须大于下限");
    }
  }

  void CheckContactDate() {
    if (customer_.first_contact_date().empty()) return;
    if (customer_.first_contact_date() > absl::FormatCivilTime(today_)) {
      return Add("first_contact_date", "DATE_IN_FUTURE", "use a date in the past", "不得晚于今天");
    }
    if (before_ != nullptr && !before_->first_contact_date().empty() &&
        customer_.first_contact_date() > before_->first_contact_date()) {
      Add("first_contact_date", "DATE_NOT_EARLIER", "the first contact can only be moved earlier",
          "首次接触日期只能提前");
    }
  }

  void CheckPublicFacts() {
    if (!Changed("public_facts")) return;
    for (int i = 0; i < customer_.public_facts_size(); ++i) {
      const v1::PublicFact& fact = customer_.public_facts(i);
      const std::string path = absl::StrCat("public_facts[", i, "]");
      const FieldSchema* field = Schema().Find(fact.field());
      if (field == nullptr || field->options->output_only() || field->options->not_stored() ||
          !IsFieldOfKind(fact.field(), customer_.kind())) {
        Add(path + ".field", "FIELD_UNKNOWN",
            "name a field of this kind of customer that people fill in",
            "请填写该类型客户可录入的字段名");
      }
      if (fact.date() > absl::FormatCivilTime(today_)) {
        Add(path + ".date", "DATE_IN_FUTURE", "use a date in the past", "不得晚于今天");
      }
    }
  }

  // CUS-4, CUS-14: the phone recognises its customer, which a landline cannot; organisations have
  // another field for theirs.
  void CheckPhone() {
    if (customer_.phone().empty() || !Changed("phone")) return;
    if (text::KindOfPhone(customer_.phone()) != text::PhoneKind::kLandline) return;
    if (is_person()) {
      return Add("phone", "PHONE_LANDLINE",
                 "enter a mobile number: only organizations have landlines",
                 "个人客户请填写手机号码，座机仅适用于企业客户");
    }
    Add("phone", "PHONE_LANDLINE",
        "enter the decision maker's mobile; a landline belongs in company_phone",
        "请填写关键决策人的手机号码，座机请填入公司电话");
  }

  const CustomerRules& rules_;
  v1::Customer& customer_;
  const v1::Customer* before_;
  const absl::CivilDay today_;
  std::vector<Violation> violations_;
};

CustomerRules::CustomerRules(CustomerPolicy policy, const ManagedLists& lists,
                             std::shared_ptr<const CustomFieldRules> custom_fields)
    : policy_(std::move(policy)),
      lists_(lists),
      custom_fields_(std::move(custom_fields)),
      names_(policy_.nicknames) {}

std::vector<Violation> CustomerRules::Normalize(v1::Customer& customer, const v1::Customer* before,
                                                absl::CivilDay today) const {
  return Check(*this, customer, before, today).Run();
}

std::vector<std::string> CustomerRules::Missing(const v1::Customer& customer) const {
  const auto& required = customer.kind() == v1::CUSTOMER_KIND_PERSON
                             ? policy_.required_for_person
                             : policy_.required_for_organization;
  std::vector<std::string> missing;
  for (const std::string& field : required) {
    if (Schema().Find(field) != nullptr && !IsKnown(customer, field)) missing.push_back(field);
  }
  for (std::string& field : custom_fields_->Missing(customer)) missing.push_back(std::move(field));
  return missing;
}

int64_t CustomerRules::RequiredMark() const {
  std::string text = absl::StrCat(absl::StrJoin(policy_.required_for_organization, ","), ";",
                                  absl::StrJoin(policy_.required_for_person, ","));
  for (const v1::CustomField& field : custom_fields_->definitions()) {
    if (!field.required() || field.retired()) continue;
    absl::StrAppend(&text, ";", field.field_key(),
                    IsFor(field, v1::CUSTOMER_KIND_ORGANIZATION) ? " organization" : "",
                    IsFor(field, v1::CUSTOMER_KIND_PERSON) ? " person" : "");
  }
  int64_t mark = 0;
  std::memcpy(&mark, crypto::Sha256(text).data(), sizeof(mark));
  return mark;
}

std::vector<Violation> CustomerRules::RequireComplete(const v1::Customer& customer) const {
  std::vector<Violation> violations;
  for (std::string& field : Missing(customer)) {
    violations.push_back({std::move(field), "REQUIRED", "set this field", "必填"});
  }
  return violations;
}

void CustomerRules::Initialize(v1::Customer& customer) const {
  if (customer.tier() == v1::TIER_UNSPECIFIED) customer.set_tier(v1::TIER_POTENTIAL);
  customer.set_stage(v1::STAGE_POTENTIAL);
  customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_PENDING);
  customer.set_activity_level(v1::LEVEL_LOW);
}

}  // namespace crm::customer
