// The staff directory as a service keeps it, fed by the archive's events (PLT-31).
#ifndef CRM_COMMON_REPLICA_STAFF_COPY_H_
#define CRM_COMMON_REPLICA_STAFF_COPY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/server/staff_directory.h"
#include "crm/customer/v1/staff.pb.h"

namespace crm::replica {

// Users and teams at one moment.
class Staff {
 public:
  Staff() = default;
  Staff(std::vector<crm::customer::v1::StaffUser> users,
        std::vector<crm::customer::v1::StaffTeam> teams);

  // Null if there is none.
  const crm::customer::v1::StaffUser* User(std::string_view id) const;
  const crm::customer::v1::StaffTeam* Team(std::string_view id) const;
  std::shared_ptr<const server::StaffEntry> Entry(std::string_view id) const;

  // The user's own supervisor, or the head of the nearest team at or above theirs who is somebody
  // else; empty: nobody.
  std::string SupervisorOf(std::string_view user) const;
  // The head of the team, or of the nearest one above that has one.
  std::string HeadOf(std::string_view team) const;
  // Active ones, by id.
  std::vector<const crm::customer::v1::StaffUser*> WithRole(std::string_view role) const;
  std::vector<const crm::customer::v1::StaffUser*> InTeam(std::string_view team) const;
  // Active or not, by id.
  std::vector<const crm::customer::v1::StaffUser*> Named(std::string_view name) const;

  std::set<std::string> TeamIds() const;
  // `team` and all below it.
  std::vector<std::string> TeamsBelow(const std::string& team) const;

 private:
  std::string HeadExcept(std::string_view team, std::string_view user) const;

  std::map<std::string, crm::customer::v1::StaffUser, std::less<>> users_;
  std::map<std::string, crm::customer::v1::StaffTeam, std::less<>> teams_;
  server::TeamChildren children_;
  std::map<std::string, std::shared_ptr<const server::StaffEntry>, std::less<>> entries_;
};

// The latest copy, in memory. Thread-safe.
class StaffCopy : public server::StaffDirectory {
 public:
  std::shared_ptr<const Staff> Get() const;
  std::shared_ptr<const server::StaffEntry> Find(std::string_view user_id) const override {
    return Get()->Entry(user_id);
  }

  // Reads the tables again if they have changed.
  absl::Status Follow(db::Connection& db);

  // The row changes of one user or team; whoever makes some calls MarkChanged once.
  static void Keep(const crm::customer::v1::StaffUser& user, int64_t version, db::WriteSet& writes);
  static void Keep(const crm::customer::v1::StaffTeam& team, int64_t version, db::WriteSet& writes);
  static void RemoveTeam(std::string_view id, db::WriteSet& writes);
  static void MarkChanged(db::WriteSet& writes);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Staff> staff_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Staff>();
  int64_t version_ = -1;  // of the tables; of the thread that follows
};

}  // namespace crm::replica

#endif  // CRM_COMMON_REPLICA_STAFF_COPY_H_
