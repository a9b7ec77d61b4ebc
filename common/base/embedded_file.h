// A file compiled into the binary by crm_embed (cmake/CrmEmbed.cmake).
#ifndef CRM_COMMON_BASE_EMBEDDED_FILE_H_
#define CRM_COMMON_BASE_EMBEDDED_FILE_H_

#include <string_view>

namespace crm {

// Both live as long as the program.
struct EmbeddedFile {
  std::string_view name;  // without folders
  std::string_view content;
};

}  // namespace crm

#endif  // CRM_COMMON_BASE_EMBEDDED_FILE_H_
