#include "common/auth/policy.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/strict_json.h"
#include "common/error/error.h"

namespace crm::auth {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 4> kScopeNames = {"own", "team", "team_and_below", "all"};
constexpr std::array<std::string_view, 5> kRightNames = {"export", "bulk_change", "reveal", "audit",
                                                         "erase"};
constexpr char kSensitivityPrefix[] = "SENSITIVITY_";
constexpr size_t kMaxNameBytes = 64;

absl::Status Invalid(std::string_view place, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(place), ": ", ToAbsl(what)));
}

template <size_t kSize>
std::optional<size_t> IndexOf(const std::array<std::string_view, kSize>& names,
                              std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

template <size_t kSize>
std::string OneOf(const std::array<std::string_view, kSize>& names) {
  std::string list = "must be one of";
  for (const std::string_view name : names) absl::StrAppend(&list, " ", ToAbsl(name));
  return list;
}

// Lower-case letters, digits and underscores, a letter first.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && absl::ascii_islower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

std::string_view NounOf(std::string_view permission) {
  return permission.substr(0, permission.find('.'));
}

// `noun.verb` or `noun.*`.
bool IsPermission(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == text.npos || !IsName(text.substr(0, dot))) return false;
  const std::string_view verb = text.substr(dot + 1);
  return verb == "*" || IsName(verb);
}

// Nothing for unknown kinds and for those no role may see plain.
std::optional<Sensitivity> ReadKind(std::string_view name) {
  Sensitivity kind = options::v1::SENSITIVITY_UNSPECIFIED;
  if (!IsName(name)) return std::nullopt;
  const std::string full = absl::StrCat(kSensitivityPrefix, absl::AsciiStrToUpper(ToAbsl(name)));
  if (!options::v1::Sensitivity_Parse(full, &kind) ||
      kind == options::v1::SENSITIVITY_UNSPECIFIED) {
    return std::nullopt;
  }
  return kind;
}

bool NeedsReveal(Sensitivity kind) {
  return kind == options::v1::SENSITIVITY_RESIDENT_ID ||
         kind == options::v1::SENSITIVITY_BANK_ACCOUNT;
}

uint32_t BitOf(Right right) { return 1u << static_cast<uint32_t>(right); }
uint32_t BitOf(Sensitivity kind) { return 1u << static_cast<uint32_t>(kind); }

void Widen(absl::flat_hash_map<std::string, Scope>& scopes, const std::string& name, Scope scope) {
  Scope& known = scopes.try_emplace(name, scope).first->second;
  known = std::max(known, scope);
}

absl::Status CheckMembers(const Json& object, const std::string& place,
                          std::initializer_list<std::string_view> allowed) {
  if (!object.is_object()) return Invalid(place, "must be an object");
  for (const auto& [name, value] : object.items()) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return Invalid(absl::StrCat(place, ".", name), "unknown member");
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view ScopeName(Scope scope) { return kScopeNames[static_cast<size_t>(scope)]; }
std::string_view RightName(Right right) { return kRightNames[static_cast<size_t>(right)]; }

// Reads the roles file into a policy.
class Policy::Reader {
 public:
  absl::StatusOr<std::shared_ptr<const Policy>> Read(const Json& json) {
    CRM_RETURN_IF_ERROR(CheckMembers(json, "roles file", {"version", "everyone", "roles"}));
    if (json.value("version", Json()) != Json(1)) return Invalid("version", "must be 1");
    Role everyone;
    if (json.contains("everyone")) {
      CRM_RETURN_IF_ERROR(ReadGrants(json["everyone"], "everyone", everyone));
    }
    if (!json.contains("roles") || !json["roles"].is_object() || json["roles"].empty()) {
      return Invalid("roles", "must be an object with at least one role");
    }
    auto policy = std::make_shared<Policy>();
    for (const auto& [name, value] : json["roles"].items()) {
      const std::string place = absl::StrCat("roles.", name);
      if (!IsName(name)) return Invalid(place, "a role's name is made of a-z, 0-9 and _");
      CRM_ASSIGN_OR_RETURN(Role role, ReadRole(value, place));
      AddTo(role, everyone);
      policy->roles_.emplace(name, std::move(role));
    }
    return policy;
  }

 private:
  absl::StatusOr<Role> ReadRole(const Json& json, const std::string& place) {
    CRM_RETURN_IF_ERROR(CheckMembers(json, place, {"label", "grants", "rights", "plain"}));
    Role role;
    if (json.contains("label")) CRM_RETURN_IF_ERROR(CheckLabel(json["label"], place + ".label"));
    if (json.contains("grants")) {
      CRM_RETURN_IF_ERROR(ReadGrants(json["grants"], place + ".grants", role));
    }
    if (json.contains("rights")) {
      CRM_RETURN_IF_ERROR(ReadRights(json["rights"], place + ".rights", role));
    }
    if (json.contains("plain")) {
      CRM_RETURN_IF_ERROR(ReadPlain(json["plain"], place + ".plain", role));
    }
    if (role.permissions.empty() && role.nouns.empty() && role.rights == 0) {
      return Invalid(place, "grants nothing; remove the role or give it something");
    }
    return role;
  }

  // Labels are for people who read the file; they only have to be texts.
  absl::Status CheckLabel(const Json& json, const std::string& place) {
    CRM_RETURN_IF_ERROR(CheckMembers(json, place, {"zh", "en"}));
    for (const auto& [language, text] : json.items()) {
      if (!text.is_string()) return Invalid(absl::StrCat(place, ".", language), "must be a text");
    }
    return absl::OkStatus();
  }

  absl::Status ReadGrants(const Json& json, const std::string& place, Role& role) {
    if (!json.is_array()) return Invalid(place, "must be a list");
    for (size_t i = 0; i < json.size(); ++i) {
      CRM_RETURN_IF_ERROR(ReadGrant(json[i], absl::StrCat(place, "[", i, "]"), role));
    }
    return CheckNarrower(place, role);
  }

  absl::Status ReadGrant(const Json& json, const std::string& place, Role& role) {
    CRM_RETURN_IF_ERROR(CheckMembers(json, place, {"scope", "permissions"}));
    CRM_ASSIGN_OR_RETURN(const std::string scope_name,
                         Text(json.value("scope", Json()), place + ".scope"));
    const auto scope = IndexOf(kScopeNames, scope_name);
    if (!scope) return Invalid(place + ".scope", "unknown scope; " + OneOf(kScopeNames));
    const Json permissions = json.value("permissions", Json());
    if (!permissions.is_array() || permissions.empty()) {
      return Invalid(place + ".permissions", "must be a list of at least one permission");
    }
    for (size_t i = 0; i < permissions.size(); ++i) {
      CRM_RETURN_IF_ERROR(AddPermission(permissions[i],
                                        absl::StrCat(place, ".permissions[", i, "]"),
                                        static_cast<Scope>(*scope), role));
    }
    return absl::OkStatus();
  }

  absl::Status AddPermission(const Json& json, const std::string& place, Scope scope, Role& role) {
    CRM_ASSIGN_OR_RETURN(const std::string name, Text(json, place));
    if (!IsPermission(name)) return Invalid(place, "must look like customer.read or customer.*");
    const bool wildcard = name.back() == '*';
    const bool added = wildcard ? role.nouns.emplace(std::string(NounOf(name)), scope).second
                                : role.permissions.emplace(name, scope).second;
    if (!added) return Invalid(place, "is granted twice to this role");
    return absl::OkStatus();
  }

  // The widest scope counts, so a narrower one beside `noun.*` would only look like a limit.
  absl::Status CheckNarrower(const std::string& place, const Role& role) {
    for (const auto& [permission, scope] : role.permissions) {
      const auto noun = role.nouns.find(ToAbsl(NounOf(permission)));
      if (noun != role.nouns.end() && scope <= noun->second) {
        return Invalid(
            place, absl::StrCat(permission, " has no effect beside the wider ", noun->first, ".*"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadRights(const Json& json, const std::string& place, Role& role) {
    if (!json.is_array()) return Invalid(place, "must be a list");
    for (size_t i = 0; i < json.size(); ++i) {
      const std::string entry = absl::StrCat(place, "[", i, "]");
      CRM_ASSIGN_OR_RETURN(const std::string name, Text(json[i], entry));
      const auto right = IndexOf(kRightNames, name);
      if (!right) return Invalid(entry, "unknown right; " + OneOf(kRightNames));
      const uint32_t bit = BitOf(static_cast<Right>(*right));
      if (role.rights & bit) return Invalid(entry, "is given twice to this role");
      role.rights |= bit;
    }
    return absl::OkStatus();
  }

  absl::Status ReadPlain(const Json& json, const std::string& place, Role& role) {
    if (!json.is_array()) return Invalid(place, "must be a list");
    for (size_t i = 0; i < json.size(); ++i) {
      const std::string entry = absl::StrCat(place, "[", i, "]");
      CRM_ASSIGN_OR_RETURN(const std::string name, Text(json[i], entry));
      const auto kind = ReadKind(name);
      if (!kind) return Invalid(entry, "unknown kind of sensitive field");
      if (NeedsReveal(*kind)) return Invalid(entry, "is shown plain by an approved reveal only");
      if (role.plain & BitOf(*kind)) return Invalid(entry, "is given twice to this role");
      role.plain |= BitOf(*kind);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Text(const Json& json, const std::string& place) {
    if (!json.is_string()) return Invalid(place, "must be a text");
    return json.get<std::string>();
  }

  void AddTo(Role& role, const Role& more) {
    for (const auto& [name, scope] : more.permissions) Widen(role.permissions, name, scope);
    for (const auto& [noun, scope] : more.nouns) Widen(role.nouns, noun, scope);
  }
};

absl::StatusOr<std::shared_ptr<const Policy>> Policy::Load(const std::string& path) {
  CRM_ASSIGN_OR_RETURN(const std::string text, crypto::ReadSmallFile(path));
  auto policy = Parse(text);
  if (policy.ok()) return policy;
  return Error(absl::StatusCode::kFailedPrecondition, "ROLES_INVALID",
               absl::StrCat("roles file ", path, ": ", policy.status().message()));
}

absl::StatusOr<std::shared_ptr<const Policy>> Policy::Parse(std::string_view text) {
  CRM_ASSIGN_OR_RETURN(const Json json, crypto::ParseStrictJson(text));
  return Reader().Read(json);
}

std::optional<Scope> Policy::ScopeOf(const Role& role, std::string_view permission) const {
  std::optional<Scope> scope;
  const auto exact = role.permissions.find(ToAbsl(permission));
  if (exact != role.permissions.end()) scope = exact->second;
  const auto noun = role.nouns.find(ToAbsl(NounOf(permission)));
  if (noun != role.nouns.end()) scope = std::max(scope.value_or(Scope::kOwn), noun->second);
  return scope;
}

std::optional<Grant> Policy::Decide(Roles roles, std::string_view permission) const {
  std::optional<Grant> widest;
  for (const std::string& name : roles) {
    const auto role = roles_.find(name);
    if (role == roles_.end()) continue;
    const std::optional<Scope> scope = ScopeOf(role->second, permission);
    if (scope && (!widest || *scope > widest->scope)) widest = Grant{*scope};
  }
  return widest;
}

bool Policy::HasRight(Roles roles, Right right) const {
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& name) {
    const auto role = roles_.find(name);
    return role != roles_.end() && (role->second.rights & BitOf(right));
  });
}

bool Policy::SeesPlain(Roles roles, Sensitivity kind) const {
  if (kind == options::v1::SENSITIVITY_UNSPECIFIED) return true;
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& name) {
    const auto role = roles_.find(name);
    return role != roles_.end() && (role->second.plain & BitOf(kind));
  });
}

Explanation Policy::Explain(Roles roles) const {
  Explanation all;
  const auto widen = [&all](const std::string& name, Scope scope) {
    Scope& known = all.grants.try_emplace(name, scope).first->second;
    known = std::max(known, scope);
  };
  for (const std::string& name : roles) {
    const auto role = roles_.find(name);
    if (role == roles_.end()) {
      all.unknown_roles.push_back(name);
      continue;
    }
    for (const auto& [permission, scope] : role->second.permissions) widen(permission, scope);
    for (const auto& [noun, scope] : role->second.nouns) widen(noun + ".*", scope);
  }
  for (size_t i = 0; i < kRightNames.size(); ++i) {
    if (HasRight(roles, static_cast<Right>(i))) all.rights.push_back(static_cast<Right>(i));
  }
  for (int i = 1; i < options::v1::Sensitivity_ARRAYSIZE; ++i) {
    const auto kind = static_cast<Sensitivity>(i);
    if (SeesPlain(roles, kind)) all.plain.push_back(kind);
  }
  return all;
}

std::vector<std::string> Policy::RoleNames() const {
  std::vector<std::string> names;
  for (const auto& [name, role] : roles_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Policy::CheckGranted(absl::Span<const std::string> permissions) const {
  const std::vector<std::string> roles = RoleNames();
  std::vector<std::string> missing;
  for (const std::string& permission : permissions) {
    if (!Decide(roles, permission)) missing.push_back(permission);
  }
  if (missing.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "PERMISSION_UNGRANTED",
               absl::StrCat("no role in the roles file has: ", absl::StrJoin(missing, ", ")));
}

absl::Status CurrentPolicy::Reload(const std::string& path) {
  CRM_ASSIGN_OR_RETURN(std::shared_ptr<const Policy> policy, Policy::Load(path));
  Set(std::move(policy));
  return absl::OkStatus();
}

}  // namespace crm::auth
