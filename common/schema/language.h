// The language of labels and messages of one call (PLT-30).
#ifndef CRM_COMMON_SCHEMA_LANGUAGE_H_
#define CRM_COMMON_SCHEMA_LANGUAGE_H_

#include <string_view>

namespace crm::schema {

enum class Language { kEnglish, kChinese };

// From an `accept-language` header; English when it says nothing we know. Honours q-values.
Language ParseAcceptLanguage(std::string_view header);
// `en` or `zh-CN`.
std::string_view LanguageTag(Language language);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_LANGUAGE_H_
