#include "common/text/masking.h"

#include <algorithm>
#include <cstddef>

#include "common/text/dates.h"
#include "common/text/phone.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

constexpr std::string_view kHidden = "***";

std::string Stars(size_t count) { return std::string(count, '*'); }

bool AreDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Keeps `head` and `tail` code points of `length`.
std::string KeepEnds(std::string_view text, size_t length, size_t head, size_t tail) {
  std::string masked(FirstCodePoints(text, head));
  masked.append(length - head - tail, '*').append(LastCodePoints(text, tail));
  return masked;
}

// The area code and the last four digits; whether there is an extension shows, not which.
std::string MaskLandline(std::string_view phone) {
  constexpr size_t kTail = 4;
  constexpr size_t kMinNumber = 7;
  const size_t dash = phone.find('-');
  if (dash == std::string_view::npos) return std::string(kHidden);
  const std::string_view area = phone.substr(0, dash);
  const std::string_view rest = phone.substr(dash + 1);
  const std::string_view number = rest.substr(0, rest.find('-'));
  if (area.size() > 4 || !AreDigits(area) || number.size() < kMinNumber || !AreDigits(number)) {
    return std::string(kHidden);
  }
  std::string masked(area);
  masked.append("-").append(KeepEnds(number, number.size(), 0, kTail));
  if (number.size() < rest.size()) masked.append("-").append(kHidden);
  return masked;
}

std::string MaskForeign(std::string_view phone) {
  constexpr size_t kHead = 3;  // + and two digits
  constexpr size_t kTail = 4;
  constexpr size_t kMinLength = 11;
  if (phone.size() < kMinLength || !AreDigits(phone.substr(1))) return std::string(kHidden);
  return KeepEnds(phone, phone.size(), kHead, kTail);
}

}  // namespace

std::string MaskPhone(std::string_view phone) {
  if (phone.empty()) return {};
  switch (KindOfPhone(phone)) {
    case PhoneKind::kChineseMobile:
      return KeepEnds(phone, phone.size(), 3, 4);
    case PhoneKind::kForeign:
      return MaskForeign(phone);
    case PhoneKind::kLandline:
      return MaskLandline(phone);
  }
  return std::string(kHidden);
}

std::string MaskName(std::string_view name) {
  if (name.empty()) return {};
  const std::string_view first = FirstCodePoints(name, 1);
  return std::string(first.size() == name.size() ? std::string_view() : first) + Stars(2);
}

std::string MaskOrganizationName(std::string_view name) {
  constexpr size_t kMinLength = 6;
  constexpr size_t kShown = 2;
  if (CodePointLength(name) < kMinLength) return MaskName(name);
  std::string masked(FirstCodePoints(name, kShown));
  masked.append(Stars(4)).append(LastCodePoints(name, kShown));
  return masked;
}

std::string MaskEmail(std::string_view email) {
  if (email.empty()) return {};
  const size_t at = email.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == email.size())
    return std::string(kHidden);
  const std::string_view first = FirstCodePoints(email, 1);
  std::string masked(first.size() < at ? first : std::string_view());
  masked.append(kHidden).append(email.substr(at));
  return masked;
}

std::string MaskId(std::string_view id) {
  constexpr size_t kMinLength = 10;
  if (id.empty()) return {};
  const size_t length = CodePointLength(id);
  if (length < kMinLength) return std::string(kHidden);
  return KeepEnds(id, length, 3, 2);
}

std::string MaskDate(std::string_view iso_date) {
  if (iso_date.empty()) return {};
  if (!IsIsoDate(iso_date)) return std::string(kHidden);
  return std::string(iso_date.substr(0, 4)) + "-**-**";
}

std::string MaskAll(std::string_view value) {
  return value.empty() ? std::string() : std::string(kHidden);
}

}  // namespace crm::text
