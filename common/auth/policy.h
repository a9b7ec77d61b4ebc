// Who may do what: role → permission → scope, special rights and field visibility, from the roles
// file (PLT-13, PLT-14). default_roles.json beside this header is the default; README.md shows it
// as a table.
//
//   CRM_ASSIGN_OR_RETURN(auto policy, Policy::Load("/etc/crm/roles.json"));
//   std::optional<Grant> grant = policy->Decide(caller.roles, "customer.read");
//   if (!grant) return PermissionDenied(…);
//   query.Where(ScopeClause(grant->scope, caller));        // the scope is enforced in the SQL
//
// A caller has what all his roles together give, at the widest scope. Roles the file does not know
// give nothing; a caller without any known role may do nothing, not even what everyone may.
//
// Errors: those of secret_file.h, and FAILED_PRECONDITION with reason ROLES_INVALID naming the
// place in the file. A Policy is immutable and thread-safe.
#ifndef CRM_COMMON_AUTH_POLICY_H_
#define CRM_COMMON_AUTH_POLICY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crm/options/v1/options.pb.h"

namespace crm::auth {

using Sensitivity = options::v1::Sensitivity;

// Whose resources; each includes the one before.
enum class Scope : uint8_t { kOwn, kTeam, kTeamAndBelow, kAll };

// Rights that no permission includes.
enum class Right : uint8_t { kExport, kBulkChange, kReveal, kAudit, kErase };

// As in the file: own, team, team_and_below, all.
std::string_view ScopeName(Scope scope);
// As in the file: export, bulk_change, reveal, audit, erase.
std::string_view RightName(Right right);

struct Grant {
  Scope scope = Scope::kOwn;
};

// Everything a set of roles may do, for PreviewPermissions.
struct Explanation {
  // By permission; `customer.*` stands for every permission of that noun.
  std::map<std::string, Scope> grants;
  std::vector<Right> rights;
  // Kinds of sensitive fields shown plain.
  std::vector<Sensitivity> plain;
  // Roles the file does not know.
  std::vector<std::string> unknown_roles;
};

class Policy {
 public:
  using Roles = absl::Span<const std::string>;

  static absl::StatusOr<std::shared_ptr<const Policy>> Load(const std::string& path);
  // Errors: INVALID_ARGUMENT that names the place in the text.
  static absl::StatusOr<std::shared_ptr<const Policy>> Parse(std::string_view text);

  // Nothing: denied.
  std::optional<Grant> Decide(Roles roles, std::string_view permission) const;
  bool HasRight(Roles roles, Right right) const;
  // Whether fields of that kind are shown plain. Never for resident ids and bank accounts: those
  // take an approved reveal (PLT-16).
  bool SeesPlain(Roles roles, Sensitivity kind) const;
  Explanation Explain(Roles roles) const;

  // In lexical order.
  std::vector<std::string> RoleNames() const;
  // FAILED_PRECONDITION (PERMISSION_UNGRANTED) if no role has one of the permissions a service
  // declares: one of the two is misspelt, and the server had better not start.
  absl::Status CheckGranted(absl::Span<const std::string> permissions) const;

 private:
  struct Role {
    // By full name, and by noun for `noun.*`.
    absl::flat_hash_map<std::string, Scope> permissions;
    absl::flat_hash_map<std::string, Scope> nouns;
    // Bits by Right and by Sensitivity.
    uint32_t rights = 0;
    uint32_t plain = 0;
  };
  class Reader;

  std::optional<Scope> ScopeOf(const Role& role, std::string_view permission) const;

  absl::flat_hash_map<std::string, Role> roles_;
};

// The policy in force. Whoever took it with Get() keeps it; a reload gives the next caller the new
// one. Thread-safe.
class CurrentPolicy {
 public:
  explicit CurrentPolicy(std::shared_ptr<const Policy> policy) : policy_(std::move(policy)) {}

  std::shared_ptr<const Policy> Get() const {
    const std::shared_lock lock(mutex_);
    return policy_;
  }
  void Set(std::shared_ptr<const Policy> policy) {
    const std::scoped_lock lock(mutex_);
    policy_ = std::move(policy);
  }
  // Takes over the file as it is now; on an error the old policy stays.
  absl::Status Reload(const std::string& path);

 private:
  mutable std::shared_mutex mutex_;
  std::shared_ptr<const Policy> policy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_POLICY_H_
