#include "services/customer/import/import_service.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/event/outbox.h"
#include "common/job/lease.h"
#include "common/job/steps.h"
#include "services/customer/import/contact_import.h"
#include "services/customer/import/customer_import.h"
#include "services/customer/import/interaction_import.h"
#include "services/customer/import/product_import.h"
#include "services/customer/import/purchase_import.h"

namespace crm::customer::import {
namespace {

constexpr char kNumberPattern[] = "IMP{yyyyMMdd}{seq:3}";
constexpr int64_t kNumberBlock = 1;  // imports are few: no gaps

ImportKinds Kinds(const ImportTargets& to) {
  Archive& archive = to.activity.archive;
  const ProductStore& products = to.activity.products;
  ImportKinds kinds;
  kinds[v1::IMPORT_KIND_CUSTOMER] = std::make_unique<CustomerImport>(archive, products, to.owners);
  kinds[v1::IMPORT_KIND_CONTACT] = NewContactImport(archive, to.contacts, to.contact_numbers);
  kinds[v1::IMPORT_KIND_INTERACTION] = NewInteractionImport(to.activity, to.contacts);
  kinds[v1::IMPORT_KIND_PURCHASE] = NewPurchaseImport(to.activity);
  kinds[v1::IMPORT_KIND_PRODUCT] = NewProductImport(archive, products);
  return kinds;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ImportService>> ImportService::Create(
    runtime::ServiceRuntime& runtime, ImportTargets targets, RunnerOptions options) {
  CRM_ASSIGN_OR_RETURN(numbering::NumberPattern pattern,
                       numbering::NumberPattern::Parse(kNumberPattern));
  if (options.holder.empty()) options.holder = job::ProcessName();
  std::unique_ptr<ImportService> service(
      new ImportService(runtime, targets, std::move(pattern), std::move(options)));
  service->AddTo(runtime);
  return service;
}

ImportService::ImportService(runtime::ServiceRuntime& runtime, ImportTargets targets,
                             numbering::NumberPattern pattern, RunnerOptions options)
    : numbers_({.name = "import",
                .pattern = std::move(pattern),
                .zone = runtime.zone(),
                .block = kNumberBlock},
               runtime.pool()),
      store_(runtime.keyring()),
      metrics_(runtime.metrics()),
      kinds_(Kinds(targets)),
      runner_({.clock = runtime.clock(),
               .pool = runtime.pool(),
               .outbox = event::MakeOutboxHook(runtime.ids(), runtime.clock()),
               .store = store_,
               .kinds = kinds_,
               .progress = progress_,
               .metrics = metrics_},
              std::move(options)),
      handlers_(std::make_unique<ImportHandlers>(
          ImportHandlers::Parts{.clock = runtime.clock(),
                                .ids = runtime.ids(),
                                .keyring = runtime.keyring(),
                                .numbers = numbers_,
                                .zone = runtime.zone(),
                                .outbox = event::MakeOutboxHook(runtime.ids(), runtime.clock()),
                                .store = store_,
                                .kinds = kinds_,
                                .owners = targets.owners,
                                .policy = runtime.policy(),
                                .progress = progress_,
                                .wake = [this] { job_->Notify(); }})) {}

void ImportService::AddTo(runtime::ServiceRuntime& runtime) {
  job_ = &runtime.jobs().Add({.name = "import", .interval = absl::Seconds(2)},
                             [this](const std::stop_token& stop) { return runner_.RunDue(stop); });
  runtime.jobs().Add({.name = "import-purge", .interval = absl::Hours(1)},
                     job::InSteps([this] { return runner_.Purge(); }));
  runtime.Serve("crm.customer.v1.ImportService", *handlers_);
}

}  // namespace crm::customer::import
