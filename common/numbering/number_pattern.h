// The format of a public number (CUS-1): literals and
//   {yyyy} {yyyyMM} {yyyyMMdd}   date in the business time zone, at most one of them
//   {seq:N}                      sequence with at least N digits; grows past them
//   {type:N}                     type code of exactly N letters or digits
//
//   auto pattern = NumberPattern::Parse("CRM{yyyy}{seq:6}");
//   pattern->Render(now, shanghai, "", 123)   // CRM2026000123
//
// The sequence restarts when the date part changes. Without {seq} the first number of a date and
// type is the bare one, the next ones get -2, -3 …
// Different (period, sequence value) never render to the same number: everything but the sequence
// has a fixed length.
#ifndef CRM_COMMON_NUMBERING_NUMBER_PATTERN_H_
#define CRM_COMMON_NUMBERING_NUMBER_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crm::numbering {

// Immutable, thread-safe.
class NumberPattern {
 public:
  // Longest number before its sequence grows.
  static constexpr size_t kMaxLength = 32;

  // INVALID_ARGUMENT, reason BAD_NUMBER_PATTERN, telling what is wrong and where.
  static absl::StatusOr<NumberPattern> Parse(std::string_view text);

  // INVALID_ARGUMENT, reason BAD_TYPE_CODE: not as the pattern wants it.
  absl::Status CheckType(std::string_view type) const;

  // What the sequence counts within: the date part; without {seq} with the type.
  std::string Period(absl::Time now, absl::TimeZone zone, std::string_view type) const;

  // The number of sequence value `value`, from 1. `type` has passed CheckType.
  std::string Render(absl::Time now, absl::TimeZone zone, std::string_view type,
                     int64_t value) const;

  bool has_sequence() const { return has_sequence_; }
  const std::string& text() const { return text_; }

 private:
  enum class Kind { kLiteral, kDate, kSequence, kType };
  struct Part {
    Kind kind;
    std::string text;  // of a literal
    size_t width = 0;  // digits of a date or sequence, letters of a type
  };

  absl::StatusOr<Part> ParsePlaceholder(std::string_view name, size_t position) const;
  absl::Status Add(Part part, size_t position);
  absl::Status CheckWhole() const;

  std::string text_;
  std::vector<Part> parts_;
  size_t date_width_ = 0;  // 0 = no date
  size_t type_width_ = 0;
  bool has_sequence_ = false;
};

}  // namespace crm::numbering

#endif  // CRM_COMMON_NUMBERING_NUMBER_PATTERN_H_
