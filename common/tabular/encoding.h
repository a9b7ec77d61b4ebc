// Character sets of text files, one line at a time.
//
// A line of GB18030 can be cut out of a file before it is decoded, because the bytes of line feed,
// carriage return, comma, semicolon, tab and double quote are never part of a longer character.
#ifndef CRM_COMMON_TABULAR_ENCODING_H_
#define CRM_COMMON_TABULAR_ENCODING_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table.h"

struct UConverter;

namespace crm::tabular {

// The encoding that a byte order mark names, and the length of the mark.
struct ByteOrderMark {
  std::optional<Encoding> encoding;
  size_t size = 0;
};
ByteOrderMark FindByteOrderMark(std::string_view head);

// Shortest forms only, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

// Tells UTF-8 from GB18030 on pieces of a file, without a byte order mark. GB18030 text hardly ever
// holds well-formed UTF-8 sequences, so a few bad bytes in UTF-8 do not turn it into GB18030.
class EncodingGuess {
 public:
  // `piece` may begin and end inside a character.
  void Add(std::string_view piece);
  // More text would not change the answer.
  bool certain() const { return good_ >= kEnough || bad_ >= kEnough; }
  Encoding encoding() const { return bad_ * 4 > good_ ? Encoding::kGb18030 : Encoding::kUtf8; }

 private:
  static constexpr int64_t kEnough = 4000;
  int64_t good_ = 0;  // well-formed sequences of two to four bytes
  int64_t bad_ = 0;   // bytes that belong to none
};

struct ConverterCloser {
  void operator()(UConverter* converter) const;
};
using Converter = std::unique_ptr<UConverter, ConverterCloser>;

// A converter that stops at what it cannot convert.
absl::StatusOr<Converter> OpenConverter(Encoding encoding);

class LineDecoder {
 public:
  static absl::StatusOr<LineDecoder> Create(Encoding encoding);

  // The line in UTF-8, valid until the next call and as long as `raw`; none if it holds bytes that
  // are not in the encoding.
  std::optional<std::string_view> Decode(std::string_view raw);

 private:
  LineDecoder(Encoding encoding, Converter converter)
      : encoding_(encoding), converter_(std::move(converter)) {}

  Encoding encoding_;
  Converter converter_;  // none for UTF-8
  std::u16string wide_;
  std::string text_;
};

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_ENCODING_H_
