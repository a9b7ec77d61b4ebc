#include "services/customer/search/gram.h"

#include "common/text/unicode.h"

namespace crm::customer {

void DecodeSymbols(std::string_view text, std::u32string& symbols) {
  symbols.clear();
  for (text::CodePoints points(text); !points.done();) symbols.push_back(points.Next());
}

}  // namespace crm::customer
