#include "services/customer/import/purchase_rows.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "common/base/absl_view.h"
#include "common/resource/resource_table.h"
#include "common/text/unicode.h"
#include "services/customer/import/message_fields.h"

namespace crm::customer::import {

using schema::FieldSchema;

namespace {

const schema::MessageSchema& PurchaseSchema() { return schema::MessageSchema::Of<v1::Purchase>(); }

const FieldSchema* ItemField(std::string_view name) {
  return schema::MessageSchema::Of<v1::PurchaseItem>().Find(name);
}

// The declared field of a column that is about the order as a whole; null if it is not.
const FieldSchema* OrderField(const ImportField& field) {
  const bool of_order = field.schema != nullptr &&
                        field.schema->descriptor->containing_type() == v1::Purchase::descriptor();
  return of_order ? field.schema : nullptr;
}

}  // namespace

v1::Purchase PurchaseRow::Whole() const {
  v1::Purchase whole = purchase;
  if (has_item()) {
    *whole.add_items() = item;
  } else if (whole.amount().empty()) {
    whole.set_amount(item.amount());
  }
  return whole;
}

const FieldCatalog& PurchaseCatalog() {
  static const FieldCatalog& catalog = *[] {
    std::vector<ExtraField> extra = {
        {"product_code", {"产品编号", "商品编码", "商品编号", "sku"}, ItemField("product_code")},
        {"product_name", {"商品", "产品名", "购买产品", "product"}, ItemField("product_name")},
        {"quantity", {"件数", "台数", "qty"}, ItemField("quantity"), /*read_by_kind=*/true},
        {"price", {"销售单价", "成交单价", "unit price"}, ItemField("price")},
        {"item_amount", {"小计", "行金额", "商品金额", "line amount"}, ItemField("amount")},
    };
    for (ExtraField& join : JoinColumns()) extra.push_back(std::move(join));
    return new FieldCatalog(PurchaseSchema(), std::move(extra));
  }();
  return catalog;
}

std::optional<std::string> QuantityOf(std::string_view text) {
  std::string number = absl::StrReplaceAll(text::ToHalfWidth(text::Trim(text)), {{",", ""}});
  const auto end = std::find_if(number.begin(), number.end(), [](char c) {
    return !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '.';
  });
  const std::string_view rest =
      text::Trim(std::string_view(number).substr(static_cast<size_t>(end - number.begin())));
  // A unit follows; `3-5` and `-2` are something else.
  if (!rest.empty() && absl::ascii_ispunct(static_cast<unsigned char>(rest.front()))) {
    return std::nullopt;
  }
  number.erase(end, number.end());
  if (number.empty()) return std::nullopt;
  return number;
}

Order OrderOf(const v1::Purchase& purchase) {
  return {purchase.source_system(), purchase.order_number()};
}

OrderRows::OrderRows(size_t index, const PurchaseRow& row, std::string customer)
    : purchase_(row.Whole()), rows_{index} {
  purchase_.set_customer(std::move(customer));
}

OrderRows::Outcome OrderRows::Add(size_t index, const PurchaseRow& row,
                                  const std::string& customer) {
  const std::string_view differs = Disagreement(row, customer);
  if (!differs.empty()) return {Added::kDiffers, differs};
  if (!row.has_item() || Holds(row.item)) {
    repeated_.push_back(index);
    return {Added::kRepeated, ""};
  }
  if (purchase_.items_size() >= PurchaseSchema().Find("items")->max_items) {
    return {Added::kTooMany, "product_name"};
  }
  for (const ImportField* field : row.fields) {
    const FieldSchema* declared = OrderField(*field);
    if (declared != nullptr && !IsSet(purchase_, *declared)) {
      CopyField(row.purchase, *declared, purchase_);
    }
  }
  *purchase_.add_items() = row.item;
  rows_.push_back(index);
  return {};
}

std::string_view OrderRows::Disagreement(const PurchaseRow& row,
                                         const std::string& customer) const {
  if (customer != purchase_.customer()) return FieldOfWho(row.who);
  const bool by_amount = !row.has_item() && !row.item.amount().empty();
  if (by_amount && row.item.amount() != purchase_.amount()) return "item_amount";
  for (const ImportField* field : row.fields) {
    const FieldSchema* declared = OrderField(*field);
    if (declared == nullptr || !IsSet(purchase_, *declared)) continue;
    if (!resource::FieldEquals(purchase_, row.purchase, *declared)) return field->name;
  }
  return "";
}

bool OrderRows::Holds(const v1::PurchaseItem& item) const {
  const std::string text = item.SerializeAsString();
  return std::any_of(purchase_.items().begin(), purchase_.items().end(),
                     [&](const auto& each) { return each.SerializeAsString() == text; });
}

void CompareItem(const ImportField& field, const PurchaseRow& source, const v1::Purchase& stored,
                 const ProductMapper& products, v1::ImportSampleRow& result) {
  const std::string name = field.name == "item_amount" ? "amount" : field.name;
  const FieldSchema* declared = ItemField(name);
  if (declared == nullptr) return;
  const auto add = [&](const std::string& given, const std::string& there) {
    v1::ImportSampleField& shown = *result.add_fields();
    shown.set_field(field.name);
    shown.set_source(MaskedForReport(declared, given));
    shown.set_stored(MaskedForReport(declared, there));
    shown.set_equal(given == there);
  };
  const auto text = [&](const v1::PurchaseItem& item) {
    return resource::FieldText(item, *declared).value_or("");
  };
  if (!source.has_item()) return add(source.item.amount(), stored.amount());
  const std::string& given =
      source.item.product_code().empty() ? source.item.product_name() : source.item.product_code();
  const std::string code = products.CodeOf(given);
  const v1::PurchaseItem* found = nullptr;
  for (const v1::PurchaseItem& item : stored.items()) {
    const bool same_product = code.empty()
                                  ? item.product_name() == given || item.product_code() == given
                                  : item.product_code() == code;
    if (!same_product) continue;
    // An order may have a product on several rows.
    if (found == nullptr || text(item) == text(source.item)) found = &item;
  }
  if (found == nullptr) return add(text(source.item), "");
  // That the product is there is what its code and name are compared by.
  const bool is_product = name == "product_code" || name == "product_name";
  add(text(source.item), is_product ? text(source.item) : text(*found));
}

}  // namespace crm::customer::import
