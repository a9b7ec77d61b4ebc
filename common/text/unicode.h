// UTF-8 text as people type it and spreadsheets export it.
//
// Pure functions, thread-safe, no state. All take any bytes: what is not UTF-8 is passed through or
// counted as U+FFFD, never a crash. ASCII takes a short way everywhere.
//
//   if (!text::IsValidUtf8(cell)) return Refuse();
//   std::string name = text::CollapseSpaces(text::ToHalfWidth(text::Trim(cell)));
#ifndef CRM_COMMON_TEXT_UNICODE_H_
#define CRM_COMMON_TEXT_UNICODE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace crm::text {

// Strict: no surrogates, no overlong forms, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);
bool IsAscii(std::string_view text);

// Walks the code points of a text; a byte that is not UTF-8 reads as U+FFFD.
//
//   for (CodePoints points(text); !points.done();) Use(points.Next());
class CodePoints {
 public:
  explicit CodePoints(std::string_view text) : text_(text) {}

  bool done() const { return position_ >= text_.size(); }
  // The byte at which the next code point starts.
  size_t position() const { return position_; }
  char32_t Next();

 private:
  std::string_view text_;
  size_t position_ = 0;
};

void AppendUtf8(char32_t code_point, std::string& out);
size_t CodePointLength(std::string_view text);
// The first `count` code points, all of `text` if it has fewer.
std::string_view FirstCodePoints(std::string_view text, size_t count);
std::string_view LastCodePoints(std::string_view text, size_t count);

// A Chinese character: any unified or compatibility ideograph, 4-byte ones too, and 〇.
bool IsHan(char32_t code_point);
// White space of any script: ASCII blanks, NBSP, U+2000..200A, U+3000 and the like.
bool IsSpace(char32_t code_point);
// Takes no room: zero-width space and joiners, BOM, direction marks.
bool IsInvisible(char32_t code_point);

// Without white space and invisible characters at both ends.
std::string_view Trim(std::string_view text);

// U+FF01..FF5E (，（）：included) to ASCII and U+3000 to a space. 。、《》 have no ASCII form and
// stay.
std::string ToHalfWidth(std::string_view text);

// Every run of white space becomes one space; none is left at the ends.
std::string CollapseSpaces(std::string_view text);

// C0 (line ends and tabs too), DEL, C1, and characters that change the direction of text: a value
// with them can look like another one.
bool HasControlCharacters(std::string_view text);

// Columns in a terminal: wide East Asian 2, combining, invisible and control 0, others 1.
size_t DisplayWidth(std::string_view text);

// The form in which names are searched: NFKC, case folded, without invisible characters, spaces
// collapsed. Folding twice changes nothing.
std::string FoldForSearch(std::string_view text);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_UNICODE_H_
