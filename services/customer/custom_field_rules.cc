#include "services/customer/custom_field_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"
#include "common/text/dates.h"
#include "common/text/unicode.h"
#include "common/text/yes_no.h"
#include "google/protobuf/util/message_differencer.h"

namespace crm::customer {

using google::protobuf::Value;
using schema::Violation;

namespace {

constexpr size_t kDefaultMaxLength = 255;
constexpr char kPath[] = "custom_fields.";

filter::CustomFieldKind KindOf(v1::CustomFieldType type) {
  switch (type) {
    case v1::CUSTOM_FIELD_TYPE_NUMBER:
      return filter::CustomFieldKind::kNumber;
    case v1::CUSTOM_FIELD_TYPE_DATE:
      return filter::CustomFieldKind::kDate;
    case v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE:
      return filter::CustomFieldKind::kChoice;
    case v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE:
      return filter::CustomFieldKind::kChoices;
    case v1::CUSTOM_FIELD_TYPE_BOOLEAN:
      return filter::CustomFieldKind::kBoolean;
    default:
      return filter::CustomFieldKind::kText;
  }
}

Violation Broken(std::string_view rule, std::string en, std::string zh) {
  return {"", std::string(rule), std::move(en), std::move(zh)};
}

Violation WrongType(const char* en, const char* zh) { return Broken("CUSTOM_FIELD_TYPE", en, zh); }

bool IsUnknown(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      return true;
    case Value::kStringValue:
      return value.string_value().empty();
    case Value::kListValue:
      return value.list_value().values().empty();
    default:
      return false;
  }
}

bool Same(const Value& a, const Value& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

std::optional<Violation> CheckText(const v1::CustomField& field, const RE2* pattern,
                                   const Value& value) {
  if (value.kind_case() != Value::kStringValue) return WrongType("send a text", "请填写文本");
  const std::string& text = value.string_value();
  const size_t length = text::CodePointLength(text);
  const size_t max =
      field.has_max_length() ? static_cast<size_t>(field.max_length()) : kDefaultMaxLength;
  if (length > max) {
    return Broken("TEXT_TOO_LONG", absl::StrCat("use at most ", max, " characters"),
                  absl::StrCat("最多 ", max, " 个字符"));
  }
  if (length < static_cast<size_t>(field.min_length())) {
    return Broken("TEXT_TOO_SHORT",
                  absl::StrCat("use at least ", field.min_length(), " characters"),
                  absl::StrCat("至少 ", field.min_length(), " 个字符"));
  }
  if (pattern != nullptr && !RE2::FullMatch(text, *pattern)) {
    return Broken("TEXT_PATTERN",
                  absl::StrCat("use the form that the hint of ", field.label_en(), " describes"),
                  absl::StrCat("请按“", field.label_zh(), "”的格式填写"));
  }
  return std::nullopt;
}

std::optional<Violation> CheckNumber(const v1::CustomField& field, const Value& value) {
  if (value.kind_case() != Value::kNumberValue) return WrongType("send a number", "请填写数字");
  const double number = value.number_value();
  if (!std::isfinite(number)) {
    return Broken("NUMBER_NOT_FINITE", "use a finite number", "必须是有限数");
  }
  if (field.has_min_number() && number < field.min_number()) {
    return Broken("NUMBER_TOO_SMALL", absl::StrCat("use a number of at least ", field.min_number()),
                  absl::StrCat("不得小于 ", field.min_number()));
  }
  if (field.has_max_number() && number > field.max_number()) {
    return Broken("NUMBER_TOO_LARGE", absl::StrCat("use a number of at most ", field.max_number()),
                  absl::StrCat("不得大于 ", field.max_number()));
  }
  return std::nullopt;
}

std::optional<Violation> CheckDate(const v1::CustomField& field, const Value& value) {
  if (value.kind_case() != Value::kStringValue || !text::IsIsoDate(value.string_value())) {
    return Broken("DATE_FORMAT", "use a date that exists, as YYYY-MM-DD",
                  "请填写存在的日期，格式 YYYY-MM-DD");
  }
  // ISO dates compare as texts.
  if (!field.min_date().empty() && value.string_value() < field.min_date()) {
    return Broken("DATE_TOO_EARLY", absl::StrCat("use a date from ", field.min_date()),
                  absl::StrCat("不得早于 ", field.min_date()));
  }
  if (!field.max_date().empty() && value.string_value() > field.max_date()) {
    return Broken("DATE_TOO_LATE", absl::StrCat("use a date until ", field.max_date()),
                  absl::StrCat("不得晚于 ", field.max_date()));
  }
  return std::nullopt;
}

Violation NotAnOption(const v1::CustomField& field) {
  std::vector<std::string> codes;
  for (const v1::CustomFieldOption& option : field.options()) {
    if (!option.retired() && codes.size() < 10) codes.push_back(option.code());
  }
  const std::string list = absl::StrJoin(codes, ", ");
  return Broken("NOT_AN_OPTION", absl::StrCat("use codes of the field's options, such as: ", list),
                absl::StrCat("请使用选项中的代码，例如：", list));
}

std::string NumberText(double number) {
  // Shortest text that reads back as the same number; whole numbers without an exponent.
  if (number == std::floor(number) && std::abs(number) < 1e15) {
    return absl::StrCat(static_cast<int64_t>(number));
  }
  std::string text = absl::StrCat(number);
  double back = 0;
  if (!absl::SimpleAtod(text, &back) || back != number) text = absl::StrFormat("%.17g", number);
  return text;
}

std::string OptionLabel(const v1::CustomField& field, const std::string& code,
                        schema::Language language) {
  for (const v1::CustomFieldOption& option : field.options()) {
    if (option.code() != code) continue;
    return language == schema::Language::kChinese ? option.label_zh() : option.label_en();
  }
  return code;
}

std::optional<double> ReadNumber(std::string_view text) {
  const std::string plain =
      absl::StrReplaceAll(text::ToHalfWidth(text::Trim(text)), {{",", ""}, {" ", ""}});
  double number = 0;
  if (!absl::SimpleAtod(plain, &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

bool IsFor(const v1::CustomField& field, v1::CustomerKind kind) {
  return field.kinds().empty() ||
         std::find(field.kinds().begin(), field.kinds().end(), kind) != field.kinds().end();
}

CustomFieldRules::CustomFieldRules(std::vector<v1::CustomField> definitions)
    : definitions_(std::move(definitions)) {
  std::sort(definitions_.begin(), definitions_.end(),
            [](const v1::CustomField& a, const v1::CustomField& b) {
              return std::pair(a.sort_order(), std::string_view(a.field_key())) <
                     std::pair(b.sort_order(), std::string_view(b.field_key()));
            });
  for (size_t i = 0; i < definitions_.size(); ++i) {
    const v1::CustomField& field = definitions_[i];
    Compiled compiled{i, nullptr, {}};
    if (!field.pattern().empty()) {
      compiled.pattern = std::make_shared<const RE2>(field.pattern(), RE2::Quiet);
    }
    for (const v1::CustomFieldOption& option : field.options()) {
      if (option.retired()) continue;
      for (const std::string* text : {&option.code(), &option.label_zh(), &option.label_en()}) {
        compiled.codes.emplace(text::FoldForSearch(*text), option.code());
      }
    }
    kinds_[field.field_key()] = KindOf(field.type());
    by_key_[field.field_key()] = std::move(compiled);
  }
}

const v1::CustomField* CustomFieldRules::Find(std::string_view key) const {
  const auto found = by_key_.find(ToAbsl(key));
  return found == by_key_.end() ? nullptr : &definitions_[found->second.index];
}

std::optional<Violation> CustomFieldRules::Check(const Compiled& compiled, Value& value) const {
  const v1::CustomField& field = definitions_[compiled.index];
  const auto to_code = [&](Value& choice) {
    if (choice.kind_case() != Value::kStringValue) return false;
    const auto found = compiled.codes.find(text::FoldForSearch(choice.string_value()));
    if (found == compiled.codes.end()) return false;
    choice.set_string_value(found->second);
    return true;
  };
  switch (field.type()) {
    case v1::CUSTOM_FIELD_TYPE_NUMBER:
      return CheckNumber(field, value);
    case v1::CUSTOM_FIELD_TYPE_DATE:
      return CheckDate(field, value);
    case v1::CUSTOM_FIELD_TYPE_BOOLEAN:
      if (value.kind_case() == Value::kBoolValue) return std::nullopt;
      return WrongType("send true or false", "请填写是或否");
    case v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE:
      if (to_code(value)) return std::nullopt;
      return NotAnOption(field);
    case v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE: {
      if (value.kind_case() != Value::kListValue) return WrongType("send a list", "请填写列表");
      std::vector<std::string> chosen;
      for (Value& choice : *value.mutable_list_value()->mutable_values()) {
        if (!to_code(choice)) return NotAnOption(field);
        chosen.push_back(choice.string_value());
      }
      std::sort(chosen.begin(), chosen.end());
      if (std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end()) return std::nullopt;
      return Broken("OPTION_REPEATED", "name each option once", "选项不能重复");
    }
    default:
      return CheckText(field, compiled.pattern.get(), value);
  }
}

void CustomFieldRules::Normalize(v1::Customer& customer, const v1::Customer* before,
                                 std::vector<Violation>& violations) const {
  if (customer.custom_fields().fields().empty()) return customer.clear_custom_fields();
  auto& values = *customer.mutable_custom_fields()->mutable_fields();
  const auto refuse = [&](const std::string& key, Violation violation) {
    violation.field = absl::StrCat(kPath, key);
    violations.push_back(std::move(violation));
  };
  std::vector<std::string> keys;  // in lexical order: answers do not depend on the map
  for (const auto& [key, value] : values) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) {
    Value& value = values[key];
    if (IsUnknown(value)) {
      values.erase(key);
      continue;
    }
    if (before != nullptr) {
      const auto& old = before->custom_fields().fields();
      const auto found = old.find(key);
      if (found != old.end() && Same(found->second, value)) continue;
    }
    const auto compiled = by_key_.find(key);
    if (compiled == by_key_.end()) {
      refuse(key, Broken("CUSTOM_FIELD_UNKNOWN", "use the key of a defined custom field",
                         "没有此自定义字段"));
      continue;
    }
    const v1::CustomField& field = definitions_[compiled->second.index];
    if (field.retired()) {
      refuse(key, Broken("CUSTOM_FIELD_RETIRED", "leave this field out: it is no longer in use",
                         "该字段已停用"));
    } else if (!IsFor(field, customer.kind())) {
      refuse(key, Broken("FIELD_NOT_FOR_KIND", "customers of this kind do not have the field",
                         "该类型客户没有此字段"));
    } else if (auto violation = Check(compiled->second, value)) {
      refuse(key, *std::move(violation));
    }
  }
  if (values.empty()) customer.clear_custom_fields();
}

std::vector<std::string> CustomFieldRules::Missing(const v1::Customer& customer) const {
  std::vector<std::string> missing;
  const auto& values = customer.custom_fields().fields();
  for (const v1::CustomField& field : definitions_) {
    if (!field.required() || field.retired() || !IsFor(field, customer.kind())) continue;
    const auto found = values.find(field.field_key());
    if (found == values.end() || IsUnknown(found->second)) {
      missing.push_back(absl::StrCat(kPath, field.field_key()));
    }
  }
  return missing;
}

std::optional<Violation> CustomFieldRules::FromText(const v1::CustomField& field,
                                                    std::string_view text, Value& value) const {
  const std::string trimmed(text::Trim(text));
  switch (field.type()) {
    case v1::CUSTOM_FIELD_TYPE_NUMBER: {
      const auto number = ReadNumber(trimmed);
      if (!number.has_value()) return WrongType("write a number", "请填写数字");
      value.set_number_value(*number);
      break;
    }
    case v1::CUSTOM_FIELD_TYPE_DATE: {
      const auto date = text::ParseLooseDate(trimmed);
      if (!date.ok()) {
        return Broken(date.problem().rule, std::string(date.problem().mend_en),
                      std::string(date.problem().mend_zh));
      }
      value.set_string_value(absl::FormatCivilTime(absl::CivilDay(date->value)));
      break;
    }
    case v1::CUSTOM_FIELD_TYPE_BOOLEAN: {
      const auto yes = text::ParseYesNo(trimmed);
      if (!yes.has_value()) return WrongType("write yes or no", "请填写是或否");
      value.set_bool_value(*yes);
      break;
    }
    case v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE: {
      const std::string commas = absl::StrReplaceAll(
          trimmed, {{"、", ","}, {"，", ","}, {"；", ","}, {";", ","}, {"|", ","}});
      auto& list = *value.mutable_list_value();
      for (absl::string_view part : absl::StrSplit(commas, ',')) {
        const std::string_view choice = text::Trim(ToStd(part));
        if (!choice.empty()) list.add_values()->set_string_value(std::string(choice));
      }
      break;
    }
    default:
      value.set_string_value(trimmed);
  }
  const auto compiled = by_key_.find(field.field_key());
  if (compiled == by_key_.end()) {
    return Broken("CUSTOM_FIELD_UNKNOWN", "use the key of a defined custom field",
                  "没有此自定义字段");
  }
  return Check(compiled->second, value);
}

std::string CustomFieldRules::ToText(const v1::CustomField& field, const Value& value,
                                     schema::Language language) {
  const bool chinese = language == schema::Language::kChinese;
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return NumberText(value.number_value());
    case Value::kBoolValue:
      return value.bool_value() ? (chinese ? "是" : "yes") : (chinese ? "否" : "no");
    case Value::kStringValue:
      return OptionLabel(field, value.string_value(), language);
    case Value::kListValue: {
      std::vector<std::string> labels;
      for (const Value& choice : value.list_value().values()) {
        labels.push_back(OptionLabel(field, choice.string_value(), language));
      }
      return absl::StrJoin(labels, chinese ? "、" : ", ");
    }
    default:
      return "";
  }
}

}  // namespace crm::customer
