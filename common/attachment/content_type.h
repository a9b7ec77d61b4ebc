// Rules of attachments (TIC-9): what a content is, and what its file may be called. Pure.
#ifndef CRM_COMMON_ATTACHMENT_CONTENT_TYPE_H_
#define CRM_COMMON_ATTACHMENT_CONTENT_TYPE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace crm::attachment {

inline constexpr int64_t kMaxAttachmentBytes = 20 << 20;

// Finds the media type of a content from its bytes, as they come; what a client says of it is not
// asked. Not thread-safe.
//
//   ContentTypeFinder finder;
//   finder.Add(head);           // the first piece has 64 KiB or everything
//   while (…) finder.Add(more);
//   finder.Type("list.csv")     // "text/csv", or empty: not allowed
class ContentTypeFinder {
 public:
  void Add(std::string_view bytes);
  // Known already to be none of the allowed ones.
  bool refused() const { return type_.empty() && !may_be_text_; }
  // Once everything was added. The name tells CSV from other text.
  std::string_view Type(std::string_view file_name) const;

 private:
  void AddText(std::string_view bytes);

  bool started_ = false;
  std::string_view type_;
  bool may_be_text_ = false;
  std::string carry_;  // bytes of a character that is not complete yet
};

// A name without folders and characters that file systems or terminals take amiss, at most 200
// characters, ending in an extension of its type: `../合同.exe` that is a PDF becomes
// `合同.exe.pdf`.
std::string SafeFileName(std::string_view name, std::string_view content_type);

}  // namespace crm::attachment

#endif  // CRM_COMMON_ATTACHMENT_CONTENT_TYPE_H_
