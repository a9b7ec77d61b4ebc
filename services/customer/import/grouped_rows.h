// Brings the rows of a table that are decided together (those of one order) together: rows come in
// the order of the file, but for groups whose rows lie apart, which follow at the end, group by
// group. The same file always gives the same order of rows, so that positions can be stored.
//
//   CRM_ASSIGN_OR_RETURN(auto rows, GroupedRows::Make(open, header, group_of, "/tmp", on_rows));
//   while (…rows->Next(row)…) Use(row, rows->group());
//
// The file is read once or twice before. Memory is bounded: 8 MiB and a few hundred bytes a row for
// up to kMaxApart rows that lie apart; what they hold lies on the local disk. Errors are those of
// the table, SPOOL_FAILED, and FAILED_PRECONDITION ROWS_SCATTERED for a file beyond that bound.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_GROUPED_ROWS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_GROUPED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/spool_file.h"

namespace crm::customer::import {

// What a whole pass over a file says about its groups.
struct GroupSurvey {
  absl::flat_hash_set<uint64_t> apart;      // rows lie apart
  absl::flat_hash_set<uint64_t> too_large;  // more than kMaxGroupRows rows
  // Groups of several rows beside a line that could not be read and may belong to them, or around
  // one that names no group; with that line.
  absl::flat_hash_map<uint64_t, int64_t> beside_lost;
};

class GroupedRows : public tabular::TableReader {
 public:
  // Larger groups are not brought together: they are marked.
  static constexpr int64_t kMaxGroupRows = 1000;
  static constexpr size_t kMaxApart = size_t{1} << 21;

  using Open = std::function<absl::StatusOr<std::unique_ptr<tabular::TableReader>>()>;
  using GroupOf = std::function<uint64_t(const tabular::Row& row)>;
  // Called now and then before Make returns; an error ends it.
  using OnRows = std::function<absl::Status()>;

  // Rows up to the line of the header belong to no group.
  static absl::StatusOr<std::unique_ptr<GroupedRows>> Make(const Open& open, int64_t header_line,
                                                           GroupOf group_of,
                                                           const std::string& spool_folder,
                                                           const OnRows& on_rows);

  // Of the row given last.
  RowGroup group() const { return group_; }

  absl::StatusOr<bool> Next(tabular::Row& row) override;
  tabular::Position position() const override;
  absl::Status SeekTo(const tabular::Position& position) override;
  const tabular::TableInfo& info() const override { return rows_->info(); }
  tabular::Progress progress() const override { return rows_->progress(); }

 private:
  // A row that lies apart, in the spool file.
  struct Apart {
    uint64_t group;
    int64_t offset;
    int64_t line;
    size_t size;
  };

  GroupedRows(GroupOf group_of, GroupSurvey survey, SpoolFile spool)
      : group_of_(std::move(group_of)), survey_(std::move(survey)), spool_(std::move(spool)) {}

  // Puts the rows that lie apart into the spool file.
  absl::Status Gather(const Open& open, int64_t header_line, const OnRows& on_rows);
  void DropTooLarge();
  absl::StatusOr<bool> NextApart(tabular::Row& row);
  RowGroup Describe(uint64_t group) const;

  const GroupOf group_of_;
  GroupSurvey survey_;
  SpoolFile spool_;
  std::unique_ptr<tabular::TableReader> rows_;
  std::vector<Apart> apart_;
  size_t next_apart_ = 0;  // once rows_ has ended
  bool in_apart_ = false;
  RawRow raw_;
  RowGroup group_;
};

// A name of a group, the same in every process; never 0, which is no group.
uint64_t GroupId(std::string_view key);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_GROUPED_ROWS_H_
