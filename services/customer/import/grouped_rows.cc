#include "services/customer/import/grouped_rows.h"

#include <algorithm>
#include <tuple>

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::customer::import {
namespace {

// Positions of rows that lie apart begin here: beyond every byte of a file.
constexpr int64_t kApartOffset = int64_t{1} << 40;
constexpr size_t kSeenBits = size_t{1} << 26;
constexpr int64_t kRowsBetweenCalls = 50'000;

absl::Status Scattered() {
  return Error(absl::StatusCode::kFailedPrecondition, "ROWS_SCATTERED",
               "too many rows that belong together lie apart in the file; sort it by order number");
}

// Reads what is below the header, to the end. What ends a file early ends it here, too: whoever
// reads the rows will meet it.
template <typename OnRow, typename OnLost>
absl::Status ReadAll(const GroupedRows::Open& open, int64_t header_line,
                     const GroupedRows::OnRows& on_rows, OnRow on_row, OnLost on_lost) {
  // A reader for each pass: what one may read twice is limited.
  CRM_ASSIGN_OR_RETURN(const std::unique_ptr<tabular::TableReader> rows, open());
  tabular::Row row;
  int64_t last_line = header_line;
  for (int64_t count = 1;; ++count) {
    const absl::StatusOr<bool> more = rows->Next(row);
    if (!more.ok()) {
      // Not the file's fault: the next try may see more.
      if (!absl::IsInvalidArgument(more.status())) return more.status();
      const int64_t line = tabular::LineOf(more.status());
      if (line == 0 || line > header_line) on_lost(line == 0 ? last_line + 1 : line);
      if (!tabular::IsRowError(more.status())) return absl::OkStatus();
    } else if (!*more) {
      return absl::OkStatus();
    } else if (row.line() > header_line) {
      CRM_RETURN_IF_ERROR(on_row(row));
    }
    last_line = std::max(last_line, row.line());
    if (count % kRowsBetweenCalls == 0) CRM_RETURN_IF_ERROR(on_rows());
  }
}

// One pass. A group whose rows begin a second time lies apart; that some are taken for such by
// chance does no harm.
class Surveyor {
 public:
  absl::Status Add(uint64_t group, int64_t line) {
    if (group == 0) {
      unnamed_ = line;
      return absl::OkStatus();
    }
    if (unnamed_ != 0 && group == last_) beside_[group] = {unnamed_, true};
    unnamed_ = 0;
    if (group != last_) {
      Begin(group);
    } else {
      ++run_;
    }
    if (run_ > GroupedRows::kMaxGroupRows) survey_.too_large.insert(group);
    if (run_ > 1) Several(group);
    if (lost_before_ != 0) beside_[group] = {lost_before_, run_ > 1};
    lost_before_ = 0;
    const bool fits =
        survey_.apart.size() + beside_.size() + survey_.too_large.size() <= GroupedRows::kMaxApart;
    return fits ? absl::OkStatus() : Scattered();
  }

  // An unreadable row: it may belong to a group beside it.
  void Lose(int64_t line) {
    if (last_ != 0) beside_[last_] = {line, run_ > 1};
    lost_before_ = line;
  }

  GroupSurvey Finish() && {
    for (const auto& [group, beside] : beside_) {
      if (beside.several || survey_.apart.contains(group)) {
        survey_.beside_lost[group] = beside.line;
      }
    }
    for (const uint64_t group : survey_.too_large) survey_.apart.erase(group);
    return std::move(survey_);
  }

 private:
  struct Beside {
    int64_t line = 0;
    bool several = false;
  };

  void Begin(uint64_t group) {
    const size_t bit = group % kSeenBits;
    if (seen_[bit]) survey_.apart.insert(group);
    seen_[bit] = true;
    last_ = group;
    run_ = 1;
  }

  void Several(uint64_t group) {
    if (beside_.empty()) return;
    const auto beside = beside_.find(group);
    if (beside != beside_.end()) beside->second.several = true;
  }

  GroupSurvey survey_;
  std::vector<bool> seen_ = std::vector<bool>(kSeenBits);
  absl::flat_hash_map<uint64_t, Beside> beside_;
  uint64_t last_ = 0;
  int64_t run_ = 0;
  int64_t lost_before_ = 0;
  int64_t unnamed_ = 0;  // a row without a group before this one
};

}  // namespace

uint64_t GroupId(std::string_view key) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;  // its low bits are poor
  hash ^= hash >> 31;
  return hash == 0 ? 1 : hash;
}

absl::StatusOr<std::unique_ptr<GroupedRows>> GroupedRows::Make(const Open& open,
                                                               int64_t header_line,
                                                               GroupOf group_of,
                                                               const std::string& spool_folder,
                                                               const OnRows& on_rows) {
  Surveyor surveyor;
  CRM_RETURN_IF_ERROR(ReadAll(
      open, header_line, on_rows,
      [&](const tabular::Row& row) { return surveyor.Add(group_of(row), row.line()); },
      [&](int64_t line) { surveyor.Lose(line); }));
  CRM_ASSIGN_OR_RETURN(SpoolFile spool, SpoolFile::Create(spool_folder));
  std::unique_ptr<GroupedRows> grouped(
      new GroupedRows(std::move(group_of), std::move(surveyor).Finish(), std::move(spool)));
  if (!grouped->survey_.apart.empty()) {
    CRM_RETURN_IF_ERROR(grouped->Gather(open, header_line, on_rows));
  }
  CRM_ASSIGN_OR_RETURN(grouped->rows_, open());
  return grouped;
}

absl::Status GroupedRows::Gather(const Open& open, int64_t header_line, const OnRows& on_rows) {
  int64_t offset = 0;
  const auto spool = [&](const tabular::Row& row) -> absl::Status {
    const uint64_t group = group_of_(row);
    if (!survey_.apart.contains(group)) return absl::OkStatus();
    if (apart_.size() == kMaxApart) return Scattered();
    raw_.Assign(row);
    const std::string record = raw_.ToProto().SerializeAsString();
    CRM_RETURN_IF_ERROR(spool_.Append(record));
    apart_.push_back({group, offset, row.line(), record.size()});
    offset += static_cast<int64_t>(record.size());
    return absl::OkStatus();
  };
  CRM_RETURN_IF_ERROR(ReadAll(open, header_line, on_rows, spool, [](int64_t) {}));
  std::sort(apart_.begin(), apart_.end(), [](const Apart& a, const Apart& b) {
    return std::tie(a.group, a.offset) < std::tie(b.group, b.offset);
  });
  DropTooLarge();
  return absl::OkStatus();
}

void GroupedRows::DropTooLarge() {
  for (size_t start = 0; start < apart_.size();) {
    size_t end = start;
    while (end < apart_.size() && apart_[end].group == apart_[start].group) ++end;
    if (end - start > static_cast<size_t>(kMaxGroupRows)) {
      survey_.too_large.insert(apart_[start].group);
    }
    start = end;
  }
  const auto is_too_large = [this](const Apart& row) {
    return survey_.too_large.contains(row.group);
  };
  apart_.erase(std::remove_if(apart_.begin(), apart_.end(), is_too_large), apart_.end());
  for (const uint64_t group : survey_.too_large) survey_.apart.erase(group);
}

RowGroup GroupedRows::Describe(uint64_t group) const {
  RowGroup described{.id = group, .too_large = survey_.too_large.contains(group), .lost_line = 0};
  const auto beside = survey_.beside_lost.find(group);
  if (beside != survey_.beside_lost.end()) described.lost_line = beside->second;
  return described;
}

absl::StatusOr<bool> GroupedRows::Next(tabular::Row& row) {
  group_ = {};
  while (!in_apart_) {
    CRM_ASSIGN_OR_RETURN(const bool more, rows_->Next(row));
    if (!more) {
      in_apart_ = true;
      break;
    }
    const uint64_t group = group_of_(row);
    if (survey_.apart.contains(group)) continue;
    group_ = Describe(group);
    return true;
  }
  return NextApart(row);
}

absl::StatusOr<bool> GroupedRows::NextApart(tabular::Row& row) {
  if (next_apart_ >= apart_.size()) return false;
  const Apart& apart = apart_[next_apart_];
  CRM_ASSIGN_OR_RETURN(const std::string record, spool_.Read(apart.offset, apart.size));
  ++next_apart_;
  v1::ImportCells cells;
  cells.ParseFromString(record);
  raw_ = RawRow::FromProto(cells);
  row.Reset(apart.line);
  for (size_t i = 0; i < raw_.size(); ++i) row.Add(raw_[i]);
  group_ = Describe(apart.group);
  return true;
}

tabular::Position GroupedRows::position() const {
  if (!in_apart_) return rows_->position();
  return {kApartOffset + static_cast<int64_t>(next_apart_), 1};
}

absl::Status GroupedRows::SeekTo(const tabular::Position& position) {
  in_apart_ = position.offset >= kApartOffset;
  next_apart_ = in_apart_ ? static_cast<size_t>(position.offset - kApartOffset) : 0;
  return in_apart_ ? absl::OkStatus() : rows_->SeekTo(position);
}

}  // namespace crm::customer::import
