#include "common/numbering/number_pattern.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::numbering {
namespace {

constexpr std::string_view kSequencePrefix = "seq:";
constexpr std::string_view kTypePrefix = "type:";
constexpr std::string_view kLiteralMarks = "-_./";
constexpr int kMaxSequenceDigits = 12;
constexpr int kMaxTypeLetters = 8;

absl::Status BadPattern(size_t position, std::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_NUMBER_PATTERN",
               absl::StrCat("number pattern, character ", position + 1, ": ", ToAbsl(problem)));
}

bool IsLiteral(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         kLiteralMarks.find(c) != std::string_view::npos;
}

// `20261121`, cut to four, six or eight digits.
std::string DateDigits(absl::Time now, absl::TimeZone zone, size_t width) {
  const absl::CivilDay day = absl::ToCivilDay(now, zone);
  const int64_t digits = day.year() * 10'000 + day.month() * 100 + day.day();
  return absl::StrCat(absl::Dec(digits, absl::kZeroPad8)).substr(0, width);
}

void AppendPadded(int64_t value, size_t width, std::string& out) {
  const std::string digits = absl::StrCat(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

absl::StatusOr<NumberPattern::Part> NumberPattern::ParsePlaceholder(std::string_view name,
                                                                    size_t position) const {
  if (name == "yyyy" || name == "yyyyMM" || name == "yyyyMMdd") {
    return Part{Kind::kDate, "", name.size()};
  }
  const bool sequence = name.starts_with(kSequencePrefix);
  if (sequence || name.starts_with(kTypePrefix)) {
    const int max = sequence ? kMaxSequenceDigits : kMaxTypeLetters;
    const std::string_view digits =
        name.substr(sequence ? kSequencePrefix.size() : kTypePrefix.size());
    int width = 0;
    const bool plain = std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit);
    if (!plain || !absl::SimpleAtoi(ToAbsl(digits), &width) || width < 1 || width > max) {
      return BadPattern(position, absl::StrCat("the width must be a number from 1 to ", max));
    }
    return Part{sequence ? Kind::kSequence : Kind::kType, "", static_cast<size_t>(width)};
  }
  return BadPattern(position, "only {yyyy}, {yyyyMM}, {yyyyMMdd}, {seq:N} and {type:N} are known");
}

absl::Status NumberPattern::Add(Part part, size_t position) {
  if (part.kind == Kind::kDate && std::exchange(date_width_, part.width) != 0) {
    return BadPattern(position, "a second date");
  }
  if (part.kind == Kind::kType && std::exchange(type_width_, part.width) != 0) {
    return BadPattern(position, "a second {type}");
  }
  if (part.kind == Kind::kSequence && std::exchange(has_sequence_, true)) {
    return BadPattern(position, "a second {seq}");
  }
  parts_.push_back(std::move(part));
  return absl::OkStatus();
}

absl::Status NumberPattern::CheckWhole() const {
  size_t length = 0;
  for (const Part& part : parts_) length += part.width + part.text.size();
  if (length == 0) return BadPattern(0, "it is empty");
  if (length > kMaxLength) {
    return BadPattern(0, absl::StrCat("the number is longer than ", kMaxLength, " characters"));
  }
  return absl::OkStatus();
}

absl::StatusOr<NumberPattern> NumberPattern::Parse(std::string_view text) {
  NumberPattern pattern;
  pattern.text_ = std::string(text);
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '{') {
      const size_t close = text.find('}', at);
      if (close == std::string_view::npos) return BadPattern(at, "a { without its }");
      CRM_ASSIGN_OR_RETURN(Part part,
                           pattern.ParsePlaceholder(text.substr(at + 1, close - at - 1), at));
      CRM_RETURN_IF_ERROR(pattern.Add(std::move(part), at));
      at = close + 1;
      continue;
    }
    const size_t begin = at;
    while (at < text.size() && IsLiteral(text[at])) ++at;
    if (at == begin) return BadPattern(at, "only letters, digits and - _ . / are allowed");
    CRM_RETURN_IF_ERROR(
        pattern.Add({Kind::kLiteral, std::string(text.substr(begin, at - begin)), 0}, begin));
  }
  CRM_RETURN_IF_ERROR(pattern.CheckWhole());
  return pattern;
}

absl::Status NumberPattern::CheckType(std::string_view type) const {
  const bool plain = std::all_of(type.begin(), type.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
  // A pattern without {type} ignores it.
  if (type_width_ == 0 || (plain && type.size() == type_width_)) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "BAD_TYPE_CODE",
               absl::StrCat("the type code in a number must have exactly ", type_width_,
                            " letters or digits"));
}

std::string NumberPattern::Period(absl::Time now, absl::TimeZone zone,
                                  std::string_view type) const {
  std::string period = date_width_ == 0 ? "" : DateDigits(now, zone, date_width_);
  if (!has_sequence_ && type_width_ != 0) absl::StrAppend(&period, "/", ToAbsl(type));
  return period;
}

std::string NumberPattern::Render(absl::Time now, absl::TimeZone zone, std::string_view type,
                                  int64_t value) const {
  std::string number;
  number.reserve(kMaxLength);
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kLiteral:
        number += part.text;
        break;
      case Kind::kDate:
        number += DateDigits(now, zone, part.width);
        break;
      case Kind::kSequence:
        AppendPadded(value, part.width, number);
        break;
      case Kind::kType:
        number += type;
        break;
    }
  }
  if (!has_sequence_ && value > 1) absl::StrAppend(&number, "-", value);
  return number;
}

}  // namespace crm::numbering
