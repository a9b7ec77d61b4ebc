// Rows of a customer import: from cells to a customer that could be created as it is. Pure but for
// keys and encryption; no SQL.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_ROWS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/message_schema.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/archive.h"
#include "services/customer/import/cell_cleaner.h"
#include "services/customer/import/column_plan.h"
#include "services/customer/import/customer_columns.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// How rows with certain fields are inserted.
struct CustomerInsert {
  resource::ResourceTable::InsertPlan plan;
  size_t number_at = 0;  // the number's place in the values
};

// A parsed customer.
struct CustomerRow : ParsedRow {
  // Ready to be created, but for its number.
  StoredCustomer customer;
  // The columns of `customer`, encrypted; all but the number.
  const CustomerInsert* insert = nullptr;
  db::Values values;
  // The customer without sensitive fields and number, serialised: the payload of its event.
  std::string payload;
  std::vector<Identity> identities;
  std::vector<std::string> hashes;  // of the identities
  // Fields that the row sets, in order of their declaration; defaults are not among them.
  std::vector<const schema::FieldSchema*> fields;
  std::vector<const schema::FieldSchema*> defaulted;
  bool kind_is_said = false;
  // Name, phone and address: how a customer without a mobile is recognised. Empty if that would be
  // too little.
  std::string name_key;
};

// Not thread-safe.
class CustomerRowParser {
 public:
  // All outlive it.
  CustomerRowParser(Archive& archive, const CustomerOwners& owners, const ImportContext& context,
                    const ColumnPlan& plan);

  std::unique_ptr<CustomerRow> Parse(const tabular::Row& row, ParseCounts& counts);

  // Fills in what the rows of a batch need to be inserted. Parsed rows point into the parser then.
  void Seal(ParsedRows& rows);

  int32_t row_weight() const { return row_weight_; }

 private:
  struct Step {
    const ColumnPlan::Column* column;
    const schema::FieldSchema* field;  // null: custom field or budget
    int32_t weight;
  };
  struct Default {
    const schema::FieldSchema* field;
    std::string custom_key;
    std::string value;
  };

  void ReadCells(const tabular::Row& row, CustomerRow& parsed, ParseCounts& counts);
  CellCleaner::Outcome ReadCell(const Step& step, std::string_view cell, v1::Customer& customer,
                                ParseCounts& counts, schema::Breach& breach);
  void ApplyDefaults(CustomerRow& parsed, ParseCounts& counts);
  void NoteFields(CustomerRow& parsed);
  void FillOpeningBalance(CustomerRow& parsed);
  void DecideKind(CustomerRow& parsed, ParseCounts& counts);
  void DropTitles(v1::Customer& customer, ParseCounts& counts);
  void MoveFields(v1::Customer& customer, ParseCounts& counts);
  void GiveOwner(CustomerRow& parsed);
  void ApplyRules(CustomerRow& parsed);
  void Initialize(v1::Customer& customer) const;
  void Finish(CustomerRow& parsed);
  void Cover(const v1::Customer& customer);
  const CustomerInsert& CurrentInsert();
  std::string PayloadOf(v1::Customer& customer);

  CellCleaner::Outcome ReadCustomField(const std::string& key, std::string_view text,
                                       v1::Customer& customer, schema::Breach& breach);
  void ClearField(std::string_view path, v1::Customer& customer);
  // Notes a broken rule. Whether the row can go on without the value is the policy's to say.
  void Refuse(CustomerRow& parsed, const ColumnPlan::Column* column,
              const schema::FieldSchema* field, std::string_view field_name, std::string_view value,
              const schema::Breach& breach);
  int32_t WeightOf(std::string_view field) const;

  Archive& archive_;
  const CustomerOwners& owners_;
  const ImportContext& context_;
  const ColumnPlan& plan_;
  const std::shared_ptr<const CustomerRules> rules_;
  const schema::MessageSchema& schema_;
  const resource::ChangeSource source_;
  const absl::CivilDay today_;
  const bool accept_incomplete_;
  CellCleaner cleaner_;
  std::vector<Step> steps_;
  std::vector<Default> defaults_;
  std::vector<const schema::FieldSchema*> uncovered_;  // by the newest of inserts_
  bool covered_more_ = true;                           // than the newest of inserts_
  std::vector<std::unique_ptr<const CustomerInsert>> inserts_;
  std::vector<const google::protobuf::FieldDescriptor*> sensitive_;
  v1::Customer hidden_;  // holds what a payload must not have
  int32_t row_weight_ = 0;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_ROWS_H_
