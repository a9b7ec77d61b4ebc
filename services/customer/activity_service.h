// The part of the customer service that is about what happened to customers: interactions,
// purchases, products and attachments with their background jobs. Built and opened by the
// composition root.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_SERVICE_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_SERVICE_H_

#include "common/runtime/service_runtime.h"
#include "services/customer/activity_archive.h"
#include "services/customer/activity_job.h"
#include "services/customer/attachment_handlers.h"
#include "services/customer/interaction_handlers.h"
#include "services/customer/product_handlers.h"
#include "services/customer/purchase_handlers.h"

namespace crm::customer {

class ActivityService {
 public:
  // Both outlive it.
  ActivityService(runtime::ServiceRuntime& runtime, Archive& archive);

  // Adds the services and the jobs; before the runtime starts.
  void Open();

  // For other ways in: forms, imports.
  ActivityArchive& activity() { return activity_; }

 private:
  void AddJobs();

  runtime::ServiceRuntime& runtime_;
  ActivityArchive activity_;
  InteractionHandlers interactions_;
  PurchaseHandlers purchases_;
  ProductHandlers products_;
  AttachmentHandlers attachments_;
  const ActivityJob levels_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_SERVICE_H_
