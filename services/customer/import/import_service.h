// Everything that imports are made of, for the composition root.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SERVICE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/runtime/service_runtime.h"
#include "services/customer/archive.h"
#include "services/customer/import/import_handlers.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/import_runner.h"
#include "services/customer/product_store.h"

namespace crm::customer::import {

class ImportService {
 public:
  // Adds the RPCs and the jobs to `runtime`, which has not started yet. All three outlive this.
  static absl::StatusOr<std::unique_ptr<ImportService>> Create(runtime::ServiceRuntime& runtime,
                                                               Archive& archive,
                                                               const ProductStore& products,
                                                               RunnerOptions options = {});

 private:
  ImportService(runtime::ServiceRuntime& runtime, Archive& archive, const ProductStore& products,
                numbering::NumberPattern pattern, RunnerOptions options);

  void AddTo(runtime::ServiceRuntime& runtime);

  numbering::NumberAllocator numbers_;
  const ImportStore store_;
  ProgressSignal progress_;
  ImportMetrics metrics_;
  ImportKinds kinds_;
  ImportRunner runner_;
  job::PeriodicJob* job_ = nullptr;
  std::unique_ptr<ImportHandlers> handlers_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SERVICE_H_
