#include "services/customer/import/cell_cleaner.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/tabular/table_writer.h"
#include "common/text/dates.h"
#include "common/text/decimal.h"
#include "common/text/unicode.h"
#include "common/text/yes_no.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/customer/v1/interaction.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/customer/import/list_synonyms.h"
#include "services/customer/import/scale_band.h"

namespace crm::customer::import {

namespace pb = google::protobuf;
namespace opt = crm::options::v1;
using schema::Breach;
using schema::FieldKind;
using schema::FieldSchema;

namespace {

constexpr int kScale = 2;
// A column of free text mapped to a list must not grow the memory.
constexpr size_t kMaxMeanings = 10'000;

Breach FromProblem(const text::Problem& problem) {
  return {std::string(problem.rule), std::string(problem.mend_en), std::string(problem.mend_zh)};
}

// Digits that `unit` adds: 4 for 10 000.
int ScaleOfUnit(int64_t unit) {
  int scale = 0;
  for (; unit >= 10; unit /= 10) ++scale;
  return scale;
}

bool MayHaveFullWidth(std::string_view text) {
  return text.find("\xEF\xBC") != std::string_view::npos ||
         text.find("\xEF\xBD") != std::string_view::npos ||
         text.find("\xE3\x80\x80") != std::string_view::npos;
}

// Letters, digits and the space; brackets and commas of a Chinese name or address stay.
std::string HalfWidthLetters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (text::CodePoints points(text); !points.done();) {
    const size_t at = points.position();
    const char32_t c = points.Next();
    const bool wide = (c >= 0xFF10 && c <= 0xFF19) || (c >= 0xFF21 && c <= 0xFF3A) ||
                      (c >= 0xFF41 && c <= 0xFF5A);
    if (wide) {
      out += static_cast<char>(c - 0xFEE0);
    } else if (c == 0x3000) {
      out += ' ';
    } else {
      out += text.substr(at, points.position() - at);
    }
  }
  return out;
}

bool IsBreak(char c) { return c == '\n' || c == '\r' || c == '\t'; }

// Text such as "45岁", "30 天", "5 orders": the number in front.
std::string_view LeadingNumber(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && (absl::ascii_isdigit(static_cast<unsigned char>(text[end])) ||
                               text[end] == '.' || text[end] == ',' || text[end] == '-')) {
    ++end;
  }
  return end == 0 ? text : text.substr(0, end);
}

// Fields that hold a user id.
bool IsStaff(const FieldSchema& field) {
  static const pb::FieldDescriptor* const owner =
      v1::Customer::descriptor()->FindFieldByNumber(v1::Customer::kOwnerFieldNumber);
  static const pb::FieldDescriptor* const staff =
      v1::Interaction::descriptor()->FindFieldByNumber(v1::Interaction::kStaffFieldNumber);
  return field.descriptor == owner || field.descriptor == staff;
}

bool IsSatisfaction(const FieldSchema& field) {
  static const pb::FieldDescriptor* const satisfaction =
      v1::Customer::descriptor()->FindFieldByNumber(v1::Customer::kSatisfactionFieldNumber);
  return field.descriptor == satisfaction;
}

// Satisfaction in words as the number it stands for (CUS-7).
std::string_view ScoreInWords(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kScores[] = {
      {"非常满意", "5"},         {"满意", "4"},       {"一般", "3"},
      {"不满意", "2"},           {"非常不满意", "1"}, {"very satisfied", "5"},
      {"satisfied", "4"},        {"neutral", "3"},    {"dissatisfied", "2"},
      {"very dissatisfied", "1"}};
  for (const auto& [words, score] : kScores) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(words))) return score;
  }
  return "";
}

Cleaning RuleOfList(std::string_view list) {
  if (list == "industry") return Cleaning::kIndustry;
  if (list == "region") return Cleaning::kRegion;
  return Cleaning::kList;
}

}  // namespace

bool CellCleaner::IsMissingWord(std::string_view text) {
  static constexpr std::array<std::string_view, 21> kWords = {
      "未知", "无",  "-",    "--",   "—",    "——",     "/",  "\\",     "n/a",     "na", "null",
      "none", "nil", "不详", "暂无", "未填", "未填写", "空", "无数据", "unknown", "?"};
  if (text.empty()) return true;
  if (text.size() > 12) return false;
  for (std::string_view word : kWords) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(word))) return true;
  }
  return false;
}

std::vector<std::string_view> SplitItems(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kMarks = {"、", "，", "；", ",", ";",
                                                             "|",  "/",  "\n", "｜"};
  std::vector<std::string_view> items;
  size_t start = 0;
  const auto add = [&](size_t end) {
    const std::string_view item = text::Trim(text.substr(start, end - start));
    if (!item.empty()) items.push_back(item);
  };
  for (size_t i = 0; i < text.size();) {
    size_t mark = 0;
    for (std::string_view candidate : kMarks) {
      if (text.substr(i).starts_with(candidate)) mark = candidate.size();
    }
    if (mark > 0) {
      add(i);
      start = i + mark;
    }
    i += std::max<size_t>(mark, 1);
  }
  add(text.size());
  return items;
}

std::string_view CellCleaner::CleanText(std::string_view cell, bool keep_lines,
                                        CleaningCounts& counts) {
  if (cell.empty()) return cell;
  std::string_view text = tabular::RemoveFormulaGuard(cell);
  if (text.size() != cell.size()) counts.Count(Cleaning::kFormulaGuard);
  std::string_view trimmed = text::Trim(text);
  bool trim = trimmed.size() != text.size();
  if (MayHaveFullWidth(trimmed)) {
    std::string half = HalfWidthLetters(trimmed);
    if (half != trimmed) {
      counts.Count(Cleaning::kFullWidth);
      text_ = std::move(half);
      trimmed = text_;
    }
  }
  if (!keep_lines && std::any_of(trimmed.begin(), trimmed.end(), IsBreak)) {
    text_ = text::CollapseSpaces(trimmed);
    trimmed = text_;
    trim = true;
  }
  if (trim) counts.Count(Cleaning::kTrim);
  return trimmed;
}

CellCleaner::Outcome CellCleaner::Clean(const FieldSchema& field, int64_t unit,
                                        std::string_view cell, pb::Message& message,
                                        CleaningCounts& counts, Breach& breach) {
  const std::string_view text =
      CleanText(cell, field.options->format() == opt::FORMAT_TEXT, counts);
  if (IsMissingWord(text)) {
    if (!text.empty()) counts.Count(Cleaning::kMissing);
    return Outcome::kMissing;
  }
  if (field.repeated) return AddItems(field, text, message, counts, breach);
  if (field.kind == FieldKind::kEnum || !field.options->managed_list().empty()) {
    return SetCode(field, text, message, counts, breach);
  }
  if (field.kind == FieldKind::kInteger) return SetInteger(field, text, message, counts, breach);
  if (field.kind == FieldKind::kBool) return SetYesNo(field, text, message, counts, breach);
  if (field.kind == FieldKind::kTimestamp) {
    return SetTimestamp(field, text, message, counts, breach);
  }
  if (IsStaff(field)) return SetStaff(field, text, message, counts, breach);
  return SetString(field, unit, text, message, counts, breach);
}

CellCleaner::Meaning CellCleaner::LookUp(const FieldSchema& field, std::string_view text) const {
  Meaning meaning;
  if (field.kind == FieldKind::kEnum) {
    const pb::EnumDescriptor& type = *field.descriptor->enum_type();
    const pb::EnumValueDescriptor* value = schema::FindEnumValue(type, text);
    if (value == nullptr && &type == v1::Scale_descriptor()) {
      if (const auto scale = ParseScale(text)) value = type.FindValueByNumber(*scale);
    }
    if (value == nullptr) {
      std::vector<std::string> labels;
      for (int i = 1; i < type.value_count(); ++i) {
        labels.push_back(schema::EnumLabel(*type.value(i), schema::Language::kChinese));
      }
      meaning.breach = NotInList(labels);
      return meaning;
    }
    meaning.known = true;
    meaning.number = value->number();
    meaning.mapped = value->name() != text;
    return meaning;
  }
  const std::string& list = field.options->managed_list();
  ListMatch match = lists_.Resolve(list, text);
  if (match.code.empty()) {
    const std::string_view code = CodeOfSynonym(list, text::FoldForSearch(text));
    if (!code.empty()) match = lists_.Resolve(list, code);
    match.mapped = true;
  }
  meaning.known = !match.code.empty();
  meaning.mapped = match.mapped;
  if (!meaning.known) meaning.breach = NotInList(match.candidates);
  meaning.code = std::move(match.code);
  return meaning;
}

const CellCleaner::Meaning& CellCleaner::MeaningOf(const FieldSchema& field,
                                                   std::string_view text) {
  Meanings& meanings = meanings_[&field];
  auto found = meanings.find(ToAbsl(text));
  if (found != meanings.end()) return found->second;
  if (meanings.size() >= kMaxMeanings) meanings.clear();
  return meanings.emplace(std::string(text), LookUp(field, text)).first->second;
}

CellCleaner::Outcome CellCleaner::SetCode(const FieldSchema& field, std::string_view text,
                                          pb::Message& message, CleaningCounts& counts,
                                          Breach& breach) {
  const Meaning& meaning = MeaningOf(field, text);
  if (!meaning.known) {
    breach = meaning.breach;
    return Outcome::kBroken;
  }
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.kind == FieldKind::kEnum) {
    if (meaning.mapped) counts.Count(Cleaning::kEnumLabel);
    reflection.SetEnumValue(&message, field.descriptor, meaning.number);
  } else {
    if (meaning.mapped) counts.Count(RuleOfList(field.options->managed_list()));
    reflection.SetString(&message, field.descriptor, meaning.code);
  }
  return Outcome::kSet;
}

// An id that the directory does not hold passes, as it does over the API.
CellCleaner::Outcome CellCleaner::SetStaff(const FieldSchema& field, std::string_view text,
                                           pb::Message& message, CleaningCounts& counts,
                                           Breach& breach) {
  const StaffNames::Match match = staff_.Find(text);
  if (match.candidates > 1) {
    breach = {"STAFF_AMBIGUOUS",
              absl::StrCat(match.candidates, " users have this name; use the user id"),
              absl::StrCat("有 ", match.candidates, " 名员工同名，请填写工号")};
    return Outcome::kBroken;
  }
  const std::string_view id = match.candidates == 1 ? std::string_view(match.user_id) : text;
  const Outcome outcome = SetString(field, 1, id, message, counts, breach);
  if (outcome == Outcome::kBroken && match.candidates == 0) {
    breach = {"STAFF_UNKNOWN", "use a user id, or the name of a user of the staff directory",
              "请填写工号，或员工目录中的姓名"};
  }
  if (outcome == Outcome::kSet && id != text) counts.Count(Cleaning::kList);
  return outcome;
}

CellCleaner::Outcome CellCleaner::AddItems(const FieldSchema& field, std::string_view text,
                                           pb::Message& message, CleaningCounts& counts,
                                           Breach& breach) {
  const std::vector<std::string_view> items = SplitItems(text);
  if (items.size() > 1) counts.Count(Cleaning::kSplit);
  if (items.size() > static_cast<size_t>(field.max_items)) {
    breach = {"TOO_MANY_ITEMS", absl::StrCat("give at most ", field.max_items, " values"),
              absl::StrCat("最多 ", field.max_items, " 项")};
    return Outcome::kBroken;
  }
  const pb::Reflection& reflection = *message.GetReflection();
  const auto fail = [&] {
    reflection.ClearField(&message, field.descriptor);
    return Outcome::kBroken;
  };
  for (std::string_view item : items) {
    std::string value(item);
    if (!field.options->managed_list().empty()) {
      const Meaning& meaning = MeaningOf(field, item);
      if (!meaning.known) {
        breach = meaning.breach;
        return fail();
      }
      if (meaning.mapped) counts.Count(Cleaning::kList);
      value = meaning.code;
    } else if (auto problem = schema::CheckString(field, now_, value)) {
      breach = *std::move(problem);
      return fail();
    }
    reflection.AddString(&message, field.descriptor, std::move(value));
  }
  return items.empty() ? Outcome::kMissing : Outcome::kSet;
}

CellCleaner::Outcome CellCleaner::SetInteger(const FieldSchema& field, std::string_view text,
                                             pb::Message& message, CleaningCounts& counts,
                                             Breach& breach) {
  const std::string_view score = IsSatisfaction(field) ? ScoreInWords(text) : "";
  const std::string_view digits = score.empty() ? LeadingNumber(text) : score;
  if (digits.size() != text.size()) counts.Count(Cleaning::kInteger);
  const text::Result<int64_t> number = text::ParseDecimal(digits, 0);
  if (!number.ok()) {
    breach = FromProblem(number.problem());
    return Outcome::kBroken;
  }
  if (auto problem = schema::CheckInteger(field, *number)) {
    breach = *std::move(problem);
    return Outcome::kBroken;
  }
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.descriptor->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) {
    if (*number > std::numeric_limits<int32_t>::max() ||
        *number < std::numeric_limits<int32_t>::min()) {
      breach = {"NUMBER_TOO_LARGE", "use a smaller number", "数值过大"};
      return Outcome::kBroken;
    }
    reflection.SetInt32(&message, field.descriptor, static_cast<int32_t>(*number));
  } else {
    if (*number < 0) {
      breach = {"NUMBER_TOO_SMALL", "use a number of at least 0", "不得小于 0"};
      return Outcome::kBroken;
    }
    reflection.SetInt64(&message, field.descriptor, *number);
  }
  return Outcome::kSet;
}

CellCleaner::Outcome CellCleaner::SetYesNo(const FieldSchema& field, std::string_view text,
                                           pb::Message& message, CleaningCounts& counts,
                                           Breach& breach) {
  const std::optional<bool> yes = text::ParseYesNo(text);
  if (!yes.has_value()) {
    breach = {"YES_OR_NO", "write yes or no", "请填写是或否"};
    return Outcome::kBroken;
  }
  counts.Count(Cleaning::kYesNo);
  message.GetReflection()->SetBool(&message, field.descriptor, *yes);
  return Outcome::kSet;
}

// Without a time of day it is midnight of the business zone.
CellCleaner::Outcome CellCleaner::SetTimestamp(const FieldSchema& field, std::string_view text,
                                               pb::Message& message, CleaningCounts& counts,
                                               Breach& breach) {
  const text::Result<text::LooseDate> date = text::ParseLooseDate(text);
  if (!date.ok()) {
    breach = FromProblem(date.problem());
    return Outcome::kBroken;
  }
  if (date->ToIso() != text) counts.Count(Cleaning::kDate);
  auto& time = static_cast<pb::Timestamp&>(
      *message.GetReflection()->MutableMessage(&message, field.descriptor));
  time.set_seconds(absl::ToUnixSeconds(absl::FromCivil(date->value, zone_)));
  return Outcome::kSet;
}

CellCleaner::Outcome CellCleaner::ToDecimal(int64_t unit, CleaningCounts& counts, Breach& breach) {
  const text::Result<int64_t> scaled = text::ParseDecimal(value_, kScale + ScaleOfUnit(unit));
  if (!scaled.ok()) {
    breach = FromProblem(scaled.problem());
    return Outcome::kBroken;
  }
  std::string canonical = text::FormatDecimal(*scaled, kScale);
  if (unit > 1) {
    counts.Count(Cleaning::kUnit);
  } else if (canonical != value_) {
    counts.Count(Cleaning::kDecimal);
  }
  value_ = std::move(canonical);
  return Outcome::kSet;
}

CellCleaner::Outcome CellCleaner::ToDate(CleaningCounts& counts, Breach& breach) {
  if (text::IsIsoDate(value_)) return Outcome::kSet;
  const text::Result<text::LooseDate> date = text::ParseLooseDate(value_);
  if (!date.ok()) {
    breach = FromProblem(date.problem());
    return Outcome::kBroken;
  }
  counts.Count(Cleaning::kDate);
  value_ = absl::FormatCivilTime(absl::CivilDay(date->value));
  return Outcome::kSet;
}

CellCleaner::Outcome CellCleaner::SetString(const FieldSchema& field, int64_t unit,
                                            std::string_view text, pb::Message& message,
                                            CleaningCounts& counts, Breach& breach) {
  value_.assign(text);
  const opt::Format format = field.options->format();
  Outcome outcome = Outcome::kSet;
  if (format == opt::FORMAT_DECIMAL) outcome = ToDecimal(unit, counts, breach);
  if (format == opt::FORMAT_DATE) outcome = ToDate(counts, breach);
  if (outcome == Outcome::kBroken) return outcome;
  if (auto problem = schema::CheckString(field, now_, value_)) {
    breach = *std::move(problem);
    return Outcome::kBroken;
  }
  if (value_ != text) {
    switch (format) {
      case opt::FORMAT_PHONE:
      case opt::FORMAT_PHONE_OR_LANDLINE:
        counts.Count(Cleaning::kPhone);
        break;
      case opt::FORMAT_EMAIL:
      case opt::FORMAT_URL:
        counts.Count(Cleaning::kEmail);
        break;
      case opt::FORMAT_CREDIT_CODE:
      case opt::FORMAT_RESIDENT_ID:
        counts.Count(Cleaning::kCode);
        break;
      default:
        break;
    }
  }
  message.GetReflection()->SetString(&message, field.descriptor, value_);
  return Outcome::kSet;
}

}  // namespace crm::customer::import
