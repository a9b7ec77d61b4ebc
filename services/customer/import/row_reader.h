// Reads the cells of a row into messages by their declarations: the common part of all kinds whose
// rows need no more than that (customers have a parser of their own, customer_rows.h).
//
//   RowReader reader(shape, context, plan, archive);
//   reader.Read(row, parsed, counts, own);   // cells, defaults, what is required
//   reader.Finish(parsed);                   // after the rules of the kind
//
// Not thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_ROW_READER_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_ROW_READER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "services/customer/archive.h"
#include "services/customer/import/cell_cleaner.h"
#include "services/customer/import/column_plan.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// What the rows of a kind are.
struct RowShape {
  const FieldCatalog* catalog = nullptr;
  // Without one of these a row is of no use, whatever the policy.
  std::vector<std::string_view> required;
  // Of these a file has at least one column or default: whom a row is about. Empty: no customer.
  std::vector<std::string_view> joins;
};

// A row that was read into messages.
struct MessageRow : ParsedRow {
  // What cells may belong to, each of another type; the first is what the row becomes.
  virtual std::vector<google::protobuf::Message*> messages() = 0;

  // Whether the row itself has set it; whether the row or a default has.
  bool Sets(std::string_view field) const;
  bool Has(std::string_view field) const;
  std::vector<const ImportField*> fields;     // that the row itself has set
  std::vector<const ImportField*> defaulted;  // that it has from the spec
};

class RowReader {
 public:
  // Reads a cell of a field that has no declaration, or says what is wrong with it.
  using OwnCell =
      absl::FunctionRef<CellCleaner::Outcome(std::string_view field, std::string_view text,
                                             CleaningCounts& counts, schema::Breach& breach)>;

  // All but `shape` outlive the reader.
  RowReader(RowShape shape, const ImportContext& context, const ColumnPlan& plan,
            const Archive& archive);

  void Read(const tabular::Row& row, MessageRow& parsed, ParseCounts& counts, OwnCell own);

  // Notes a broken rule of a field. Where the row can go on without the value, it is left out.
  void Refuse(MessageRow& parsed, std::string_view field, const schema::Breach& breach) const;
  // Completeness after cleaning.
  void Finish(MessageRow& parsed) const;

  int32_t row_weight() const { return row_weight_; }
  const RowShape& shape() const { return shape_; }

 private:
  struct Step {
    const ColumnPlan::Column* column;
    const ImportField* field;
    int32_t weight;
  };
  struct Default {
    const ImportField* field;
    std::string value;
  };

  CellCleaner::Outcome ReadCell(const ImportField& field, int64_t unit, std::string_view cell,
                                MessageRow& parsed, CleaningCounts& counts, OwnCell own,
                                schema::Breach& breach);
  void ReadDefaults(MessageRow& parsed, ParseCounts& counts, OwnCell own);
  void CheckRequired(MessageRow& parsed) const;
  void CheckLength(const tabular::Row& row, MessageRow& parsed) const;
  bool IsRequired(std::string_view field) const;

  const RowShape shape_;
  const ColumnPlan& plan_;
  const bool accept_incomplete_;
  CellCleaner cleaner_;
  std::vector<Step> steps_;
  std::vector<Default> defaults_;
  int32_t row_weight_ = 0;
};

// INVALID_ARGUMENT naming a mapping or default of the spec that does not fit; a default that is
// wrong would be wrong for every row. Defaults of fields without a declaration are not looked at.
absl::Status CheckSpecOf(const FieldCatalog& catalog, const Archive& archive,
                         const v1::ImportSpec& spec);

// FAILED_PRECONDITION COLUMN_MISSING if the file lacks what each row must have.
absl::Status CheckColumns(const RowShape& shape, const ColumnPlan& plan,
                          const v1::ImportSpec& spec);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_ROW_READER_H_
