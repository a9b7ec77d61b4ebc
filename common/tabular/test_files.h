// Files for the tests of this folder: written, zipped and read back in one line.
#ifndef CRM_COMMON_TABULAR_TEST_FILES_H_
#define CRM_COMMON_TABULAR_TEST_FILES_H_

#include <gtest/gtest.h>
#include <zip.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/error.h"
#include "common/tabular/table.h"

namespace crm::tabular {

using Table = std::vector<std::vector<std::string>>;

// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "/tabular-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  std::string Write(const std::string& name, std::string_view content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

  // A zip archive of named parts.
  std::string WriteZip(const std::string& name,
                       const std::map<std::string, std::string>& parts) const {
    int code = 0;
    zip_t* zip = zip_open(Path(name).c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    for (const auto& [part, content] : parts) {
      zip_source_t* source = zip_source_buffer(zip, content.data(), content.size(), 0);
      EXPECT_GE(zip_file_add(zip, part.c_str(), source, ZIP_FL_OVERWRITE), 0);
    }
    EXPECT_EQ(zip_close(zip), 0);
    return Path(name);
  }

 private:
  std::string path_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// All rows up to the end; a row error becomes a row of one cell, `!REASON line`.
inline Table ReadAll(TableReader& reader) {
  Table rows;
  Row row;
  for (;;) {
    const absl::StatusOr<bool> more = reader.Next(row);
    if (more.ok() && !*more) return rows;
    if (more.ok()) {
      rows.push_back(row.Copy());
      continue;
    }
    rows.push_back({"!" + ErrorReason(more.status())});
    if (!IsRowError(more.status())) return rows;
  }
}

inline std::unique_ptr<TableReader> Open(const std::string& path, const ReadOptions& options = {}) {
  absl::StatusOr<std::unique_ptr<TableReader>> reader = OpenTable(path, options);
  EXPECT_TRUE(reader.ok()) << reader.status();
  return reader.ok() ? *std::move(reader) : nullptr;
}

inline Table ReadTable(const std::string& path, const ReadOptions& options = {}) {
  const std::unique_ptr<TableReader> reader = Open(path, options);
  return reader == nullptr ? Table{} : ReadAll(*reader);
}

inline std::string OpenError(const std::string& path, const ReadOptions& options = {}) {
  return ErrorReason(OpenTable(path, options).status());
}

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_TEST_FILES_H_
