// Files that tests read: of the repository, and of the folder that it is built in.
//
//   std::ifstream page(testing::SourceFile("docs/metrics.md"));
#ifndef CRM_COMMON_SOURCE_TREE_SOURCE_TREE_H_
#define CRM_COMMON_SOURCE_TREE_SOURCE_TREE_H_

#include <string>
#include <string_view>

namespace crm::testing {

// Absolute paths; `path` is relative.
std::string SourceFile(std::string_view path);
std::string BuildFile(std::string_view path);

}  // namespace crm::testing

#endif  // CRM_COMMON_SOURCE_TREE_SOURCE_TREE_H_
