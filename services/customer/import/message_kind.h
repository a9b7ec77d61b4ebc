// The part of a kind that is the same for all whose rows are read by row_reader.h.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_KIND_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_KIND_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/status_macros.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/row_reader.h"

namespace crm::customer::import {

// `Run` is made from (parts, shape, context, plan).
template <typename Run>
class MessageKind : public ImportKind {
 public:
  using Parts = typename Run::Parts;

  MessageKind(Parts parts, RowShape shape) : parts_(parts), shape_(std::move(shape)) {}

  const FieldCatalog& catalog() const override { return *shape_.catalog; }
  std::string CustomFieldOf(std::string_view) const override { return ""; }
  absl::Status CheckSpec(const v1::ImportSpec& spec) const override {
    return CheckSpecOf(*shape_.catalog, parts_.archive, spec);
  }
  absl::StatusOr<std::unique_ptr<ImportRun>> Open(const ImportContext& context,
                                                  const ColumnPlan& plan) const override {
    CRM_RETURN_IF_ERROR(CheckColumns(shape_, plan, context.spec));
    return std::make_unique<Run>(parts_, shape_, context, plan);
  }

 private:
  const Parts parts_;
  const RowShape shape_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_KIND_H_
