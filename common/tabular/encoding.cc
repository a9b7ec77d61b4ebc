#include "common/tabular/encoding.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include <cstring>

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::tabular {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080u;

// The first byte at or after `from` that is not ASCII.
size_t SkipAscii(std::string_view text, size_t from) {
  while (from + sizeof(uint64_t) <= text.size()) {
    uint64_t word;
    std::memcpy(&word, text.data() + from, sizeof word);
    if ((word & kHighBits) != 0) break;
    from += sizeof word;
  }
  while (from < text.size() && (text[from] & 0x80) == 0) ++from;
  return from;
}

bool IsTail(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Length of the well-formed sequence of several bytes at `at`, or 0.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t lead = bytes[at];
  const size_t left = text.size() - at;
  // The common case by hand: Chinese characters, except the ranges with special second bytes.
  if (lead > 0xE0 && lead < 0xED) {
    return left >= 3 && IsTail(bytes[at + 1]) && IsTail(bytes[at + 2]) ? 3 : 0;
  }
  size_t next = at;
  UChar32 character = 0;
  U8_NEXT(bytes, next, text.size(), character);
  return character < 0 ? 0 : next - at;
}

const char* IcuName(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kGb18030:
      return "gb18030";
    case Encoding::kUtf16Le:
      return "UTF-16LE";
    case Encoding::kUtf16Be:
      return "UTF-16BE";
  }
  return "";
}

}  // namespace

ByteOrderMark FindByteOrderMark(std::string_view head) {
  if (head.substr(0, 3) == "\xEF\xBB\xBF") return {Encoding::kUtf8, 3};
  if (head.substr(0, 2) == "\xFF\xFE") return {Encoding::kUtf16Le, 2};
  if (head.substr(0, 2) == "\xFE\xFF") return {Encoding::kUtf16Be, 2};
  if (head.substr(0, 4) == "\x84\x31\x95\x33") return {Encoding::kGb18030, 4};
  return {};
}

bool IsValidUtf8(std::string_view text) {
  size_t at = SkipAscii(text, 0);
  while (at < text.size()) {
    if ((text[at] & 0x80) == 0) {
      at = SkipAscii(text, at);
      continue;
    }
    const size_t length = SequenceLength(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void EncodingGuess::Add(std::string_view piece) {
  constexpr size_t kLongestSequence = 4;
  size_t at = 0;
  while (at < piece.size() && at < kLongestSequence && IsTail(static_cast<uint8_t>(piece[at]))) {
    ++at;  // the end of a character that began in the piece before
  }
  for (at = SkipAscii(piece, at); at < piece.size() && !certain(); at = SkipAscii(piece, at)) {
    const size_t length = SequenceLength(piece, at);
    if (length == 0 && at + kLongestSequence > piece.size()) return;
    (length == 0 ? bad_ : good_) += 1;
    at += length == 0 ? 1 : length;
  }
}

void ConverterCloser::operator()(UConverter* converter) const { ucnv_close(converter); }

absl::StatusOr<Converter> OpenConverter(Encoding encoding) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(IcuName(encoding), &error));
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr,
                        &error);
  if (U_FAILURE(error)) {
    return Error(absl::StatusCode::kUnavailable, "TABLE_CONVERTER_MISSING",
                 "the character set converter is not installed");
  }
  return converter;
}

absl::StatusOr<LineDecoder> LineDecoder::Create(Encoding encoding) {
  if (encoding == Encoding::kUtf8) return LineDecoder(encoding, nullptr);
  CRM_ASSIGN_OR_RETURN(Converter converter, OpenConverter(encoding));
  return LineDecoder(encoding, std::move(converter));
}

std::optional<std::string_view> LineDecoder::Decode(std::string_view raw) {
  if (encoding_ == Encoding::kUtf8) {
    return IsValidUtf8(raw) ? std::optional(raw) : std::nullopt;
  }
  if (encoding_ == Encoding::kGb18030 && SkipAscii(raw, 0) == raw.size()) return raw;

  // A byte gives at most one UTF-16 unit, a unit at most three bytes of UTF-8.
  UErrorCode error = U_ZERO_ERROR;
  ucnv_resetToUnicode(converter_.get());
  wide_.resize(raw.size() + 1);
  const int32_t units =
      ucnv_toUChars(converter_.get(), wide_.data(), static_cast<int32_t>(wide_.size()), raw.data(),
                    static_cast<int32_t>(raw.size()), &error);
  if (U_FAILURE(error)) return std::nullopt;
  text_.resize(static_cast<size_t>(units) * 3 + 1);
  int32_t bytes = 0;
  u_strToUTF8(text_.data(), static_cast<int32_t>(text_.size()), &bytes, wide_.data(), units,
              &error);
  if (U_FAILURE(error)) return std::nullopt;
  return std::string_view(text_).substr(0, static_cast<size_t>(bytes));
}

}  // namespace crm::tabular
