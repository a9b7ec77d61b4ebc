// A file that is written whole or not at all: beside its name, which it takes at the end. What
// breaks off leaves nothing, and what was there before.
//
//   WholeFile file(path);
//   file.Write(data);
//   if (!file.Finish()) …  // the file cannot be written
#ifndef CRM_TOOLS_CRMCTL_WHOLE_FILE_H_
#define CRM_TOOLS_CRMCTL_WHOLE_FILE_H_

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "tools/crmctl/session.h"

namespace crm::cli {

class WholeFile {
 public:
  explicit WholeFile(std::string path);
  ~WholeFile();  // removes what was not finished
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  // False: no more can be written, and Finish() fails.
  bool Write(const std::string& data);
  bool Finish();
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const std::string part_;
  std::ofstream out_;
};

// FAILED_PRECONDITION, reason FILE_UNWRITABLE.
absl::Status Unwritable(const std::string& path, const Session& session);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_WHOLE_FILE_H_
