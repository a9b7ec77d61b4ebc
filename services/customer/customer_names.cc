#include "services/customer/customer_names.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/event/event_log.h"
#include "common/filter/fragment.h"
#include "crm/event/v1/event.pb.h"

namespace crm::customer {
namespace {

constexpr int kLoadRange = 10'000;
constexpr int kRowsAtOnce = 64;
constexpr uint32_t kNobody = std::numeric_limits<uint32_t>::max();

constexpr db::Query kNameRange{"customer_name_range", R"sql(
  SELECT id, full_name, owner, team
  FROM customer
  WHERE id > ?
  ORDER BY id
  LIMIT ?)sql"};

}  // namespace

uint32_t CustomerNames::Interner::Intern(std::string_view text) {
  MutexLock lock(&mutex_);
  const auto next = static_cast<uint32_t>(numbers_.size());
  return numbers_.emplace(text, next).first->second;
}

uint32_t CustomerNames::Interner::Find(std::string_view text) const {
  ReaderMutexLock lock(&mutex_);
  auto found = numbers_.find(ToAbsl(text));
  return found == numbers_.end() ? kNobody : found->second;
}

void CustomerNames::Upsert(int64_t id, std::string_view name, std::string_view owner,
                           std::string_view team) {
  index_.Upsert(id, name, staff_.Intern(owner), teams_.Intern(team));
}

ScopeFilter CustomerNames::FilterOf(const auth::RowScope& scope) const {
  switch (scope.kind) {
    case auth::RowScope::Kind::kAll:
      return ScopeFilter::All();
    case auth::RowScope::Kind::kOwn:
      return ScopeFilter::Owner(staff_.Find(scope.user_id));
    case auth::RowScope::Kind::kTeams:
      break;
  }
  std::vector<uint32_t> teams;
  for (const std::string& team : scope.teams) teams.push_back(teams_.Find(team));
  return ScopeFilter::OwnerAndTeams(staff_.Find(scope.user_id), std::move(teams));
}

std::vector<Hit> CustomerNames::Find(std::string_view query, const auth::RowScope& scope,
                                     size_t limit, std::optional<Hit> after) const {
  return index_.Find(query, FilterOf(scope), limit, after);
}

absl::Status CustomerNames::Load(db::Pool& pool, absl::Time deadline) {
  NameIndex::Load load(index_);
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool.Acquire(deadline));
  // Events from before the scan are in what it reads.
  CRM_ASSIGN_OR_RETURN(followed_, event::NewestPosition(*db));
  int64_t last = 0;
  do {
    CRM_ASSIGN_OR_RETURN(last, LoadRange(*db, last, load));
  } while (last != 0);
  load.Finish();
  return absl::OkStatus();
}

// Gives the last id read, 0 at the end.
absl::StatusOr<int64_t> CustomerNames::LoadRange(db::Connection& db, int64_t after_id,
                                                 NameIndex::Load& load) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kNameRange, {after_id, kLoadRange}));
  int64_t last = 0;
  while (rows.Next()) {
    last = rows.Int(0);
    load.Add(last, rows.String(1), staff_.Intern(rows.String(2)), teams_.Intern(rows.String(3)));
  }
  return last;
}

absl::Status CustomerNames::Follow(db::Pool& pool, int own_node, absl::Time deadline) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool.Acquire(deadline));
  CRM_ASSIGN_OR_RETURN(const int64_t newest, event::NewestPosition(*db));
  while (followed_ < newest) {
    CRM_ASSIGN_OR_RETURN(const int64_t start, event::FirstRowAfter(*db, followed_, newest));
    CRM_ASSIGN_OR_RETURN(const std::vector<event::LoggedRow> rows,
                         event::RowsFrom(*db, start, newest, kRowsAtOnce));
    if (rows.empty()) break;
    std::set<std::string> numbers;
    for (const event::LoggedRow& row : rows) {
      if (IdGenerator::NodeOf(row.id) == own_node) continue;  // this replica's own commits
      crm::event::v1::EventBatch batch;
      batch.ParseFromString(row.payload);
      for (const auto& event : batch.events()) {
        if (absl::StartsWith(event.type(), "customer.")) numbers.insert(event.subject());
      }
    }
    CRM_RETURN_IF_ERROR(Refresh(*db, {numbers.begin(), numbers.end()}));
    followed_ = rows.back().position + rows.back().event_count - 1;
  }
  return absl::OkStatus();
}

absl::Status CustomerNames::Refresh(db::Connection& db, const std::vector<std::string>& numbers) {
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    const size_t count = std::min(db::kMaxInSize, numbers.size() - start);
    const db::Values part(numbers.begin() + static_cast<std::ptrdiff_t>(start),
                          numbers.begin() + static_cast<std::ptrdiff_t>(start + count));
    const filter::Fragment where = filter::In("number", part);
    const std::string sql =
        absl::StrCat("SELECT id, full_name, owner, team FROM customer WHERE ", where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"customer_names_by_number", sql}, where.values));
    while (rows.Next()) Upsert(rows.Int(0), rows.String(1), rows.String(2), rows.String(3));
  }
  return absl::OkStatus();
}

}  // namespace crm::customer
