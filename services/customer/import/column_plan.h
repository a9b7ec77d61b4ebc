// Which column of a file is which field (CUS-27). Compiled once a job from the header row, the
// declarations of the resource and the caller's mapping.
//
//   FieldCatalog catalog(MessageSchema::Of<v1::Customer>(), {…});
//   CRM_ASSIGN_OR_RETURN(ColumnPlan plan, ColumnPlan::Compile(catalog, header, spec.mapping()));
//   for (const ColumnPlan::Column& column : plan.columns()) …
//
// Headers are compared without case, width, spaces and punctuation; what stands in brackets at the
// end is a unit (万元) or a remark. `公司名称/姓名` is known if both parts are and mean one field.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_COLUMN_PLAN_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_COLUMN_PLAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/schema/message_schema.h"
#include "crm/customer/v1/import.pb.h"

namespace crm::customer::import {

// A further column of a kind: a header that means a declared field, a field of another message, or
// a value that the kind itself understands.
struct ExtraField {
  std::string_view name;  // of a declared field, or a new name
  std::vector<std::string_view> headers;
  // What it is read into, of a new name; its own headers count too. Null: the declared field, or a
  // value of the kind's own.
  const schema::FieldSchema* schema = nullptr;
  // The kind reads the cells itself; `schema` says only how reports mask them.
  bool read_by_kind = false;
};

struct ImportField {
  std::string name;
  const schema::FieldSchema* schema = nullptr;    // null for values that the kind reads itself
  const schema::FieldSchema* shown_as = nullptr;  // how reports mask it; null: as plain text
};

// The fields of one kind of import. Immutable, thread-safe.
class FieldCatalog {
 public:
  // Fields that callers may write, those of `extra`, and custom fields if the resource has them.
  FieldCatalog(const schema::MessageSchema& schema, std::vector<ExtraField> extra);

  const schema::MessageSchema& schema() const { return schema_; }
  // Null if there is no such field; names of custom fields are not in here.
  const ImportField* Find(std::string_view name) const;
  // Null if the header is not known.
  const ImportField* FindByHeader(std::string_view header) const;
  bool has_custom_fields() const { return custom_fields_ != nullptr; }
  const schema::FieldSchema* custom_fields() const { return custom_fields_; }

  // INVALID_ARGUMENT naming every mapping and default whose field does not exist.
  absl::Status CheckSpec(const v1::ImportSpec& spec) const;

 private:
  bool IsField(std::string_view name) const;
  void AddHeader(std::string_view header, size_t field);

  const schema::MessageSchema& schema_;
  const schema::FieldSchema* custom_fields_ = nullptr;
  std::vector<ImportField> fields_;
  absl::flat_hash_map<std::string, size_t> by_name_;
  absl::flat_hash_map<std::string, size_t> by_header_;
};

// `custom_fields.<key>` → key; empty if it is none.
std::string_view CustomFieldKey(std::string_view field);

class ColumnPlan {
 public:
  struct Column {
    size_t index = 0;  // in the file
    std::string header;
    const ImportField* field = nullptr;  // null: custom field, or not imported
    std::string custom_key;
    int64_t unit = 1;
    v1::ImportColumn::Origin origin = v1::ImportColumn::ORIGIN_UNMAPPED;

    bool imported() const { return field != nullptr || !custom_key.empty(); }
    std::string field_name() const;
  };

  // FAILED_PRECONDITION: MAPPED_HEADER_MISSING if a mapping names a header that the file does not
  // have, COLUMN_REPEATED if two columns are one field.
  // `custom_field_of`: `custom_fields.<key>` of a header, or nothing.
  using CustomFieldOf = std::function<std::string(std::string_view header)>;
  static absl::StatusOr<ColumnPlan> Compile(const FieldCatalog& catalog,
                                            absl::Span<const std::string> header,
                                            const v1::ImportSpec& spec,
                                            const CustomFieldOf& custom_field_of = nullptr);

  // The plan that an earlier run has compiled, whatever has been defined since.
  static ColumnPlan FromReport(const FieldCatalog& catalog, const v1::ImportReport& report);

  const std::vector<Column>& columns() const { return columns_; }
  // Null if no column is this field.
  const Column* Find(std::string_view field) const;

 private:
  absl::Status CheckMappedHeaders(const v1::ImportSpec& spec) const;
  absl::Status DropRepeated();

  std::vector<Column> columns_;
};

// The form in which headers are compared: letters and digits only, folded.
std::string HeaderKey(std::string_view header);

// Whether a cell can be a header of this kind: known or mapped.
bool IsKnownHeader(const FieldCatalog& catalog, const v1::ImportSpec& spec, std::string_view cell);

// 10 000 for `…（万元）`, 1 000 for 千元, 100 000 000 for 亿元, else 1.
int64_t UnitOfHeader(std::string_view header);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_COLUMN_PLAN_H_
