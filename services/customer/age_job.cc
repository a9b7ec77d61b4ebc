#include "services/customer/age_job.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"

namespace crm::customer {
namespace {

constexpr int kBatch = 500;
constexpr absl::Duration kTimeout = absl::Seconds(30);

constexpr db::Query kPeopleWithBirthday{"people_with_birthday", R"sql(
  SELECT id
  FROM customer
  WHERE id > ? AND birthday IS NOT NULL
  ORDER BY id
  LIMIT ?)sql"};

const auto kEveryone = auth::RowScope{.kind = auth::RowScope::Kind::kAll};

}  // namespace

absl::StatusOr<std::vector<StoredCustomer>> AgeJob::Next(db::Connection& db, int64_t& after) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kPeopleWithBirthday, {after, kBatch}));
  std::vector<int64_t> ids;
  while (rows.Next()) ids.push_back(rows.Int(0));
  if (!ids.empty()) after = ids.back();
  return archive_.store.GetByIds(db, ids, kEveryone);
}

absl::StatusOr<int64_t> AgeJob::Run(absl::Time now, const std::stop_token& stop) const {
  const auto rules = archive_.rules();
  const absl::CivilDay today = archive_.DayOf(now);
  int64_t changed = 0;
  int64_t after = 0;
  while (!stop.stop_requested()) {
    const absl::Time deadline = absl::Now() + kTimeout;
    std::vector<StoredCustomer> people;
    {
      CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(deadline));
      CRM_ASSIGN_OR_RETURN(people, Next(*db, after));
    }
    if (people.empty()) break;
    for (const StoredCustomer& person : people) {
      absl::CivilDay birthday;
      if (!absl::ParseCivilTime(person.message.birthday(), &birthday)) continue;
      v1::Customer older = person.message;
      older.set_age(AgeOn(birthday, today));
      if (older.age() == person.message.age()) continue;
      db::WriteSet writes;
      archive_.changes.Change(writes, person, std::move(older), *rules, {now, "system", "age-job"});
      const absl::Status status = committer_.Commit(std::move(writes), deadline);
      // Whoever changed the person meanwhile has computed the age.
      if (!status.ok() && db::ClassOf(status) != db::DbErrorClass::kWriteConflict) return status;
      if (status.ok()) ++changed;
    }
  }
  return changed;
}

absl::Time AgeJob::NextDue(absl::Time now) const {
  return absl::FromCivil(archive_.DayOf(now) + 1, archive_.zone);
}

job::JobBody AgeJob::Body() const {
  return [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    const absl::Time now = archive_.clock.Now();
    CRM_RETURN_IF_ERROR(Run(now, stop).status());
    return NextDue(now);
  };
}

}  // namespace crm::customer
