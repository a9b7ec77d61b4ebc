#include "tools/crmctl/whole_file.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"

namespace crm::cli {

WholeFile::WholeFile(std::string path)
    : path_(std::move(path)), part_(path_ + ".part"), out_(part_, std::ios::binary) {}

WholeFile::~WholeFile() {
  out_.close();
  std::remove(part_.c_str());
}

bool WholeFile::Write(const std::string& data) {
  out_ << data;
  return out_.good();
}

bool WholeFile::Finish() {
  const bool written = out_.good();
  out_.close();
  return written && out_.good() && std::rename(part_.c_str(), path_.c_str()) == 0;
}

absl::Status Unwritable(const std::string& path, const Session& session) {
  return Error(absl::StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
               absl::StrCat(ToAbsl(session.Say("写不了文件 ", "cannot write the file ")), path));
}

}  // namespace crm::cli
