// Everything that imports are made of, for the composition root.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SERVICE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/runtime/service_runtime.h"
#include "services/customer/activity_archive.h"
#include "services/customer/contact_store.h"
#include "services/customer/import/import_handlers.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/import_runner.h"

namespace crm::customer::import {

// What is imported into.
struct ImportTargets {
  ActivityArchive& activity;
  const ContactStore& contacts;
  numbering::NumberAllocator& contact_numbers;
  const CustomerOwners& owners;
};

class ImportService {
 public:
  // Adds the RPCs and the jobs to `runtime`, which has not started yet. That and the targets
  // outlive this.
  static absl::StatusOr<std::unique_ptr<ImportService>> Create(runtime::ServiceRuntime& runtime,
                                                               ImportTargets targets,
                                                               RunnerOptions options = {});

 private:
  ImportService(runtime::ServiceRuntime& runtime, ImportTargets targets,
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
