// Writes the example spreadsheets: lists of customers as a company keeps them before it has a CRM,
// and what belongs to them. The same options give the same files.
#ifndef CRM_TOOLS_EXAMPLES_EXAMPLE_FILES_H_
#define CRM_TOOLS_EXAMPLES_EXAMPLE_FILES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crm::examples {

struct ExampleOptions {
  std::string folder;   // exists
  int64_t rows = 2400;  // customers of both files together
  uint64_t seed = 7;
  uint64_t first_number = 0;
};

// What one file holds: data rows, and how many rows have each kind of dirt.
struct FileFacts {
  int64_t rows = 0;
  std::map<std::string, int64_t> dirt;
};
using Manifest = std::map<std::string, FileFacts>;

// customers.xlsx (title above the header, blank rows at the end), customers_gb18030.csv (other
// header spellings; repeats some of the first file), contacts.csv, interactions.csv, purchases.csv,
// products.csv, and manifest.json with the returned facts.
absl::StatusOr<Manifest> WriteExamples(const ExampleOptions& options);

struct BulkOptions {
  std::string path;
  int64_t rows = 0;
  uint64_t seed = 7;
  uint64_t first_number = 0;
};

// One UTF-8 CSV of valid rows with 12 columns; every fiftieth repeats the phone of an earlier one.
absl::Status WriteBulk(const BulkOptions& options);

}  // namespace crm::examples

#endif  // CRM_TOOLS_EXAMPLES_EXAMPLE_FILES_H_
