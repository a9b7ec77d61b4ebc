// crm-examples: makes example spreadsheets for trying out and measuring imports.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>

#include "tools/examples/example_files.h"

namespace {

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "crm-examples: " << status.message() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Makes example spreadsheets of synthetic customers; likeness to anybody is chance.");
  crm::examples::ExampleOptions examples;
  crm::examples::BulkOptions bulk;
  std::string out;
  app.add_option("--out", out, "folder for the example files, or the CSV of --bulk")->required();
  app.add_option("--rows", examples.rows, "customers in both customer files together")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--seed", examples.seed, "same seed, same files")->capture_default_str();
  app.add_option("--first-number", examples.first_number,
                 "where phones and credit codes start counting")
      ->check(CLI::Range(uint64_t{0}, uint64_t{500'000'000}))
      ->capture_default_str();
  app.add_option("--bulk", bulk.rows, "write only one CSV of this many valid rows")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}));
  CLI11_PARSE(app, argc, argv);

  if (bulk.rows > 0) {
    bulk.path = out;
    bulk.seed = examples.seed;
    bulk.first_number = examples.first_number;
    return Report(crm::examples::WriteBulk(bulk));
  }
  std::error_code error;  // a folder that cannot be made shows when its first file is written
  std::filesystem::create_directories(out, error);
  examples.folder = out;
  return Report(crm::examples::WriteExamples(examples).status());
}
