// What the handlers of interactions, purchases, products and attachments share. Built once by the
// composition root; the import records through the same.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_ARCHIVE_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_ARCHIVE_H_

#include <string_view>

#include "common/db/pool.h"
#include "common/filter/compile_options.h"
#include "common/numbering/number_allocator.h"
#include "common/resource/resource_table.h"
#include "common/server/call_context.h"
#include "crm/customer/v1/interaction.pb.h"
#include "crm/customer/v1/purchase.pb.h"
#include "services/customer/activity_record.h"
#include "services/customer/activity_rules.h"
#include "services/customer/activity_store.h"
#include "services/customer/archive.h"
#include "services/customer/attachment_store.h"
#include "services/customer/product_store.h"

namespace crm::customer {

inline constexpr std::string_view kInteractionType = "crm.customer.v1.Interaction";
inline constexpr std::string_view kPurchaseType = "crm.customer.v1.Purchase";

using InteractionStore = ActivityStore<v1::Interaction>;
using PurchaseStore = ActivityStore<v1::Purchase>;

struct ActivityArchive {
  // Both outlive it.
  ActivityArchive(Archive& archive, db::Pool& pool);

  static auth::RowScope Everything() {
    return {.kind = auth::RowScope::Kind::kAll, .user_id = {}, .teams = {}};
  }
  // By the settings in force.
  ActivityRules rules() const { return {archive.rules()->policy().activity, archive.zone}; }
  filter::CompileOptions ListOptions(const server::CallContext& call) const;
  // `prefix`: of the fields in errors.
  static RecordContext ContextOf(const server::CallContext& call, std::string_view prefix);

  Archive& archive;
  db::Pool& pool;
  numbering::NumberAllocator interaction_numbers;
  numbering::NumberAllocator purchase_numbers;
  numbering::NumberAllocator attachment_numbers;
  const InteractionStore interactions;
  const PurchaseStore purchases;
  const ProductStore products;
  const AttachmentStore attachments;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_ARCHIVE_H_
