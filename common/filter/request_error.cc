#include "common/filter/request_error.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "common/schema/validate.h"
#include "common/text/unicode.h"

namespace crm::filter {
namespace {

Error MakeError(const RequestField& field, std::string_view rule, const Mend& mend) {
  return Error(absl::StatusCode::kInvalidArgument, field.reason,
               absl::StrCat("invalid ", ToAbsl(field.path)))
      .Field(schema::ToFieldViolation(
          {std::string(field.path), std::string(rule), mend.en, mend.zh}, field.language));
}

}  // namespace

absl::Status RequestError(const RequestField& field, std::string_view rule, const Mend& mend) {
  return MakeError(field, rule, mend);
}

absl::Status RequestErrorAt(const RequestField& field, std::string_view text, size_t offset,
                            std::string_view rule, const Mend& mend) {
  const std::string position = absl::StrCat(text::CodePointLength(text.substr(0, offset)) + 1);
  return MakeError(field, rule,
                   {absl::StrCat("character ", position, ": ", mend.en),
                    absl::StrCat("第 ", position, " 个字符：", mend.zh)})
      .Meta("position", position);
}

}  // namespace crm::filter
