#include "common/text/email.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

constexpr Problem kEmpty{"EMAIL_EMPTY", "请填写邮箱地址", "enter an e-mail address"};
constexpr Problem kFormat{"EMAIL_FORMAT", "请按 name@example.com 的格式填写邮箱",
                          "enter an address like name@example.com"};
constexpr Problem kUrl{"URL_FORMAT", "请填写以 http:// 或 https:// 开头的完整网址",
                       "enter a full address that starts with http:// or https://"};

constexpr size_t kMaxLocal = 64;
constexpr size_t kMaxHost = 253;
constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxUrl = 2048;

bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlnum(char c) { return IsAlpha(c) || IsDigit(c); }

// RFC 5322 atext.
bool IsLocalCharacter(char c) {
  constexpr std::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~";
  return IsAlnum(c) || kSpecials.find(c) != std::string_view::npos;
}

bool IsLocalPart(std::string_view local) {
  if (local.empty() || local.size() > kMaxLocal) return false;
  char previous = '.';
  for (const char c : local) {
    if (c == '.' ? previous == '.' : !IsLocalCharacter(c)) return false;
    previous = c;
  }
  return previous != '.';
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return IsAlnum(c) || c == '-'; });
}

bool IsTopLabel(std::string_view label) {
  if (label.size() < 2) return false;
  return label.starts_with("xn--") || std::all_of(label.begin(), label.end(), IsAlpha);
}

// Two labels or more; the last one is no number.
bool IsDomain(std::string_view domain) {
  if (domain.size() > kMaxHost) return false;
  size_t labels = 0;
  while (true) {
    const size_t dot = domain.find('.');
    const std::string_view label = domain.substr(0, dot);
    if (!IsLabel(label)) return false;
    ++labels;
    if (dot == std::string_view::npos) return labels >= 2 && IsTopLabel(label);
    domain.remove_prefix(dot + 1);
  }
}

bool IsNumberUpTo(std::string_view digits, int limit) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() && IsDigit(digits[0]) &&
         value <= limit;
}

bool IsIpv4(std::string_view host) {
  for (int part = 0; part < 4; ++part) {
    const size_t dot = host.find('.');
    const std::string_view number = host.substr(0, dot);
    if (number.empty() || number.size() > 3 || !IsNumberUpTo(number, 255)) return false;
    if (part == 3) return dot == std::string_view::npos;
    if (dot == std::string_view::npos) return false;
    host.remove_prefix(dot + 1);
  }
  return false;
}

bool IsAuthority(std::string_view authority) {
  const size_t colon = authority.find(':');
  const std::string_view host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    constexpr int kMaxPort = 65535;
    if (port.empty() || port.size() > 5 || !IsNumberUpTo(port, kMaxPort)) return false;
  }
  return IsDomain(host) || IsIpv4(host);
}

bool HasUnsafeUrlCharacter(std::string_view url) {
  for (CodePoints points(url); !points.done();) {
    const char32_t c = points.Next();
    if (IsSpace(c) || IsInvisible(c) || c == '<' || c == '>' || c == '"' || c == '\\') return true;
  }
  return HasControlCharacters(url);
}

void LowerAscii(std::string& text, size_t begin, size_t end) {
  std::transform(text.begin() + static_cast<std::ptrdiff_t>(begin),
                 text.begin() + static_cast<std::ptrdiff_t>(end),
                 text.begin() + static_cast<std::ptrdiff_t>(begin),
                 [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
}

}  // namespace

Result<std::string> NormalizeEmail(std::string_view text) {
  std::string email = ToHalfWidth(Trim(text));
  if (email.empty()) return kEmpty;
  const size_t at = email.find('@');
  if (at == std::string::npos) return kFormat;
  LowerAscii(email, at, email.size());
  const std::string_view view = email;
  if (!IsLocalPart(view.substr(0, at)) || !IsDomain(view.substr(at + 1))) return kFormat;
  return email;
}

Result<std::string> NormalizeUrl(std::string_view text) {
  std::string url(Trim(text));
  if (url.size() > kMaxUrl || HasUnsafeUrlCharacter(url)) return kUrl;
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string::npos) return kUrl;
  const size_t host = scheme_end + 3;
  const size_t host_end = std::min(url.find_first_of("/?#", host), url.size());
  LowerAscii(url, 0, host_end);
  const std::string_view view = url;
  const std::string_view scheme = view.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return kUrl;
  if (!IsAuthority(view.substr(host, host_end - host))) return kUrl;
  return url;
}

}  // namespace crm::text
