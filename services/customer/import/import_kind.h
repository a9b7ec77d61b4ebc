// What an import of one kind must know: its columns, how a row becomes a change, how what is stored
// is compared with the row. Everything else (files, jobs, batches, resuming, reports, the sample)
// is the same for all kinds.
//
// A kind is opened once for each run of a job. Two threads work on it: one calls Parse for row
// after row, the other Apply for batch after batch in the order of the file; Compare belongs to the
// second. What they share must be immutable.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_KIND_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_KIND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "common/schema/value_check.h"
#include "common/tabular/table.h"
#include "crm/customer/v1/import.pb.h"
#include "crm/customer/v1/import_state.pb.h"
#include "services/customer/customer_owner.h"
#include "services/customer/import/cleaning.h"
#include "services/customer/import/column_plan.h"

namespace crm::customer::import {

// A job as far as its rows are concerned.
struct ImportContext {
  std::string number;  // of the job
  v1::ImportSpec spec;
  auth::RowScope scope;         // customers it may touch
  std::string actor;            // the creator
  CustomerOwners::Giver giver;  // who gives new customers their owners
  absl::Time now;               // of the rules
  absl::Time created;           // when the job was sent
  bool dry_run = false;
};

// What became of a row.
enum class RowOutcome { kCreated, kUpdated, kMerged, kSkipped, kRejected };

// The cells of a row, owned.
class RawRow {
 public:
  void Assign(const tabular::Row& row);
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t column) const;
  v1::ImportCells ToProto() const;
  static RawRow FromProto(const v1::ImportCells& cells);

 private:
  void Add(std::string_view cell);
  std::string text_;
  std::vector<uint32_t> ends_;
};

// The rows that one row of a file is decided together with.
struct RowGroup {
  uint64_t id = 0;         // 0: none
  bool too_large = false;  // more rows than can be decided together
  // A line that could not be read, or names no group, and may belong to this one; 0 if none.
  int64_t lost_line = 0;
};

// A parsed row on its way; kinds derive what they need.
struct ParsedRow {
  virtual ~ParsedRow() = default;
  int64_t line = 0;
  RowGroup group;
  RawRow raw;
  std::vector<v1::ImportIssue> issues;  // of this row; some may only leave a value out
  bool rejected = false;
  bool sampled = false;
  int64_t rank_hash = 0;
  int32_t weight_before = 0;  // completeness, of the cells
  int32_t weight_after = 0;   // and of what is to be stored
};

// What Apply says about a row.
struct RowResult {
  RowOutcome outcome = RowOutcome::kSkipped;
  bool incomplete = false;
  int64_t resource_id = 0;  // of what it became; 0 if nothing
  int64_t resource_version = 0;
  std::vector<std::string> fields;  // that the row has set
};

// What a batch does.
struct BatchChange {
  db::WriteSet writes;
  std::vector<RowResult> results;  // one for each row, in order
  // Further issues: rows that Apply had to reject.
  std::vector<v1::ImportIssue> issues;
  int64_t duplicates_in_file = 0;
  int64_t duplicates_in_archive = 0;
  std::vector<std::string> unknown_products;
  std::function<void()> after_commit;  // caches; may be empty
};

// Counted by the parsing thread.
struct ParseCounts {
  CleaningCounts cleanings;
  std::vector<int64_t> filled;  // by column
};

using ParsedRows = std::vector<std::unique_ptr<ParsedRow>>;

class ImportRun {
 public:
  virtual ~ImportRun() = default;

  // Never fails: what is wrong with a row is in its issues.
  virtual std::unique_ptr<ParsedRow> Parse(const tabular::Row& row, ParseCounts& counts) = 0;

  // Called by the parsing thread when the rows of a batch are complete: what is better done for all
  // at once.
  virtual void Seal(ParsedRows& rows) = 0;

  // Whether rows become one thing in the end, so that Apply must have all of them in one batch
  // wherever they stand in the file.
  virtual bool has_groups() const { return false; }
  // Which ones: rows that give the same number (GroupId), 0 for a row of no group. Called before
  // the parsing thread begins, and by it.
  virtual uint64_t GroupOf(const tabular::Row& row) {
    (void)row;
    return 0;
  }

  // Decides about the rows that are not rejected, and says what is to be written. Run again, with
  // the next `attempt` and on fresh data, when the commit fails: the first may take for granted
  // what a constraint of the database would refuse. Must not change the rows.
  virtual absl::StatusOr<BatchChange> Apply(db::Connection& db, const ParsedRows& rows,
                                            int attempt) = 0;

  // Weighted fields of a row: what completeness is a share of.
  virtual int32_t row_weight() const = 0;

  // The fields a sampled row has set as they are now; those that a later change has replaced are
  // left out.
  struct Sampled {
    int64_t line = 0;
    int64_t resource_id = 0;
    int64_t resource_version = 0;
    v1::ImportSampleSource source;
  };
  virtual absl::StatusOr<std::vector<v1::ImportSampleRow>> Compare(
      db::Connection& db, const std::vector<Sampled>& rows) = 0;
};

class ImportKind {
 public:
  virtual ~ImportKind() = default;
  virtual const FieldCatalog& catalog() const = 0;
  // `custom_fields.<key>` of a header that an administrator has given a meaning; empty if none.
  virtual std::string CustomFieldOf(std::string_view header) const = 0;
  // INVALID_ARGUMENT if the spec does not make sense for this kind.
  virtual absl::Status CheckSpec(const v1::ImportSpec& spec) const = 0;
  virtual absl::StatusOr<std::unique_ptr<ImportRun>> Open(const ImportContext& context,
                                                          const ColumnPlan& plan) const = 0;
};

// An issue of a cell; `value` is masked by the sensitivity of the field.
v1::ImportIssue MakeIssue(int64_t line, const ColumnPlan::Column* column, std::string_view field,
                          const schema::FieldSchema* schema, std::string_view value,
                          const schema::Breach& breach);

// A value as reports show it.
std::string MaskedForReport(const schema::FieldSchema* schema, std::string_view value);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_KIND_H_
