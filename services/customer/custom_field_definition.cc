#include "services/customer/custom_field_definition.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/text/unicode.h"
#include "re2/re2.h"

namespace crm::customer {

using schema::Violation;

namespace {

// Of a compiled pattern: what an administrator may make every write pay.
constexpr int64_t kMaxPatternMemory = 1 << 20;

class Check {
 public:
  Check(const v1::CustomField& field, const v1::CustomField* before)
      : field_(field), before_(before) {}

  std::vector<Violation> Run(absl::Span<const v1::CustomField> others) && {
    CheckParts();
    CheckLabels(others);
    CheckPattern();
    CheckRanges();
    CheckOptions();
    CheckKinds();
    return std::move(violations_);
  }

 private:
  void Add(std::string path, std::string_view rule, std::string_view en, std::string_view zh) {
    violations_.push_back({std::move(path), std::string(rule), std::string(en), std::string(zh)});
  }

  bool is_choice() const {
    return field_.type() == v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE ||
           field_.type() == v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE;
  }

  // A rule that its type would never apply is a mistake of whoever wrote it.
  void CheckParts() {
    const auto only = [&](bool fits, bool set, const char* path) {
      if (set && !fits) {
        Add(path, "NOT_FOR_TYPE", "fields of this type have no such rule", "该类型字段没有此规则");
      }
    };
    const bool text = field_.type() == v1::CUSTOM_FIELD_TYPE_TEXT;
    const bool number = field_.type() == v1::CUSTOM_FIELD_TYPE_NUMBER;
    const bool date = field_.type() == v1::CUSTOM_FIELD_TYPE_DATE;
    only(text, !field_.pattern().empty(), "pattern");
    only(text, field_.has_min_length(), "min_length");
    only(text, field_.has_max_length(), "max_length");
    only(number, field_.has_min_number(), "min_number");
    only(number, field_.has_max_number(), "max_number");
    only(date, !field_.min_date().empty(), "min_date");
    only(date, !field_.max_date().empty(), "max_date");
    only(is_choice(), field_.options_size() > 0, "options");
  }

  void CheckLabels(absl::Span<const v1::CustomField> others) {
    const std::string zh = text::FoldForSearch(field_.label_zh());
    const std::string en = text::FoldForSearch(field_.label_en());
    for (const v1::CustomField& other : others) {
      if (other.retired()) continue;
      if (text::FoldForSearch(other.label_zh()) == zh) {
        Add("label_zh", "LABEL_REPEATED", "another custom field has this label", "名称已被使用");
      }
      if (text::FoldForSearch(other.label_en()) == en) {
        Add("label_en", "LABEL_REPEATED", "another custom field has this label", "名称已被使用");
      }
    }
  }

  void CheckPattern() {
    if (field_.pattern().empty()) return;
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(kMaxPatternMemory);
    if (RE2(field_.pattern(), options).ok()) return;
    Add("pattern", "PATTERN_INVALID", "use a regular expression of the RE2 syntax",
        "请填写有效的 RE2 正则表达式");
  }

  void CheckRanges() {
    const auto empty = [&](const char* path) {
      Add(path, "RANGE_EMPTY", "use an upper bound that is not below the lower one",
          "上限不得小于下限");
    };
    if (field_.has_max_length() && field_.min_length() > field_.max_length()) empty("max_length");
    if (field_.has_min_number() && field_.has_max_number() &&
        field_.min_number() > field_.max_number()) {
      empty("max_number");
    }
    if (!field_.max_date().empty() && field_.min_date() > field_.max_date()) empty("max_date");
  }

  void CheckOptions() {
    std::set<std::string> texts;
    for (int i = 0; i < field_.options_size(); ++i) CheckOption(i, texts);
    const bool any_live = std::any_of(field_.options().begin(), field_.options().end(),
                                      [](const auto& option) { return !option.retired(); });
    if (is_choice() && !any_live) {
      Add("options", "REQUIRED", "give at least one option that is not retired",
          "至少保留一个可用选项");
    }
    if (before_ == nullptr) return;
    for (const v1::CustomFieldOption& old : before_->options()) {
      const bool kept =
          std::any_of(field_.options().begin(), field_.options().end(),
                      [&](const auto& option) { return option.code() == old.code(); });
      if (!kept) {
        Add("options", "CODE_MISSING",
            absl::StrCat("keep the option ", old.code(), ", or retire it"),
            absl::StrCat("请保留或停用选项 ", old.code()));
      }
    }
  }

  // A text stands for one option, whichever of code and labels it is.
  void CheckOption(int i, std::set<std::string>& texts) {
    const v1::CustomFieldOption& option = field_.options(i);
    const std::set<std::string> own = {text::FoldForSearch(option.code()),
                                       text::FoldForSearch(option.label_zh()),
                                       text::FoldForSearch(option.label_en())};
    for (const std::string& text : own) {
      if (texts.insert(text).second) continue;
      return Add(absl::StrCat("options[", i, "]"), "OPTION_REPEATED",
                 "use codes and labels that no other option has", "代码或名称与其他选项重复");
    }
  }

  void CheckKinds() {
    if (field_.kinds_size() == 2 && field_.kinds(0) == field_.kinds(1)) {
      Add("kinds[1]", "KIND_REPEATED", "name each kind once", "客户类型重复");
    }
  }

  const v1::CustomField& field_;
  const v1::CustomField* before_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> CheckCustomField(const v1::CustomField& field, const v1::CustomField* before,
                                        absl::Span<const v1::CustomField> others) {
  return Check(field, before).Run(others);
}

}  // namespace crm::customer
