#include "services/customer/staff_store.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

constexpr db::Query kTeamOwnsCustomers{"team_owns_customers", R"sql(
  SELECT 1
  FROM customer
  WHERE team = ?
  LIMIT 1)sql"};

}  // namespace

StaffStore::StaffStore(crypto::Keyring& keyring, IdGenerator& ids, StaffCache& cache)
    : users(v1::StaffUser::descriptor(), keyring, ids, "staff"),
      teams(v1::StaffTeam::descriptor(), keyring, ids, "team"),
      tree(
          "staff", [this](db::Connection& db) { return Load(db); },
          [&cache](const std::shared_ptr<const StaffTree>& fresh) { cache.Set(*fresh); }) {}

absl::StatusOr<StaffTree> StaffStore::Load(db::Connection& db) const {
  StaffTree loaded;
  CRM_ASSIGN_OR_RETURN(std::vector<StoredUser> all_users, users.LoadAll<v1::StaffUser>(db));
  for (StoredUser& user : all_users) loaded.Put(std::move(user));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredTeam> all_teams, teams.LoadAll<v1::StaffTeam>(db));
  for (StoredTeam& team : all_teams) loaded.Put(std::move(team));
  return loaded;
}

absl::StatusOr<bool> StaffStore::OwnsCustomers(db::Connection& db, std::string_view team) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kTeamOwnsCustomers, {team}));
  return rows.Next();
}

}  // namespace crm::customer
