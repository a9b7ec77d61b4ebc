#include "common/text/yes_no.h"

#include <string>

#include "common/text/unicode.h"

namespace crm::text {

std::optional<bool> ParseYesNo(std::string_view text) {
  const std::string folded = FoldForSearch(Trim(text));
  for (const char* yes : {"是", "有", "true", "yes", "y", "1", "对", "√", "✓", "✔"}) {
    if (folded == yes) return true;
  }
  for (const char* no : {"否", "无", "false", "no", "n", "0", "没有", "×", "x", "✗"}) {
    if (folded == no) return false;
  }
  return std::nullopt;
}

}  // namespace crm::text
