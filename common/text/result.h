// What the functions of crm::text return: a value, or the problem with the text.
//
// A Problem is a constant: which rule is broken and how to mend it in both languages. It never
// contains the text itself, so it may be logged and shown. Making one costs nothing; an import of a
// million rows makes many.
//
//   text::Result<std::string> phone = text::NormalizePhone(cell, {.allow_landline = true});
//   if (!phone.ok()) return InvalidField("phone", phone.problem().rule, phone.problem().mend_en);
//   Store(*phone);
#ifndef CRM_COMMON_TEXT_RESULT_H_
#define CRM_COMMON_TEXT_RESULT_H_

#include <optional>
#include <string_view>
#include <utility>

namespace crm::text {

struct Problem {
  std::string_view rule;  // UPPER_SNAKE_CASE, stable
  std::string_view mend_zh;
  std::string_view mend_en;
};

template <typename T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // `problem` must live for ever; a temporary does not compile.
  Result(const Problem& problem) : problem_(&problem) {}  // NOLINT(google-explicit-constructor)
  Result(Problem&&) = delete;

  bool ok() const { return value_.has_value(); }

  // Only if ok().
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  const T* operator->() const { return &*value_; }

  // Only if not ok().
  const Problem& problem() const { return *problem_; }

 private:
  std::optional<T> value_;
  const Problem* problem_ = nullptr;
};

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_RESULT_H_
