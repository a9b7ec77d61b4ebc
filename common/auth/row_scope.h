// Which rows of a resource a caller may touch (PLT-13). Put into the SQL, never checked after it.
#ifndef CRM_COMMON_AUTH_ROW_SCOPE_H_
#define CRM_COMMON_AUTH_ROW_SCOPE_H_

#include <string>
#include <vector>

namespace crm::auth {

struct RowScope {
  enum class Kind { kOwn, kTeams, kAll };
  Kind kind = Kind::kOwn;
  std::string user_id;             // kOwn: owner = user_id
  std::vector<std::string> teams;  // kTeams: owner = user_id OR team IN (teams)

  // For what is in reach by another rule, and for work that is nobody's.
  static const RowScope& Everything() {
    static const RowScope& all = *new RowScope{Kind::kAll, "", {}};
    return all;
  }

  friend bool operator==(const RowScope&, const RowScope&) = default;
};

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_ROW_SCOPE_H_
