#include "services/ticket/own_problems.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/status_macros.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

// Columns 1 to 5: created_month, done_month, seconds, rated_month, satisfaction.
ProblemCounts CountsAt(const db::Rows& row, int64_t month) {
  ProblemCounts counts{.created = row.OptInt(1) == month ? 1 : 0,
                       .created_before = row.OptInt(1) == month - 1 ? 1 : 0};
  if (row.OptInt(2) == month) {
    counts.done = 1;
    counts.seconds = row.Int(3);
  }
  if (row.OptInt(4) == month) {
    counts.rated = 1;
    counts.satisfaction = row.Int(5);
  }
  return counts;
}

}  // namespace

absl::StatusOr<const ProblemsByName*> OwnProblems::Of(absl::CivilMonth month, ProblemKind kind) {
  if (month_ != month) {
    CRM_RETURN_IF_ERROR(Load(month));
  }
  return &problems_[kind];
}

absl::Status OwnProblems::Load(absl::CivilMonth month) {
  month_.reset();
  tickets_.clear();
  problems_.clear();
  const int64_t number = MonthNumber(month);
  Fragment query{R"sql(
    SELECT ticket_id, created_month, done_month, seconds, rated_month, satisfaction, type, category,
           root_cause
    FROM ticket_problem
    WHERE ticket_id IN (SELECT id FROM ticket WHERE assignee = ?)
      AND (created_month IN (?, ?) OR done_month = ? OR rated_month = ?) AND )sql",
                 {user_id_, number - 1, number, number, number}};
  query.Append(condition_);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"own_problems", query.sql}, query.values));
  while (rows.Next()) Take(rows, number);
  CRM_RETURN_IF_ERROR(LoadTerms());
  month_ = month;
  return absl::OkStatus();
}

void OwnProblems::Take(const db::Rows& row, int64_t month) {
  const ProblemCounts counts = CountsAt(row, month);
  tickets_[row.Int(0)] = counts;
  problems_[ProblemKind::kCategory][row.String(7)].Add(counts);
  if (row.Int(6) == v1::TICKET_TYPE_COMPLAINT) {
    problems_[ProblemKind::kRootCause][absl::StrCat(row.Int(8))].Add(counts);
  }
}

absl::Status OwnProblems::LoadTerms() {
  db::Values ids;
  for (const auto& [id, counts] : tickets_) ids.emplace_back(id);
  for (size_t start = 0; start < ids.size(); start += db::kMaxInSize) {
    Fragment query{"SELECT ticket_id, term FROM ticket_term WHERE ", {}};
    query.Append(filter::In("ticket_id", absl::MakeSpan(ids).subspan(start, db::kMaxInSize)));
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"own_terms", query.sql}, query.values));
    while (rows.Next()) {
      problems_[ProblemKind::kTerm][rows.String(1)].Add(tickets_[rows.Int(0)]);
    }
  }
  return absl::OkStatus();
}

}  // namespace crm::ticket
