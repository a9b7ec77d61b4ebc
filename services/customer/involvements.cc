#include "services/customer/involvements.h"

#include <algorithm>
#include <vector>

#include "common/base/absl_view.h"
#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

constexpr int kRowsAtOnce = 10'000;

}  // namespace

void Involvements::Known::Forget(const Work& work) {
  const auto place = work_.find(work);
  if (place == work_.end()) return;
  const auto user = customers_.find(place->second.user);
  const auto customer = user->second.find(place->second.customer);
  if (--customer->second == 0) user->second.erase(customer);
  if (user->second.empty()) customers_.erase(user);
  work_.erase(place);
}

void Involvements::Known::Put(const StoredInvolvement& row) {
  const Work work(row.kind, row.said.number);
  Forget(work);
  if (!row.said.has_user()) return;
  ++customers_[row.said.user][row.said.customer];
  work_.emplace(work, Place{row.said.user, row.said.customer});
}

bool Involvements::Known::Has(std::string_view user, std::string_view customer) const {
  const auto found = customers_.find(ToAbsl(user));
  return found != customers_.end() && found->second.contains(ToAbsl(customer));
}

bool Involvements::IsInvolved(std::string_view user_id, std::string_view customer) const {
  ReaderMutexLock lock(&mutex_);
  return known_.Has(user_id, customer);
}

absl::Status Involvements::Follow(db::Connection& db, absl::Time now) {
  const bool may_have_missed_some = now - followed_ > kKeepInvolvement / 2;
  CRM_RETURN_IF_ERROR(may_have_missed_some ? ReadAll(db) : ReadChanges(db));
  followed_ = now;
  return absl::OkStatus();
}

absl::Status Involvements::ReadAll(db::Connection& db) {
  // The revisions first: rows that are newer come once more with the next changes.
  CRM_ASSIGN_OR_RETURN(const InvolvementRevisions newest, NewestRevisions(db));
  Known all;
  for (const WorkKind kind : kWorkKinds) {
    std::string last;
    std::vector<StoredInvolvement> rows;
    do {
      CRM_ASSIGN_OR_RETURN(rows, OpenAfter(db, kind, last, kRowsAtOnce));
      for (const StoredInvolvement& row : rows) all.Put(row);
      if (!rows.empty()) last = rows.back().said.number;
    } while (rows.size() == kRowsAtOnce);
  }
  revisions_ = newest;
  MutexLock lock(&mutex_);
  known_ = std::move(all);
  return absl::OkStatus();
}

absl::Status Involvements::ReadChanges(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredInvolvement> rows, ChangedSince(db, revisions_));
  if (rows.empty()) return absl::OkStatus();
  MutexLock lock(&mutex_);
  for (const StoredInvolvement& row : rows) {
    known_.Put(row);
    revisions_.Of(row.kind) = std::max(revisions_.Of(row.kind), row.revision);
  }
  return absl::OkStatus();
}

}  // namespace crm::customer
