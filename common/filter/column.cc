#include "common/filter/column.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"

namespace crm::filter {

std::string Column(std::string_view alias, std::string_view name) {
  return alias.empty() ? std::string(name) : absl::StrCat(ToAbsl(alias), ".", ToAbsl(name));
}

std::string_view Placeholder(const schema::FieldSchema& field) {
  switch (field.options->format()) {
    case crm::options::v1::FORMAT_DECIMAL:
      return "CAST(? AS DECIMAL(19,2))";
    case crm::options::v1::FORMAT_DATE:
      return "CAST(? AS DATE)";
    default:
      return "?";
  }
}

}  // namespace crm::filter
