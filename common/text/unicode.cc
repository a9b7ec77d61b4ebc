#include "common/text/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace crm::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kFullWidthFirst = 0xFF01;
constexpr char32_t kFullWidthLast = 0xFF5E;
constexpr char32_t kFullWidthOffset = 0xFEE0;
constexpr char32_t kIdeographicSpace = 0x3000;

bool IsAsciiByte(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

bool IsAsciiSpace(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

size_t AsciiPrefix(std::string_view text) {
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && IsAsciiByte(text[i])) ++i;
  return i;
}

bool IsDirectionMark(char32_t c) {
  return c == 0x200E || c == 0x200F || c == 0x061C || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || IsDirectionMark(c); }

char32_t HalfWidth(char32_t c) {
  if (c >= kFullWidthFirst && c <= kFullWidthLast) return c - kFullWidthOffset;
  return c == kIdeographicSpace ? U' ' : c;
}

bool IsTrimmed(char32_t c) { return IsSpace(c) || IsInvisible(c); }

// The start of the code point that ends at `end`.
size_t PreviousStart(std::string_view text, size_t end) {
  size_t start = end - 1;
  const size_t limit = end >= 4 ? end - 4 : 0;
  while (start > limit && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return start;
}

bool IsCommonHan(char32_t c) { return c >= 0x4E00 && c <= 0x9FA5; }

size_t WidthOf(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return 0;
  if (c < 0x300) return 1;
  if (IsCommonHan(c)) return 2;
  const auto point = static_cast<UChar32>(c);
  constexpr uint32_t kZeroWidth = U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK;
  if ((U_GET_GC_MASK(point) & kZeroWidth) != 0) return 0;
  const int width = u_getIntPropertyValue(point, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_FULLWIDTH || width == U_EA_WIDE ? 2 : 1;
}

// ASCII and everyday Chinese characters fold without a look into ICU's tables.
bool FoldsByAsciiCase(std::string_view text) {
  for (CodePoints points(text); !points.done();) {
    const char32_t c = points.Next();
    if (c >= 0x80 && !IsCommonHan(c)) return false;
  }
  return true;
}

void LowerAscii(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

std::string NfkcCaseFold(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  std::string folded;
  if (U_SUCCESS(error)) {
    icu::StringByteSink<std::string> sink(&folded);
    const icu::StringPiece piece(text.data(), static_cast<int32_t>(text.size()));
    normalizer->normalizeUTF8(0, piece, sink, nullptr, error);
  }
  return U_SUCCESS(error) ? folded : std::string(text);
}

}  // namespace

bool IsAscii(std::string_view text) { return AsciiPrefix(text) == text.size(); }

bool IsValidUtf8(std::string_view text) {
  size_t i = AsciiPrefix(text);
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  while (i < text.size()) {
    if (IsAsciiByte(text[i])) {
      i += AsciiPrefix(text.substr(i));
      continue;
    }
    UChar32 c = 0;
    U8_NEXT(bytes, i, text.size(), c);
    if (c < 0) return false;
  }
  return true;
}

char32_t CodePoints::Next() {
  const char byte = text_[position_];
  if (IsAsciiByte(byte)) {
    ++position_;
    return static_cast<char32_t>(byte);
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(text_.data());
  UChar32 c = 0;
  U8_NEXT(bytes, position_, text_.size(), c);
  return c < 0 ? kReplacement : static_cast<char32_t>(c);
}

void AppendUtf8(char32_t code_point, std::string& out) {
  uint8_t buffer[U8_MAX_LENGTH];
  size_t length = 0;
  const bool legal = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
  const char32_t c = legal ? code_point : kReplacement;
  U8_APPEND_UNSAFE(buffer, length, c);
  out.append(reinterpret_cast<const char*>(buffer), length);
}

size_t CodePointLength(std::string_view text) {
  size_t length = AsciiPrefix(text);
  for (CodePoints points(text.substr(length)); !points.done(); points.Next()) ++length;
  return length;
}

std::string_view FirstCodePoints(std::string_view text, size_t count) {
  CodePoints points(text);
  for (; count > 0 && !points.done(); --count) points.Next();
  return text.substr(0, points.position());
}

std::string_view LastCodePoints(std::string_view text, size_t count) {
  const size_t length = CodePointLength(text);
  if (length <= count) return text;
  return text.substr(FirstCodePoints(text, length - count).size());
}

bool IsHan(char32_t c) {
  if (IsCommonHan(c)) return true;
  if (c < 0x3007) return false;
  return c == 0x3007 || u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_UNIFIED_IDEOGRAPH) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool IsSpace(char32_t c) {
  if (c < 0x80) return IsAsciiSpace(c);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == kIdeographicSpace;
}

bool IsInvisible(char32_t c) {
  if (c < 0x80) return false;
  return (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF || c == 0xAD ||
         IsDirectionMark(c);
}

std::string_view Trim(std::string_view text) {
  size_t start = 0;
  for (CodePoints points(text); !points.done();) {
    start = points.position();
    if (!IsTrimmed(points.Next())) break;
    start = points.position();
  }
  text.remove_prefix(start);
  while (!text.empty()) {
    const size_t last = PreviousStart(text, text.size());
    CodePoints points(text.substr(last));
    const char32_t c = points.Next();
    if (!points.done() || !IsTrimmed(c)) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

std::string ToHalfWidth(std::string_view text) {
  // Full-width forms start with byte EF, U+3000 with E3: most text has neither.
  if (text.find_first_of("\xEF\xE3") == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (CodePoints points(text); !points.done();) {
    const size_t start = points.position();
    const char32_t c = points.Next();
    if (const char32_t half = HalfWidth(c); half != c) {
      out.push_back(static_cast<char>(half));
    } else {
      out.append(text.substr(start, points.position() - start));
    }
  }
  return out;
}

std::string CollapseSpaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool pending = false;
  for (CodePoints points(text); !points.done();) {
    const size_t start = points.position();
    if (IsSpace(points.Next())) {
      pending = !out.empty();
      continue;
    }
    if (std::exchange(pending, false)) out.push_back(' ');
    out.append(text.substr(start, points.position() - start));
  }
  return out;
}

bool HasControlCharacters(std::string_view text) {
  for (CodePoints points(text); !points.done();) {
    if (IsControl(points.Next())) return true;
  }
  return false;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (CodePoints points(text); !points.done();) width += WidthOf(points.Next());
  return width;
}

std::string FoldForSearch(std::string_view text) {
  // ICU counts bytes in 32 bits.
  text = text.substr(0, std::numeric_limits<int32_t>::max());
  if (!FoldsByAsciiCase(text)) return CollapseSpaces(NfkcCaseFold(text));
  std::string folded = CollapseSpaces(text);
  LowerAscii(folded);
  return folded;
}

}  // namespace crm::text
