#include "services/customer/staff_import.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

using Result = v1::StaffImportOutcome;
using schema::Violation;

// The rows of one import on their way to outcomes.
class Batch {
 public:
  Batch(const server::CallContext& call, const StaffTree& tree, std::vector<std::string> roles)
      : call_(call), tree_(tree), roles_(std::move(roles)) {}

  void Add(const v1::StaffImportRow& row) {
    Row& added = rows_.emplace_back();
    const StoredUser* before = tree_.FindUser(row.user_id());
    if (before != nullptr) added.user = *before;
    added.before = before;
    Copy(row, added.user.message);
    Check(added);
  }

  // Supervisors may be other rows: a refused row takes those below it along, a cycle all on it.
  void CheckSupervisors() {
    do {
      while (RefuseUnknownSupervisors()) {
      }
    } while (RefuseCycles());
  }

  v1::BulkImportStaffResponse Write(const StaffStore& store, db::WriteSet& writes,
                                    StaffTree& after) {
    v1::BulkImportStaffResponse response;
    const resource::ChangeSource source = record::SourceOf(call_);
    for (Row& row : rows_) {
      v1::StaffImportOutcome& outcome = *response.add_outcomes();
      outcome.set_user_id(row.user.message.user_id());
      outcome.set_result(row.problems.empty() ? WriteRow(store, writes, source, row, after)
                                              : Result::RESULT_REFUSED);
      for (const Violation& problem : row.problems) Tell(problem, *outcome.add_problems());
      const bool refused = !row.problems.empty();
      response.set_refused(response.refused() + (refused ? 1 : 0));
      response.set_accepted(response.accepted() + (refused ? 0 : 1));
    }
    return response;
  }

 private:
  struct Row {
    const StoredUser* before = nullptr;
    StoredUser user;
    std::vector<Violation> problems;
  };

  static void Copy(const v1::StaffImportRow& row, v1::StaffUser& user) {
    user.set_user_id(row.user_id());
    user.set_name(row.name());
    *user.mutable_roles() = row.roles();
    user.set_team(row.team());
    user.set_supervisor(row.supervisor());
    *user.mutable_skills() = row.skills();
  }

  void Check(Row& row) {
    v1::StaffUser written = row.user.message;
    row.problems = schema::NormalizeResource(written, call_.now());
    for (const char* field : {"user_id", "name"}) {
      const bool empty =
          std::string_view(field) == "name" ? written.name().empty() : written.user_id().empty();
      if (empty) row.problems.push_back({field, "REQUIRED", "set this field", "必填"});
    }
    if (!seen_.insert(written.user_id()).second) {
      row.problems.push_back(
          {"user_id", "ROW_REPEATED", "name each user in one row only", "同一员工只能出现一次"});
    }
    for (Violation& problem : CheckRolesAndTeam(tree_, written, roles_)) {
      row.problems.push_back(std::move(problem));
    }
    const bool own = written.user_id() == call_.caller().id;
    if (own && ChangesRoles(row)) {
      row.problems.push_back(
          {"roles", "OWN_ROLES", "somebody else has to change your roles", "角色须由他人修改"});
    }
  }

  static bool ChangesRoles(const Row& row) {
    if (row.before == nullptr) return row.user.message.roles_size() > 0;
    const auto& before = row.before->message.roles();
    const auto& after = row.user.message.roles();
    return !std::equal(before.begin(), before.end(), after.begin(), after.end());
  }

  StaffTree WithAcceptedRows() const {
    StaffTree tree = tree_;
    for (const Row& row : rows_) {
      if (row.problems.empty()) tree.Put(row.user);
    }
    return tree;
  }

  bool RefuseUnknownSupervisors() {
    std::set<std::string_view> accepted;
    for (const Row& row : rows_) {
      if (row.problems.empty()) accepted.insert(row.user.message.user_id());
    }
    bool refused = false;
    for (Row& row : rows_) {
      const std::string& supervisor = row.user.message.supervisor();
      if (!row.problems.empty() || supervisor.empty() || accepted.count(supervisor) > 0 ||
          tree_.FindUser(supervisor) != nullptr) {
        continue;
      }
      row.problems.push_back(UnknownSupervisor());
      refused = true;
    }
    return refused;
  }

  bool RefuseCycles() {
    const std::set<std::string> in_cycles = UsersInCycles(WithAcceptedRows());
    bool refused = false;
    for (Row& row : rows_) {
      if (!row.problems.empty() || in_cycles.count(row.user.message.user_id()) == 0) continue;
      row.problems.push_back(SupervisorCycle());
      refused = true;
    }
    return refused;
  }

  static Result::Result WriteRow(const StaffStore& store, db::WriteSet& writes,
                                 const resource::ChangeSource& source, Row& row, StaffTree& after) {
    if (row.before == nullptr) {
      row.user.message.set_status(v1::STAFF_STATUS_ACTIVE);
      row.user.key = store.users.Create(writes, row.user.message, source);
      after.Put(row.user);
      return Result::RESULT_CREATED;
    }
    row.user.key =
        store.users.Change(writes, row.before->key, row.before->message, row.user.message, source);
    if (row.user.key.version == row.before->key.version) return Result::RESULT_UNCHANGED;
    after.Put(row.user);
    return Result::RESULT_UPDATED;
  }

  void Tell(const Violation& violation, v1::StaffImportProblem& problem) const {
    problem.set_field(violation.field);
    problem.set_rule(violation.rule);
    problem.set_description(
        record::InLanguage(call_.language(), violation.mend_zh, violation.mend_en));
  }

  const server::CallContext& call_;
  const StaffTree& tree_;
  const std::vector<std::string> roles_;
  std::set<std::string> seen_;
  std::vector<Row> rows_;
};

}  // namespace

void StaffImport::Register(server::MethodTable& table) {
  table.Unary<v1::BulkImportStaffRequest, v1::BulkImportStaffResponse>(
      "BulkImportStaff",
      [this](server::CallContext& call, const v1::BulkImportStaffRequest& request) {
        return Import(call, request);
      });
}

absl::StatusOr<v1::BulkImportStaffResponse> StaffImport::Import(
    server::CallContext& call, const v1::BulkImportStaffRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  Batch batch(call, *tree.value, policy_.Get()->RoleNames());
  for (const v1::StaffImportRow& row : request.rows()) batch.Add(row);
  batch.CheckSupervisors();
  StaffTree after = *tree.value;
  v1::BulkImportStaffResponse response = batch.Write(store_, call.writes(), after);
  if (!call.writes().empty()) store_.tree.Change(call, tree, std::move(after));
  return response;
}

}  // namespace crm::customer
