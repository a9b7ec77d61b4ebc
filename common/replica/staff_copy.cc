#include "common/replica/staff_copy.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace crm::replica {
namespace {

using crm::customer::v1::StaffTeam;
using crm::customer::v1::StaffUser;

enum class Kind { kUser = 1, kTeam = 2 };

constexpr int kVersionRow = 1;

constexpr db::Query kVersion{"staff_copy_version", R"sql(
  SELECT version
  FROM staff_copy_version
  WHERE id = ?)sql"};

constexpr db::Query kSelectAll{"staff_copy", R"sql(
  SELECT kind, message
  FROM staff_copy)sql"};

constexpr db::Query kRemove{"staff_copy_remove", R"sql(
  DELETE FROM staff_copy
  WHERE kind = ? AND name = ?)sql"};

const db::InsertSpec& CopySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "staff_copy",
      {"kind", "name", "version", "message"},
      "ON DUPLICATE KEY UPDATE message = IF(VALUES(version) >= version, VALUES(message), message), "
      "version = GREATEST(version, VALUES(version))"};
  return spec;
}

const db::InsertSpec& VersionSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "staff_copy_version", {"id", "version"}, "ON DUPLICATE KEY UPDATE version = version + 1"};
  return spec;
}

template <typename Message>
void KeepRow(Kind kind, const std::string& name, int64_t version, const Message& message,
             db::WriteSet& writes) {
  writes.Insert(CopySpec(), {kind, name, version, message.SerializeAsString()});
}

}  // namespace

Staff::Staff(std::vector<StaffUser> users, std::vector<StaffTeam> teams) {
  for (StaffTeam& team : teams) {
    if (!team.parent().empty()) children_[team.parent()].push_back(team.team_id());
    const std::string id = team.team_id();
    teams_.emplace(id, std::move(team));
  }
  for (StaffUser& user : users) {
    auto entry = std::make_shared<server::StaffEntry>();
    entry->active = user.status() == crm::customer::v1::STAFF_STATUS_ACTIVE;
    entry->roles.assign(user.roles().begin(), user.roles().end());
    entry->team = user.team();
    entry->teams_below = TeamsBelow(user.team());
    const std::string id = user.user_id();
    entries_.emplace(id, std::move(entry));
    users_.emplace(id, std::move(user));
  }
}

const StaffUser* Staff::User(std::string_view id) const {
  const auto found = users_.find(id);
  return found == users_.end() ? nullptr : &found->second;
}

const StaffTeam* Staff::Team(std::string_view id) const {
  const auto found = teams_.find(id);
  return found == teams_.end() ? nullptr : &found->second;
}

std::shared_ptr<const server::StaffEntry> Staff::Entry(std::string_view id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second;
}

std::string Staff::HeadExcept(std::string_view team, std::string_view user) const {
  std::set<std::string, std::less<>> seen;
  const StaffTeam* at = Team(team);
  while (at != nullptr && seen.insert(at->team_id()).second) {
    if (!at->supervisor().empty() && at->supervisor() != user) return at->supervisor();
    at = Team(at->parent());
  }
  return "";
}

std::string Staff::HeadOf(std::string_view team) const { return HeadExcept(team, ""); }

std::string Staff::SupervisorOf(std::string_view user) const {
  const StaffUser* found = User(user);
  if (found == nullptr) return "";
  if (!found->supervisor().empty()) return found->supervisor();
  return HeadExcept(found->team(), user);
}

std::vector<const StaffUser*> Staff::WithRole(std::string_view role) const {
  std::vector<const StaffUser*> found;
  for (const auto& [id, user] : users_) {
    const bool has =
        std::find(user.roles().begin(), user.roles().end(), role) != user.roles().end();
    if (has && user.status() == crm::customer::v1::STAFF_STATUS_ACTIVE) found.push_back(&user);
  }
  return found;
}

std::vector<const StaffUser*> Staff::InTeam(std::string_view team) const {
  std::vector<const StaffUser*> found;
  for (const auto& [id, user] : users_) {
    const bool active = user.status() == crm::customer::v1::STAFF_STATUS_ACTIVE;
    if (user.team() == team && active) found.push_back(&user);
  }
  return found;
}

std::vector<const StaffUser*> Staff::Named(std::string_view name) const {
  std::vector<const StaffUser*> found;
  for (const auto& [id, user] : users_) {
    if (user.name() == name) found.push_back(&user);
  }
  return found;
}

std::set<std::string> Staff::TeamIds() const {
  std::set<std::string> ids;
  for (const auto& [id, team] : teams_) ids.insert(id);
  return ids;
}

std::vector<std::string> Staff::TeamsBelow(const std::string& team) const {
  return server::TeamsBelow(children_, team);
}

std::shared_ptr<const Staff> StaffCopy::Get() const {
  MutexLock lock(&mutex_);
  return staff_;
}

absl::Status StaffCopy::Follow(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows version_row, db.Select(kVersion, {kVersionRow}));
  const int64_t version = version_row.Next() ? version_row.Int(0) : 0;
  if (version == version_) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kSelectAll, {}));
  std::vector<StaffUser> users;
  std::vector<StaffTeam> teams;
  while (rows.Next()) {
    const bool is_user = rows.Int(0) == static_cast<int64_t>(Kind::kUser);
    const std::string bytes = rows.String(1);
    const bool parsed = is_user ? users.emplace_back().ParseFromString(bytes)
                                : teams.emplace_back().ParseFromString(bytes);
    if (!parsed) return absl::DataLossError("a copy of the staff directory cannot be read");
  }
  auto staff = std::make_shared<const Staff>(std::move(users), std::move(teams));
  version_ = version;
  MutexLock lock(&mutex_);
  staff_.swap(staff);  // the old one is destroyed after the lock is released
  return absl::OkStatus();
}

void StaffCopy::Keep(const StaffUser& user, int64_t version, db::WriteSet& writes) {
  KeepRow(Kind::kUser, user.user_id(), version, user, writes);
}

void StaffCopy::Keep(const StaffTeam& team, int64_t version, db::WriteSet& writes) {
  KeepRow(Kind::kTeam, team.team_id(), version, team, writes);
}

void StaffCopy::RemoveTeam(std::string_view id, db::WriteSet& writes) {
  writes.Execute(kRemove, {Kind::kTeam, id});
}

void StaffCopy::MarkChanged(db::WriteSet& writes) {
  writes.Insert(VersionSpec(), {kVersionRow, 1});
}

}  // namespace crm::replica
