#include "services/customer/import/customer_import.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/customer/import/customer_batch.h"
#include "services/customer/import/customer_rows.h"
#include "services/customer/import/message_run.h"
#include "services/customer/import/row_reader.h"
#include "services/customer/product_mapper.h"

namespace crm::customer::import {
namespace {

const auth::RowScope kEverything{auth::RowScope::Kind::kAll, "", {}};

class CustomerRun : public ImportRun {
 public:
  CustomerRun(Archive& archive, const ProductStore& products, const CustomerOwners& owners,
              ImportContext context, ColumnPlan plan)
      : archive_(archive),
        products_(products),
        owners_(owners),
        context_(std::move(context)),
        plan_(std::move(plan)),
        parser_(archive_, owners_, context_, plan_) {}

  std::unique_ptr<ParsedRow> Parse(const tabular::Row& row, ParseCounts& counts) override {
    return parser_.Parse(row, counts);
  }

  void Seal(ParsedRows& rows) override { parser_.Seal(rows); }

  absl::StatusOr<BatchChange> Apply(db::Connection& db, const ParsedRows& rows,
                                    int attempt) override {
    if (attempt > 0) memory_.look_up = true;
    return CustomerBatch(archive_, products_, context_, memory_).Decide(db, rows);
  }

  int32_t row_weight() const override { return parser_.row_weight(); }

  absl::StatusOr<std::vector<v1::ImportSampleRow>> Compare(
      db::Connection& db, const std::vector<Sampled>& rows) override {
    std::vector<int64_t> ids;
    for (const Sampled& row : rows) ids.push_back(row.resource_id);
    CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> found,
                         archive_.store.GetByIds(db, ids, kEverything));
    absl::flat_hash_map<int64_t, const StoredCustomer*> by_id;
    for (const StoredCustomer& customer : found) by_id[customer.key.id] = &customer;

    // A parser of its own: the thread that reads the file uses the other one.
    CustomerRowParser parser(archive_, owners_, context_, plan_);
    std::vector<std::unique_ptr<CustomerRow>> sources;
    ProductMapper products(products_);
    for (const Sampled& row : rows) {
      sources.push_back(ParseAgain(parser, row));
      for (const std::string& name : sources.back()->customer.message.products_of_interest()) {
        products.Want(name);
      }
    }
    CRM_RETURN_IF_ERROR(products.Load(db));
    std::vector<v1::ImportSampleRow> compared;
    for (size_t i = 0; i < rows.size(); ++i) {
      auto stored = by_id.find(rows[i].resource_id);
      if (stored == by_id.end()) continue;  // deleted since
      CRM_ASSIGN_OR_RETURN(const auto replaced,
                           ReplacedSince(db, stored->second->key, rows[i].resource_version));
      v1::Customer& source = sources[i]->customer.message;
      MapProducts(products, source);
      compared.push_back(CompareRow(rows[i], source, stored->second->message, replaced));
    }
    return compared;
  }

 private:
  std::unique_ptr<CustomerRow> ParseAgain(CustomerRowParser& parser, const Sampled& row) const {
    ParseCounts counts;
    counts.filled.resize(plan_.columns().size());
    return parser.Parse(SampleRow(row).row(), counts);
  }

  v1::ImportSampleRow CompareRow(const Sampled& row, const v1::Customer& source,
                                 const v1::Customer& stored,
                                 const absl::flat_hash_set<std::string>& replaced) const {
    v1::ImportSampleRow result;
    result.set_line(row.line);
    result.set_resource(stored.number());
    for (const std::string& name : row.source.fields()) {
      const schema::FieldSchema* field = archive_.store.table().schema().Find(name);
      if (field == nullptr || replaced.contains(name)) continue;
      v1::ImportSampleField& shown = *result.add_fields();
      shown.set_field(name);
      const auto text = [&](const v1::Customer& customer) {
        return MaskedForReport(field, resource::FieldText(customer, *field).value_or(""));
      };
      shown.set_source(text(source));
      shown.set_stored(text(stored));
      shown.set_equal(resource::FieldEquals(source, stored, *field));
    }
    return result;
  }

  Archive& archive_;
  const ProductStore& products_;
  const CustomerOwners& owners_;
  const ImportContext context_;
  const ColumnPlan plan_;
  CustomerRowParser parser_;
  BatchMemory memory_;
};

}  // namespace

const FieldCatalog& CustomerImport::catalog() const { return CustomerCatalog(); }

std::string CustomerImport::CustomFieldOf(std::string_view header) const {
  const std::string key = HeaderKey(header);
  const auto rules = archive_.rules();
  for (const v1::CustomField& field : rules->custom_fields().definitions()) {
    for (const std::string* name : {&field.label_zh(), &field.label_en(), &field.field_key()}) {
      if (HeaderKey(*name) == key) return absl::StrCat("custom_fields.", field.field_key());
    }
  }
  return "";
}

absl::Status CustomerImport::CheckSpec(const v1::ImportSpec& spec) const {
  CRM_RETURN_IF_ERROR(CheckSpecOf(catalog(), archive_, spec));
  const auto rules = archive_.rules();
  for (int i = 0; i < spec.mapping_size(); ++i) {
    const std::string_view key = CustomFieldKey(spec.mapping(i).field());
    if (key.empty() || rules->custom_fields().Find(key) != nullptr) continue;
    return InvalidField(absl::StrCat("spec.mapping[", i, "].field"), "FIELD_UNKNOWN",
                        "define this custom field first");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ImportRun>> CustomerImport::Open(const ImportContext& context,
                                                                const ColumnPlan& plan) const {
  if (plan.Find("full_name") == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "NAME_COLUMN_MISSING",
                 "no column is the customer's name; map one to full_name");
  }
  return std::make_unique<CustomerRun>(archive_, products_, owners_, context, plan);
}

}  // namespace crm::customer::import
