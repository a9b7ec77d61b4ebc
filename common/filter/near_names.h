// What a caller may have meant by the name of a field that there is not.
#ifndef CRM_COMMON_FILTER_NEAR_NAMES_H_
#define CRM_COMMON_FILTER_NEAR_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/filter/request_error.h"
#include "common/schema/message_schema.h"

namespace crm::filter {

// At most three of `names`, nearest first: those at a small edit distance.
std::vector<std::string> NearNames(std::string_view wanted, const std::vector<std::string>& names);

// The names of the fields that `declares` holds for; one that carries `wanted` as its label or as a
// column header comes alone.
std::vector<std::string> NearFields(std::string_view wanted, const schema::MessageSchema& schema,
                                    bool (*declares)(const schema::FieldSchema&));

// "there is no such field; did you mean tier or team?"
Mend UnknownFieldMend(const std::vector<std::string>& near);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_NEAR_NAMES_H_
