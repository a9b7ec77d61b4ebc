// Adds what a batch found and did to the report of its job. Pure.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_TALLY_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_TALLY_H_

#include <cstdint>

#include "absl/time/time.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/import_source.h"

namespace crm::customer::import {

// The columns of a fresh report.
void StartReport(const ColumnPlan& plan, int64_t header_line, v1::ImportJob& job);

// `row_weight`: ImportRun::row_weight().
void AddBatch(const ParsedBatch& batch, const BatchChange& change, int32_t row_weight,
              v1::ImportJob& job);

// `rows` were read in `took` of this process' time.
void SetProgress(const ParsedBatch& batch, int64_t rows, absl::Duration took, v1::ImportJob& job);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_TALLY_H_
