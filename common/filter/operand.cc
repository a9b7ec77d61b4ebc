#include "common/filter/operand.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/text/dates.h"

namespace crm::filter {
namespace {

constexpr size_t kIsoDateLength = 10;
constexpr int64_t kFirstYear = 1000;
constexpr int64_t kLastYear = 9999;
constexpr int64_t kMaxStep = 100'000;  // days or months from today

std::optional<absl::CivilDay> InRange(absl::CivilDay day) {
  if (day.year() < kFirstYear || day.year() > kLastYear) return std::nullopt;
  return day;
}

// The same day of another month, or that month's last day.
absl::CivilDay AddMonths(absl::CivilDay day, int64_t months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month) + (day.day() - 1), last);
}

std::optional<absl::CivilDay> CallDay(const Literal& call, absl::CivilDay today) {
  if (call.text == "today") return call.argument.has_value() ? std::nullopt : InRange(today);
  if (!call.argument.has_value() || *call.argument > kMaxStep || *call.argument < -kMaxStep) {
    return std::nullopt;
  }
  if (call.text == "days_ago") return InRange(today - *call.argument);
  if (call.text == "months_ago") return InRange(AddMonths(today, -*call.argument));
  return std::nullopt;
}

bool IsText(const Literal& literal) {
  return literal.form == Literal::Form::kWord || literal.form == Literal::Form::kQuoted;
}

}  // namespace

std::optional<absl::CivilDay> ReadDay(const Literal& literal, absl::Time now, absl::TimeZone zone) {
  if (literal.form == Literal::Form::kCall) return CallDay(literal, absl::ToCivilDay(now, zone));
  absl::CivilDay day;
  if (!IsText(literal) || !text::IsIsoDate(literal.text)) return std::nullopt;
  if (!absl::ParseCivilTime(literal.text, &day)) return std::nullopt;
  return InRange(day);
}

std::string IsoDate(absl::CivilDay day) { return absl::FormatCivilTime(day); }

std::optional<absl::Time> ReadTime(const Literal& literal, absl::TimeZone zone) {
  constexpr const char* kFormats[] = {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M%Ez",
                                      "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%dT%H:%M"};
  const std::string& text = literal.text;
  // ParseTime alone would also take "infinite-future" and years of any length.
  if (!IsText(literal) || text.size() <= kIsoDateLength || text[kIsoDateLength] != 'T' ||
      !text::IsIsoDate(std::string_view(text).substr(0, kIsoDateLength))) {
    return std::nullopt;
  }
  for (const char* format : kFormats) {
    absl::Time time;
    if (absl::ParseTime(format, text, zone, &time, nullptr)) return time;
  }
  return std::nullopt;
}

std::optional<int64_t> ReadInteger(const Literal& literal) {
  int64_t number = 0;
  if (!IsText(literal) || !absl::SimpleAtoi(literal.text, &number)) return std::nullopt;
  return number;
}

std::optional<double> ReadNumber(const Literal& literal) {
  const auto plain = [](char c) { return absl::StrContains("0123456789+-.eE", c); };
  double number = 0;
  if (!IsText(literal) || !std::all_of(literal.text.begin(), literal.text.end(), plain) ||
      !absl::SimpleAtod(literal.text, &number) || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<bool> ReadBoolean(const Literal& literal) {
  if (!IsText(literal)) return std::nullopt;
  if (absl::EqualsIgnoreCase(literal.text, "true") || literal.text == "是") return true;
  if (absl::EqualsIgnoreCase(literal.text, "false") || literal.text == "否") return false;
  return std::nullopt;
}

bool IsUnspecified(const google::protobuf::EnumDescriptor& type, std::string_view text) {
  const auto* zero = type.FindValueByNumber(0);
  return absl::EqualsIgnoreCase(ToAbsl(text), "UNSPECIFIED") ||
         (zero != nullptr && absl::EqualsIgnoreCase(ToAbsl(text), zero->name()));
}

std::string JsonText(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Mend ExpectedDay() {
  return {"expected a date such as 2026-05-01, today(), days_ago(90) or months_ago(6)",
          "应为日期，例如 2026-05-01、today()、days_ago(90) 或 months_ago(6)"};
}
Mend ExpectedTime() {
  return {"expected a time such as 2026-05-01T08:30:00+08:00 or a date such as 2026-05-01",
          "应为时间，例如 2026-05-01T08:30:00+08:00，或日期，例如 2026-05-01"};
}
Mend ExpectedInteger() { return {"expected a whole number such as 3", "应为整数，例如 3"}; }
Mend ExpectedNumber() { return {"expected a number such as 3.5", "应为数字，例如 3.5"}; }
Mend ExpectedDecimal() {
  return {"expected a number with at most 2 digits after the point, such as 5000 or 99.50",
          "应为最多两位小数的数字，例如 5000 或 99.50"};
}
Mend ExpectedBoolean() { return {"expected true or false", "应为 true 或 false（是 / 否）"}; }
Mend ExpectedText() {
  return {"expected a text; put words with marks in quotes", "应为文本；含标点的文本请加引号"};
}

Mend ExpectedEnum(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> en;
  std::vector<std::string> zh;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (value.number() == 0) continue;
    en.push_back(schema::EnumLabel(value, schema::Language::kEnglish));
    zh.push_back(schema::EnumLabel(value, schema::Language::kChinese));
  }
  return {absl::StrCat("expected one of: ", absl::StrJoin(en, ", ")),
          absl::StrCat("应为以下之一：", absl::StrJoin(zh, "、"))};
}

}  // namespace crm::filter
