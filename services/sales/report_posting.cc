#include "services/sales/report_posting.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/db/group_committer.h"
#include "common/db/write_set.h"
#include "common/job/exclusive.h"
#include "common/job/steps.h"
#include "common/record/followed.h"
#include "common/text/decimal.h"
#include "services/sales/opportunity_batch.h"
#include "services/sales/report_sums.h"

namespace crm::sales {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kTerm = absl::Seconds(10);
// The guard of the cells: each posting moves it on.
constexpr char kRevision[] = "report_posting";
// Enough that what is added to the same cell meets here, and not so much that others wait for it or
// that the largest amounts add up to more than 64 bits.
constexpr size_t kEntriesAtOnce = 512;
// Of every table; empty in cells that are broader.
constexpr size_t kOwnerKey = 0;
constexpr size_t kTeamKey = 1;
constexpr char kAnybody[] = "";

using Key = std::vector<std::string>;
using Sums = std::vector<int64_t>;

bool IsNothing(const Sums& sums) {
  return std::all_of(sums.begin(), sums.end(), [](int64_t sum) { return sum == 0; });
}

void AddTo(Sums& to, const Sums& sums) {
  to.resize(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) to[i] += sums[i];
}

// What entries add to the cells of one table.
class Cells {
 public:
  // The table's columns are those of an entry from `first_column` on.
  Cells(const SumTable& table, int first_column) : table_(table), first_column_(first_column) {}

  void Add(const db::Rows& entry) {
    const Sums sums = SumsOf(entry);
    if (!IsNothing(sums)) AddTo(of_owners_[KeyOf(entry)], sums);
  }

  void Write(const db::InsertSpec& spec, db::WriteSet& writes) const {
    for (const Breadth breadth : kBreadths) {
      for (const auto& [key, sums] : SummedUp(breadth)) {
        if (!IsNothing(sums)) writes.Insert(spec, RowOf(breadth, key, sums));
      }
    }
  }

 private:
  Sums SumsOf(const db::Rows& entry) const {
    Sums sums;
    int column = first_column_ + static_cast<int>(table_.keys.size());
    for (const SumColumn& sum : table_.sums) {
      const auto decimal = text::ParseDecimal(entry.String(column), sum.scale);
      sums.push_back(decimal.ok() ? *decimal : 0);  // NULL: no stay
      ++column;
    }
    return sums;
  }

  // As text, which the database reads as the numbers that some of them are.
  Key KeyOf(const db::Rows& entry) const {
    Key key;
    for (size_t i = 0; i < table_.keys.size(); ++i) {
      key.push_back(entry.String(first_column_ + static_cast<int>(i)));
    }
    return key;
  }

  std::map<Key, Sums> SummedUp(Breadth breadth) const {
    if (breadth == Breadth::kOwner) return of_owners_;
    std::map<Key, Sums> cells;
    for (const auto& [of_owner, sums] : of_owners_) {
      Key key = of_owner;
      key[kOwnerKey] = kAnybody;
      if (breadth == Breadth::kAll) key[kTeamKey] = kAnybody;
      AddTo(cells[std::move(key)], sums);
    }
    return cells;
  }

  db::Values RowOf(Breadth breadth, const Key& key, const Sums& sums) const {
    db::Values row{breadth};
    row.insert(row.end(), key.begin(), key.end());
    for (size_t i = 0; i < sums.size(); ++i) {
      row.emplace_back(text::FormatDecimal(sums[i], table_.sums[i].scale));
    }
    return row;
  }

  const SumTable& table_;
  const int first_column_;
  std::map<Key, Sums> of_owners_;
};

std::vector<std::string> ColumnsOf(const SumTable& table) {
  std::vector<std::string> columns(table.keys.begin(), table.keys.end());
  for (const SumColumn& sum : table.sums) columns.emplace_back(sum.name);
  return columns;
}

db::InsertSpec MakeSpec(const SumTable& table) {
  db::InsertSpec spec{table.name, ColumnsOf(table), ""};
  spec.columns.insert(spec.columns.begin(), "breadth");
  std::vector<std::string> sums;
  for (const SumColumn& sum : table.sums) {
    const auto name = ToAbsl(sum.name);
    sums.push_back(absl::StrCat(name, " = ", name, " + VALUES(", name, ")"));
  }
  spec.on_duplicate = absl::StrCat("ON DUPLICATE KEY UPDATE ", absl::StrJoin(sums, ", "));
  return spec;
}

// A journal, and the tables that its entries are added up in.
class Journal {
 public:
  explicit Journal(std::vector<const SumTable*> tables)
      : name_(tables.front()->journal), tables_(std::move(tables)) {
    std::vector<std::string> columns = {"id"};
    for (const SumTable* table : tables_) {
      specs_.push_back(MakeSpec(*table));
      for (std::string& column : ColumnsOf(*table)) columns.push_back(std::move(column));
    }
    select_ = absl::StrCat("SELECT ", absl::StrJoin(columns, ", "), " FROM ", ToAbsl(name_),
                           " ORDER BY id LIMIT ?");
    posted_ = absl::StrCat(ToAbsl(name_), "_posted");
  }

  // The oldest entries; gives how many.
  absl::StatusOr<size_t> Post(db::Connection& db, db::WriteSet& writes) const {
    CRM_ASSIGN_OR_RETURN(db::Rows entries, db.Select({name_, select_}, {kEntriesAtOnce}));
    const std::vector<int64_t> ids = AddToCells(entries, writes);
    TakeOut(ids, writes);
    return ids.size();
  }

 private:
  // Also gives the ids of the entries.
  std::vector<int64_t> AddToCells(db::Rows& entries, db::WriteSet& writes) const {
    std::vector<int64_t> ids;
    std::vector<Cells> cells;  // of each table
    int column = 1;
    for (const SumTable* table : tables_) {
      cells.emplace_back(*table, column);
      column += static_cast<int>(table->keys.size() + table->sums.size());
    }
    while (entries.Next()) {
      ids.push_back(entries.Int(0));
      for (Cells& each : cells) each.Add(entries);
    }
    for (size_t i = 0; i < cells.size(); ++i) cells[i].Write(specs_[i], writes);
    return ids;
  }

  void TakeOut(const std::vector<int64_t>& ids, db::WriteSet& writes) const {
    for (size_t begin = 0; begin < ids.size(); begin += db::kMaxInSize) {
      const size_t count = std::min(db::kMaxInSize, ids.size() - begin);
      const filter::Fragment where = InIds("id", absl::MakeConstSpan(ids).subspan(begin, count));
      const std::string sql = absl::StrCat("DELETE FROM ", ToAbsl(name_), " WHERE ", where.sql);
      writes.Execute({posted_, sql}, where.values, db::Expect::kSomeRow);
    }
  }

  const std::string_view name_;
  const std::vector<const SumTable*> tables_;
  std::vector<db::InsertSpec> specs_;
  std::string select_;
  std::string posted_;
};

const std::vector<Journal>& Journals() {
  static const auto& journals = *new std::vector<Journal>{
      Journal({&FunnelSums(), &ForecastSums(), &DwellSums(), &FollowUpSums()}),
      Journal({&ClosedSums()})};
  return journals;
}

// Somebody else was faster.
bool IsOvertaken(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsAlreadyExists(status);
}

}  // namespace

ReportPosting::ReportPosting(runtime::ServiceRuntime& runtime) : runtime_(runtime) {}

absl::StatusOr<size_t> ReportPosting::PostSome(db::Connection& db) const {
  // Before the entries: what is posted by somebody else after it makes this commit fail.
  CRM_ASSIGN_OR_RETURN(const int64_t revision, record::ReadRevision(db, kRevision));
  db::WriteSet writes;
  size_t most = 0;
  for (const Journal& journal : Journals()) {
    CRM_ASSIGN_OR_RETURN(const size_t posted, journal.Post(db, writes));
    most = std::max(most, posted);
  }
  if (most == 0) return 0;
  record::AdvanceRevision(writes, kRevision, revision);
  const db::WriteSet* const all[] = {&writes};
  CRM_RETURN_IF_ERROR(db::CommitOn(db, all, nullptr));
  return most;
}

absl::Status ReportPosting::PostAll() {
  const absl::Time deadline = absl::Now() + kTimeout;
  size_t posted = kEntriesAtOnce;
  while (posted == kEntriesAtOnce) {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(deadline));
    const absl::StatusOr<size_t> some = PostSome(*db);
    if (some.ok()) {
      posted = *some;
    } else if (!IsOvertaken(some.status())) {
      return some.status();
    }
  }
  return absl::OkStatus();
}

job::JobBody ReportPosting::Job() {
  const auto step = [this]() -> absl::StatusOr<job::Progress> {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kTimeout));
    const absl::StatusOr<size_t> posted = PostSome(*db);
    if (IsOvertaken(posted.status())) return job::Progress::kMore;
    CRM_RETURN_IF_ERROR(posted.status());
    return *posted < kEntriesAtOnce ? job::Progress::kDone : job::Progress::kMore;
  };
  return job::Exclusive(runtime_.pool(), runtime_.clock(),
                        {.name = "post-report-sums", .holder = runtime_.holder(), .term = kTerm},
                        job::InSteps(step));
}

}  // namespace crm::sales
