// Row ↔ message for a stored message (crm.options.v1.resource): column = field name, so a new field
// is the proto and a migration, nothing else.
//
// Columns: `id` BIGINT (internal key), `version` BIGINT (rises by one with each change; the etag),
// any extra columns the store names (foreign keys), then one for each stored field:
//   text VARCHAR · FORMAT_DECIMAL DECIMAL(19,2) · FORMAT_DATE DATE · enum SMALLINT · integer BIGINT
//   · bool TINYINT · Timestamp BIGINT (microseconds UTC) · repeated, Struct, message LONGTEXT
//   (JSON) · encrypted VARBINARY, with `<field>_hash` BINARY(16) and `<field>_tail_hash` BINARY(16)
//   for look-up.
// Unknown is NULL. A message field named `etag` is filled from the version.
//
// A table of a resource declared `packed` has a column more, with the whole message of the row's
// version, encrypted (docs/adr/0012): PackedColumns() and ReadPacked() read four columns instead of
// all. Whoever changes a row by SQL of their own raises its version; its packed copy is stale then,
// and readers fall back on the columns.
//
//   const ResourceTable table(MessageSchema::Of<Contact>(), keyring, {"customer_id"});
//   rows = db.Select({"contact_by_id", absl::StrCat("SELECT ", table.columns(), " FROM contact
//   …")}, …) table.Read(*rows, stored) table.Insert(writes, {id, 1}, contact, {customer_id});
//
// Thread-safe.
#ifndef CRM_COMMON_RESOURCE_RESOURCE_TABLE_H_
#define CRM_COMMON_RESOURCE_RESOURCE_TABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/schema/message_schema.h"
#include "crm/types/v1/history.pb.h"
#include "google/protobuf/message.h"

namespace crm::resource {

// Where a row is and which version of it.
struct RowKey {
  int64_t id = 0;
  int64_t version = 0;
};

class ResourceTable {
 public:
  // `keyring` outlives the table.
  ResourceTable(const schema::MessageSchema& schema, crypto::Keyring& keyring,
                std::vector<std::string> extra_columns = {});

  const schema::MessageSchema& schema() const { return schema_; }
  std::string_view name() const { return name_; }
  // "id, version, extra…, field…"; each with the alias before it if given ("c" → "c.id, …").
  std::string Columns(std::string_view alias = "") const;
  int column_count() const { return first_field_column() + static_cast<int>(columns_.size()); }
  // Index of the first field's column in Columns(); extra columns start at 2.
  int first_field_column() const { return 2 + static_cast<int>(extra_columns_.size()); }

  // Reads the current row of a result whose columns are Columns(). DATA_LOSS if a value does not
  // decrypt or parse.
  absl::Status Read(const db::Rows& row, RowKey& key, google::protobuf::Message& message) const;

  // "id, version, <number field>, packed"; only of a packed table.
  std::string PackedColumns(std::string_view alias = "") const;
  static constexpr int kPackedColumnCount = 4;
  // Reads the current row of a result whose columns are PackedColumns(). False if the row has no
  // packed copy of its version: then Read() its columns. DATA_LOSS as Read.
  absl::StatusOr<bool> ReadPacked(const db::Rows& row, RowKey& key,
                                  google::protobuf::Message& message) const;

  // Changes with the stored fields and look-ups that a release declares, at any depth: what another
  // one has derived from a row, its packed copy and its hashes, has to be derived anew.
  int64_t form() const { return form_; }
  // Derives them anew, without a new version; nothing if the row is no longer at key.version, for
  // whoever changes a row derives them.
  void Rederive(db::WriteSet& writes, RowKey key, const google::protobuf::Message& message) const;

  // INSERT of one row; merged with others by the committer. Names the columns that any row inserted
  // here so far has had a value for: most of a wide table's columns are never filled in, and a NULL
  // costs as much to send as a number. The others take their default, which is NULL.
  void Insert(db::WriteSet& writes, RowKey key, const google::protobuf::Message& message,
              db::Values extra = {}) const;
  const db::InsertSpec& insert_spec() const { return insert_spec_; }
  db::Values InsertValues(RowKey key, const google::protobuf::Message& message,
                          db::Values extra = {}) const;

  // An INSERT that names some fields only and leaves the columns of the others to their default:
  // for bulk loads, whose rows have a few of many fields. Immutable; outlives its write sets.
  struct InsertPlan {
    db::InsertSpec spec;
    std::vector<size_t> columns;  // of columns_
  };
  // The fields must include all whose column has no default.
  InsertPlan PlanInsert(absl::FunctionRef<bool(const schema::FieldSchema&)> wanted) const;
  db::Values InsertValues(const InsertPlan& plan, RowKey key,
                          const google::protobuf::Message& message, db::Values extra = {}) const;

  // UPDATE of the columns that differ, and `version` to key.version + 1; refused at commit
  // (WRITE_CONFLICT) if the row is no longer at key.version.
  void Update(db::WriteSet& writes, RowKey key, const google::protobuf::Message& before,
              const google::protobuf::Message& after) const;

  // Changed fields, as kept in the history; values of sensitive fields are "***".
  crm::types::v1::ChangeList Diff(const google::protobuf::Message& before,
                                  const google::protobuf::Message& after) const;

  // Look-up hash of a field declared with one.
  std::string LookupHash(std::string_view field, std::string_view value) const;
  std::string TailHash(std::string_view field, std::string_view value) const;

 private:
  // An insert plan and the columns it leaves out.
  struct Cover {
    InsertPlan plan;
    std::vector<size_t> uncovered;
  };

  struct Column {
    const schema::FieldSchema* field;
    std::string hash_purpose;  // empty without look-up
    std::string tail_purpose;
    std::string aad_prefix;  // encrypted only
  };

  // resource_table_packed.cc
  int64_t FormOfColumns() const;
  std::string Pack(RowKey key, const google::protobuf::Message& message) const;
  bool HasFinerTimes(const google::protobuf::Message& message) const;
  // What comes from the row and not from the message.
  void Finish(const RowKey& key, google::protobuf::Message& message) const;
  // The plan for a row like `message`; a wider one than before if need be.
  const InsertPlan& CoverOf(const google::protobuf::Message& message) const;
  static void AppendNames(const Column& column, std::vector<std::string>& names);
  void AppendHashes(const Column& column, const std::string* text, db::Values& out) const;
  void AppendValues(const Column& column, int64_t id, const google::protobuf::Message& message,
                    db::Values& out) const;
  db::Value PlainValue(const schema::FieldSchema& field,
                       const google::protobuf::Message& message) const;
  absl::Status ReadField(const Column& column, int64_t id, const db::Rows& row, int index,
                         google::protobuf::Message& message) const;

  const schema::MessageSchema& schema_;
  crypto::Keyring& keyring_;
  const std::vector<std::string> extra_columns_;
  std::string name_;
  std::vector<Column> columns_;
  const schema::FieldSchema* etag_field_ = nullptr;
  const schema::FieldSchema* number_field_ = nullptr;
  std::vector<const schema::FieldSchema*> unstored_;
  std::vector<const schema::FieldSchema*> times_;
  int64_t form_ = 0;
  std::string packed_aad_prefix_;  // empty: not packed
  db::InsertSpec insert_spec_;

  // Write sets refer to the plans: kept for ever, at most one for each column.
  mutable std::mutex covers_mutex_;
  mutable std::vector<std::unique_ptr<const Cover>> covers_ ABSL_GUARDED_BY(covers_mutex_);
  mutable std::atomic<const Cover*> widest_cover_{nullptr};
};

// Last four characters: what a tail look-up compares.
inline constexpr size_t kTailLength = 4;

// A field's value as text for histories and reports: enums by short name, lists as JSON; nothing if
// unknown.
std::optional<std::string> FieldText(const google::protobuf::Message& message,
                                     const schema::FieldSchema& field);
bool FieldEquals(const google::protobuf::Message& a, const google::protobuf::Message& b,
                 const schema::FieldSchema& field);

// The opaque version a client sends back. Parse: INVALID_ARGUMENT naming `path` if malformed.
std::string EtagOf(int64_t version);
absl::StatusOr<int64_t> ParseEtag(std::string_view etag, std::string_view path);

}  // namespace crm::resource

#endif  // CRM_COMMON_RESOURCE_RESOURCE_TABLE_H_
