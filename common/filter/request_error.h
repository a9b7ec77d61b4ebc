// Errors about the texts of a list request. They name the position and what was expected, and never
// repeat what was sent: it may be a phone number.
#ifndef CRM_COMMON_FILTER_REQUEST_ERROR_H_
#define CRM_COMMON_FILTER_REQUEST_ERROR_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/schema/language.h"

namespace crm::filter {

// What to do instead, in both languages.
struct Mend {
  std::string en;
  std::string zh;
};

// The request field that is wrong, the reason of the whole error and the caller's language.
struct RequestField {
  std::string_view path;    // filter
  std::string_view reason;  // FILTER_INVALID
  schema::Language language = schema::Language::kEnglish;
};

// INVALID_ARGUMENT with one violation of `rule`.
absl::Status RequestError(const RequestField& field, std::string_view rule, const Mend& mend);
// The same for byte `offset` of `text`. The description counts characters from 1; so does
// ErrorInfo.metadata.position.
absl::Status RequestErrorAt(const RequestField& field, std::string_view text, size_t offset,
                            std::string_view rule, const Mend& mend);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_REQUEST_ERROR_H_
