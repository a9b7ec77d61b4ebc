#include "services/customer/age_job.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "common/job/once_per_mark.h"

namespace crm::customer {
namespace {

constexpr int kBatch = 500;
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kTerm = absl::Minutes(10);
// After a year everybody has had a birthday.
constexpr int64_t kAllDays = 366;
const absl::CivilDay kDayZero(1970, 1, 1);

// The days whose people are to be looked at. Whoever was born on a 29th of February is a year older
// on the 1st of March of other years.
std::vector<absl::CivilDay> DaysBetween(absl::CivilDay last, absl::CivilDay today) {
  std::vector<absl::CivilDay> days;
  for (absl::CivilDay day = std::max(last, today - kAllDays) + 1; day <= today; ++day) {
    days.push_back(day);
    if (day.month() == 3 && day.day() == 1) days.emplace_back(2000, 2, 29);
  }
  return days;
}

}  // namespace

absl::StatusOr<int64_t> AgeJob::Run(absl::CivilDay last, absl::Time now,
                                    const std::stop_token& stop) const {
  int64_t changed = 0;
  for (const absl::CivilDay day : DaysBetween(last, archive_.DayOf(now))) {
    CRM_ASSIGN_OR_RETURN(const int64_t of_day, RunDay(day, now, stop));
    changed += of_day;
  }
  return changed;
}

absl::StatusOr<int64_t> AgeJob::RunDay(absl::CivilDay day, absl::Time now,
                                       const std::stop_token& stop) const {
  int64_t changed = 0;
  int64_t after = 0;
  while (true) {
    if (stop.stop_requested()) return changed;
    const absl::Time deadline = absl::Now() + kTimeout;
    CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> people, Read(day, after, deadline));
    if (people.empty()) return changed;
    CRM_ASSIGN_OR_RETURN(const db::Committed committed,
                         db::CommitEach(committer_, ChangesOf(people, now), deadline));
    changed += committed.changed;
    // Others have changed some meanwhile, and need not have looked at the age: once more.
    if (committed.conflicts == 0) after = people.back().key.id;
  }
}

absl::StatusOr<std::vector<StoredCustomer>> AgeJob::Read(absl::CivilDay day, int64_t after,
                                                         absl::Time deadline) const {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(deadline));
  return archive_.store.BornOn(*db, day, after, kBatch);
}

std::vector<db::WriteSet> AgeJob::ChangesOf(const std::vector<StoredCustomer>& people,
                                            absl::Time now) const {
  const auto rules = archive_.rules();
  std::vector<db::WriteSet> changes;
  for (const StoredCustomer& person : people) {
    absl::CivilDay birthday;
    if (!absl::ParseCivilTime(person.message.birthday(), &birthday)) continue;
    v1::Customer older = person.message;
    older.set_age(AgeOn(birthday, archive_.DayOf(now)));
    if (older.age() == person.message.age()) continue;
    archive_.changes.Change(changes.emplace_back(), person, std::move(older), *rules,
                            {now, "system", "age-job"});
  }
  return changes;
}

absl::Time AgeJob::NextDue(absl::Time now) const {
  return absl::FromCivil(archive_.DayOf(now) + 1, archive_.zone);
}

job::JobBody AgeJob::Body(std::string holder) const {
  const auto today = [this] { return archive_.DayOf(archive_.clock.Now()) - kDayZero; };
  const auto work = [this](const job::Marks& marks,
                           const std::stop_token& stop) -> absl::StatusOr<job::Progress> {
    CRM_RETURN_IF_ERROR(Run(kDayZero + marks.done, archive_.clock.Now(), stop).status());
    return stop.stop_requested() ? job::Progress::kMore : job::Progress::kDone;
  };
  return [this, once = job::OncePerMark(
                    pool_, archive_.clock,
                    {.lease = {.name = "ages", .holder = std::move(holder), .term = kTerm}}, today,
                    work)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    CRM_ASSIGN_OR_RETURN(const absl::Time due, once(stop));
    return std::min(due, NextDue(archive_.clock.Now()));
  };
}

}  // namespace crm::customer
