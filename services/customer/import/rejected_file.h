// The rejected rows of an import as a CSV that can be mended and imported again (CUS-30).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_REJECTED_FILE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_REJECTED_FILE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/schema/language.h"
#include "common/tabular/table_writer.h"
#include "crm/customer/v1/import.pb.h"
#include "crm/customer/v1/import_state.pb.h"
#include "services/customer/import/column_plan.h"

namespace crm::customer::import {

// Not thread-safe.
class RejectedFile {
 public:
  // `mask_by`: cells are masked by the fields of this catalog (PLT-14); null for who may have them
  // as they came.
  static absl::StatusOr<RejectedFile> Open(const v1::ImportJob& job, schema::Language language,
                                           const FieldCatalog* mask_by, tabular::Sink sink);

  absl::Status Add(int64_t line, const v1::ImportCells& cells,
                   const std::vector<v1::ImportIssue>& issues);
  absl::Status Close() { return writer_->Close(); }

 private:
  // A column of the file that is written.
  struct Column {
    int index = 0;
    const schema::FieldSchema* field = nullptr;  // null: unknown
  };

  RejectedFile(std::unique_ptr<tabular::TableWriter> writer, std::vector<Column> columns,
               bool masked, schema::Language language)
      : writer_(std::move(writer)),
        columns_(std::move(columns)),
        masked_(masked),
        language_(language) {}

  std::string CellOf(const v1::ImportCells& cells, const Column& column) const;

  std::unique_ptr<tabular::TableWriter> writer_;
  std::vector<Column> columns_;
  bool masked_;
  schema::Language language_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_REJECTED_FILE_H_
