#include "common/source_tree/source_tree.h"

namespace crm::testing {

std::string SourceFile(std::string_view path) {
  return std::string(CRM_SOURCE_DIR "/").append(path);
}

std::string BuildFile(std::string_view path) {
  return std::string(CRM_BINARY_DIR "/").append(path);
}

}  // namespace crm::testing
