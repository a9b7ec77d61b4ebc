#include "services/customer/settings_rules.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/absl_view.h"
#include "common/numbering/number_pattern.h"
#include "common/schema/message_schema.h"
#include "common/text/decimal.h"
#include "common/text/unicode.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

using schema::Violation;

namespace {

constexpr int kMoneyScale = 2;

void AddBand(const AmountRange& range, v1::CustomerSettings& settings) {
  v1::BudgetBand& band = *settings.add_budget_bands();
  band.set_lower(text::FormatDecimal(range.lower, kMoneyScale));
  if (range.upper != AmountRange::kOpen) {
    band.set_upper(text::FormatDecimal(range.upper, kMoneyScale));
  }
}

// One pass over one set of settings.
class Check {
 public:
  explicit Check(const v1::CustomerSettings& settings) : settings_(settings) {}

  std::vector<Violation> Run() && {
    CheckNumbers();
    CheckRequired("required_for_organization", settings_.required_for_organization(),
                  v1::CUSTOMER_KIND_ORGANIZATION);
    CheckRequired("required_for_person", settings_.required_for_person(), v1::CUSTOMER_KIND_PERSON);
    CheckAges();
    CheckNicknames();
    CheckBands();
    CheckActivity();
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string_view rule, std::string_view en, std::string_view zh) {
    violations_.push_back({std::move(field), std::string(rule), std::string(en), std::string(zh)});
  }

  void CheckNumbers() {
    const auto pattern = numbering::NumberPattern::Parse(settings_.number_pattern());
    if (!pattern.ok()) {
      return Add("number_pattern", "BAD_NUMBER_PATTERN", ToStd(pattern.status().message()),
                 "编号格式无效，例如 CRM{yyyy}{seq:6}");
    }
    CheckTypeCode("organization_type_code", *pattern, settings_.organization_type_code());
    CheckTypeCode("person_type_code", *pattern, settings_.person_type_code());
  }

  void CheckTypeCode(const char* field, const numbering::NumberPattern& pattern,
                     const std::string& code) {
    if (pattern.CheckType(code).ok()) return;
    Add(field, "BAD_TYPE_CODE", "use as many letters or digits as {type:N} in the pattern says",
        "类型代码的长度须与编号格式中 {type:N} 一致");
  }

  template <typename Fields>
  void CheckRequired(const std::string& name, const Fields& fields, v1::CustomerKind kind) {
    const auto& schema = schema::MessageSchema::Of<v1::Customer>();
    std::set<std::string> seen;
    for (int i = 0; i < fields.size(); ++i) {
      const std::string path = absl::StrCat(name, "[", i, "]");
      const schema::FieldSchema* field = schema.Find(fields[i]);
      if (field == nullptr || fields[i] == "etag" || fields[i] == "custom_fields") {
        Add(path, "FIELD_UNKNOWN", "name a field of Customer", "请填写存在的客户字段名");
      } else if (field->options->output_only()) {
        Add(path, "FIELD_OUTPUT_ONLY", "this field is set by the service", "该字段由系统维护");
      } else if (!IsFieldOfKind(fields[i], kind)) {
        Add(path, "FIELD_NOT_FOR_KIND", "customers of this kind do not have the field",
            "该类型客户没有此字段");
      } else if (!seen.insert(fields[i]).second) {
        Add(path, "FIELD_REPEATED", "name each field once", "字段重复");
      }
    }
  }

  void CheckAges() {
    if (settings_.min_age() <= settings_.max_age()) return;
    Add("max_age", "RANGE_EMPTY", "use an age that is not below min_age",
        "最大年龄不得小于最小年龄");
  }

  void CheckNicknames() {
    for (int i = 0; i < settings_.nicknames_size(); ++i) {
      // "X" alone, or "XX", would refuse every name of that length.
      const std::string& name = settings_.nicknames(i);
      if (name.find_first_not_of('X') != name.npos) continue;
      Add(absl::StrCat("nicknames[", i, "]"), "NICKNAME_TOO_WIDE",
          "use at least one character besides X", "除 X 外至少包含一个字符");
    }
  }

  void CheckBands() {
    int64_t expected = 0;
    const int count = settings_.budget_bands_size();
    for (int i = 0; i < count; ++i) {
      const v1::BudgetBand& band = settings_.budget_bands(i);
      const std::string path = absl::StrCat("budget_bands[", i, "]");
      const auto lower = text::ParseDecimal(band.lower().empty() ? "0" : band.lower(), kMoneyScale);
      const auto upper = text::ParseDecimal(band.upper(), kMoneyScale);
      const bool open = band.upper().empty();
      if (i == 0 && lower.ok()) expected = *lower;
      if (!lower.ok() || *lower != expected) {
        return Add(path + ".lower", "BANDS_NOT_ADJACENT", "begin where the band before ends",
                   "须与上一区间的上限相接");
      }
      if (open ? i + 1 < count : (!upper.ok() || *upper <= *lower)) {
        return Add(path + ".upper", "RANGE_EMPTY",
                   "use an upper bound above the lower one; only the last band is open",
                   "上限须大于下限，仅最后一个区间可不设上限");
      }
      if (!open) expected = *upper;
    }
  }

  void CheckActivity() {
    const v1::ActivityWindows& activity = settings_.activity();
    const auto require = [&](const char* field, int32_t value) {
      if (value < 1) Add(absl::StrCat("activity.", field), "REQUIRED", "set this field", "必填");
    };
    require("high_days", activity.high_days());
    require("medium_months", activity.medium_months());
  }

  const v1::CustomerSettings& settings_;
  std::vector<Violation> violations_;
};

}  // namespace

v1::CustomerSettings DefaultSettings() {
  const CustomerPolicy policy;
  v1::CustomerSettings settings;
  settings.set_number_pattern(kDefaultNumberPattern);
  settings.set_organization_type_code(policy.organization_type_code);
  settings.set_person_type_code(policy.person_type_code);
  settings.mutable_required_for_organization()->Add(policy.required_for_organization.begin(),
                                                    policy.required_for_organization.end());
  settings.mutable_required_for_person()->Add(policy.required_for_person.begin(),
                                              policy.required_for_person.end());
  settings.set_min_age(policy.min_age);
  settings.set_max_age(policy.max_age);
  settings.set_unusual_age_with_remark(policy.unusual_age_with_remark);
  settings.mutable_nicknames()->Add(policy.nicknames.begin(), policy.nicknames.end());
  for (const AmountRange& range : policy.budget_bands) AddBand(range, settings);
  settings.mutable_activity()->set_high_days(policy.activity.high_days);
  settings.mutable_activity()->set_medium_months(policy.activity.medium_months);
  settings.mutable_activity()->set_high_count(policy.activity.high_count);
  settings.mutable_activity()->set_medium_count(policy.activity.medium_count);
  settings.set_default_page_size(policy.default_page_size);
  return settings;
}

std::vector<Violation> CheckSettings(const v1::CustomerSettings& settings) {
  return Check(settings).Run();
}

CustomerPolicy PolicyOf(const v1::CustomerSettings& settings) {
  CustomerPolicy policy;
  policy.required_for_organization.assign(settings.required_for_organization().begin(),
                                          settings.required_for_organization().end());
  policy.required_for_person.assign(settings.required_for_person().begin(),
                                    settings.required_for_person().end());
  policy.min_age = settings.min_age();
  policy.max_age = settings.max_age();
  policy.unusual_age_with_remark = settings.unusual_age_with_remark();
  policy.nicknames.assign(settings.nicknames().begin(), settings.nicknames().end());
  policy.budget_bands = BandsOf(settings);
  const v1::ActivityWindows& activity = settings.activity();
  policy.activity = {.high_days = activity.high_days(),
                     .medium_months = activity.medium_months(),
                     .high_count = std::max(activity.high_count(), 1),
                     .medium_count = std::max(activity.medium_count(), 1)};
  policy.default_page_size = settings.default_page_size();
  policy.organization_type_code = settings.organization_type_code();
  policy.person_type_code = settings.person_type_code();
  return policy;
}

void LabelBands(schema::Language language, v1::CustomerSettings& settings) {
  for (v1::BudgetBand& band : *settings.mutable_budget_bands()) {
    const std::optional<AmountRange> range = ParseRange(band.lower(), band.upper());
    if (range.has_value()) band.set_label(RangeLabel(*range, language));
  }
}

}  // namespace crm::customer
