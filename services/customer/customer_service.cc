#include "services/customer/customer_service.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/numbering/number_allocator.h"
#include "services/customer/archive.h"
#include "services/customer/customer_handlers.h"
#include "services/customer/embedded_customer_migrations.h"
#include "services/customer/search_handlers.h"
#include "services/customer/tag_handlers.h"

namespace crm::customer {
namespace {

constexpr char kDefaultNumberPattern[] = "CRM{yyyy}{seq:6}";
constexpr absl::Duration kJobTimeout = absl::Seconds(30);
constexpr absl::Duration kLoadTimeout = absl::Minutes(10);

// Everybody's roles and team come from their tokens.
class NoDirectory : public server::StaffDirectory {
 public:
  std::shared_ptr<const server::StaffEntry> Find(std::string_view) const override {
    return nullptr;
  }
};

class Composition : public runtime::Service {
 public:
  Composition(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern)
      : runtime_(runtime),
        numbers_({.name = "customer", .pattern = std::move(pattern), .zone = runtime.zone()},
                 runtime.pool()),
        archive_(runtime.clock(), runtime.ids(), runtime.keyring(), numbers_, runtime.zone()),
        customers_(archive_, staff_),
        search_(archive_),
        tags_(archive_) {}

  absl::Status Open() {
    CRM_RETURN_IF_ERROR(archive_.names.Load(runtime_.pool(), absl::Now() + kLoadTimeout));
    runtime_.SetStaffDirectory(&staff_);
    server::MethodTable table(
        runtime::ServiceDescriptorOf("crm.customer.v1.CustomerService"));
    customers_.Register(table);
    search_.Register(table);
    tags_.Register(table);
    runtime_.Add(std::move(table));
    AddJobs();
    return absl::OkStatus();
  }

 private:
  void AddJobs() {
    runtime_.jobs().Add(
        {.name = "name-index", .interval = absl::Seconds(1)},
        [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
          CRM_RETURN_IF_ERROR(archive_.names.Follow(runtime_.pool(), runtime_.ids().node(),
                                                    absl::Now() + kJobTimeout));
          while (!stop.stop_requested() && archive_.names.MergeChanges()) {
          }
          return absl::InfiniteFuture();
        });
  }

  runtime::ServiceRuntime& runtime_;
  NoDirectory staff_;
  numbering::NumberAllocator numbers_;
  Archive archive_;
  CustomerHandlers customers_;
  SearchHandlers search_;
  TagHandlers tags_;
};

}  // namespace

runtime::ServiceInfo Info() {
  return {.program = "crm-customer",
          .summary = "Customer archive: customers, contacts, identities, interactions, purchases.",
          .migrations =
              runtime::MigrationsOf("customer", embedded::customer_migrations())};
}

absl::StatusOr<std::unique_ptr<runtime::Service>> CustomerService::Create(
    runtime::ServiceRuntime& runtime) {
  CRM_ASSIGN_OR_RETURN(numbering::NumberPattern pattern,
                       numbering::NumberPattern::Parse(kDefaultNumberPattern));
  auto composition = std::make_unique<Composition>(runtime, std::move(pattern));
  CRM_RETURN_IF_ERROR(composition->Open());
  return composition;
}

}  // namespace crm::customer
