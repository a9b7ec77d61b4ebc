// Rows of a purchase import: one product of an order each; and the orders they are put together to.
// Pure.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_PURCHASE_ROWS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_PURCHASE_ROWS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crm/customer/v1/purchase.pb.h"
#include "services/customer/import/customer_join.h"
#include "services/customer/product_mapper.h"

namespace crm::customer::import {

struct PurchaseRow : JoinedRow {
  v1::Purchase purchase;  // what the row says about the order as a whole
  v1::PurchaseItem item;  // and about one product of it

  std::vector<google::protobuf::Message*> messages() override { return {&purchase, &item, &who}; }
  // Whether there is a product; an amount alone is the order's.
  bool has_item() const { return !item.product_code().empty() || !item.product_name().empty(); }
  // The order as this row alone has it.
  v1::Purchase Whole() const;
};

const FieldCatalog& PurchaseCatalog();

// `3台` → `3`, `1,200` → `1200`; nothing if there is no number.
std::optional<std::string> QuantityOf(std::string_view text);

using Order = std::pair<std::string, std::string>;  // source system, order number

Order OrderOf(const v1::Purchase& purchase);

// The rows of one order.
class OrderRows {
 public:
  // The first row.
  OrderRows(size_t index, const PurchaseRow& row, std::string customer);

  enum class Added { kItem, kRepeated, kDiffers, kTooMany };
  struct Outcome {
    Added added = Added::kItem;
    std::string_view field;  // that differs
  };
  // A further row.
  Outcome Add(size_t index, const PurchaseRow& row, const std::string& customer);

  const v1::Purchase& purchase() const { return purchase_; }
  // Rows whose content is in it, the first one first.
  const std::vector<size_t>& rows() const { return rows_; }
  // Rows that say nothing that is not in it already. They share its fate: skipped where it is
  // recorded, rejected where it is not.
  const std::vector<size_t>& repeated() const { return repeated_; }

 private:
  // The first field that `row` has otherwise; empty if it agrees.
  std::string_view Disagreement(const PurchaseRow& row, const std::string& customer) const;
  bool Holds(const v1::PurchaseItem& item) const;

  v1::Purchase purchase_;
  std::vector<size_t> rows_;
  std::vector<size_t> repeated_;
};

// For the sample check: how a row's product stands in the stored purchase.
void CompareItem(const ImportField& field, const PurchaseRow& source, const v1::Purchase& stored,
                 const ProductMapper& products, v1::ImportSampleRow& result);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_PURCHASE_ROWS_H_
