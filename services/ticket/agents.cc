#include "services/ticket/agents.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/event/node_position.h"
#include "common/job/database_wait.h"

namespace crm::ticket {
namespace {

constexpr char kAgentRole[] = "service_agent";
constexpr char kSupervisorRole[] = "service_supervisor";

// Open is in progress, waiting for the customer or to be confirmed.
constexpr db::Query kLoad{"service_agent_load", R"sql(
  SELECT COUNT(*)
  FROM ticket
  WHERE assignee = ? AND status IN (2, 3, 4))sql"};
constexpr db::Query kAll{"service_agents", R"sql(
  SELECT user_id, availability, capacity
  FROM ticket_agent)sql"};
constexpr db::Query kFind{"service_agent", R"sql(
  SELECT a.user_id, a.availability, a.capacity,
         (SELECT COUNT(*) FROM ticket t WHERE t.assignee = a.user_id AND t.status IN (2, 3, 4))
  FROM ticket_agent a
  WHERE a.user_id = ?)sql"};

const db::InsertSpec& AgentSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_agent",
                          {"user_id", "availability", "capacity"},
                          "ON DUPLICATE KEY UPDATE availability = "
                          "VALUES(availability), capacity = VALUES(capacity)"};
  return spec;
}

// Without their load.
v1::ServiceAgent Read(const db::Rows& row) {
  v1::ServiceAgent agent;
  agent.set_user_id(row.String(0));
  agent.set_availability(static_cast<v1::AgentAvailability>(row.Int(1)));
  agent.set_capacity(row.Int(2));
  return agent;
}

absl::StatusOr<std::map<std::string, v1::ServiceAgent>> ReadAll(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kAll, {}));
  std::map<std::string, v1::ServiceAgent> agents;
  while (rows.Next()) agents.emplace(rows.String(0), Read(rows));
  return agents;
}

bool WorksOnTickets(const crm::customer::v1::StaffUser& user) {
  return user.status() == crm::customer::v1::STAFF_STATUS_ACTIVE &&
         std::any_of(user.roles().begin(), user.roles().end(), [](const std::string& role) {
           return role == kAgentRole || role == kSupervisorRole;
         });
}

}  // namespace

absl::Status Agents::Follow(db::Pool& pool) {
  CRM_ASSIGN_OR_RETURN(const ChangedLoads changed, load_changes_.Read(pool));
  NoteChanged(changed);
  CRM_ASSIGN_OR_RETURN(const db::Pool::Lease db, pool.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(ById agents, ReadAll(*db));
  const std::set<std::string> uncounted = TakeUncounted(agents);
  const absl::Status counted = CountLoads(*db, changed.position, uncounted, agents);
  if (!counted.ok()) {
    NoteChanged({.of_everybody = false, .users = uncounted});
    return counted;
  }
  Install(std::move(agents), uncounted);
  return absl::OkStatus();
}

void Agents::NoteChanged(const ChangedLoads& changed) {
  MutexLock lock(&mutex_);
  uncounted_.insert(changed.users.begin(), changed.users.end());
  if (!changed.of_everybody) return;
  for (const auto& [id, agent] : agents_) uncounted_.insert(id);
}

std::set<std::string> Agents::TakeUncounted(const ById& agents) {
  MutexLock lock(&mutex_);
  std::set<std::string> uncounted;
  for (const auto& [id, agent] : agents) {
    if (!agents_.contains(id) || uncounted_.contains(id)) uncounted.insert(id);
  }
  uncounted_.clear();
  return uncounted;
}

absl::Status Agents::CountLoads(db::Connection& db, int64_t position,
                                const std::set<std::string>& users, ById& agents) {
  if (users.empty()) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(event::WaitForPosition(db, position));
  for (const std::string& user : users) {
    CRM_ASSIGN_OR_RETURN(db::Rows load, db.Select(kLoad, {user}));
    if (load.Next()) agents[user].set_open_tickets(load.Int(0));
  }
  return absl::OkStatus();
}

void Agents::Install(ById agents, const std::set<std::string>& counted) {
  MutexLock lock(&mutex_);
  for (auto& [id, agent] : agents) {
    const auto known = agents_.find(id);
    if (known == agents_.end() || counted.contains(id)) continue;
    agent.set_open_tickets(known->second.open_tickets());
  }
  agents_ = std::move(agents);
}

std::vector<v1::ServiceAgent> Agents::All() const {
  MutexLock lock(&mutex_);
  std::vector<v1::ServiceAgent> all;
  for (const auto& [id, agent] : agents_) all.push_back(agent);
  return all;
}

std::vector<Candidate> Agents::Candidates(const replica::Staff& staff) const {
  std::vector<Candidate> candidates;
  for (const v1::ServiceAgent& agent : All()) {
    const crm::customer::v1::StaffUser* user = staff.User(agent.user_id());
    if (user == nullptr || !WorksOnTickets(*user)) continue;
    if (agent.availability() != v1::AGENT_AVAILABILITY_ACTIVE) continue;
    candidates.push_back({agent.user_id(),
                          user->team(),
                          {user->skills().begin(), user->skills().end()},
                          agent.capacity(),
                          agent.open_tickets()});
  }
  return candidates;
}

void Agents::NoteAssigned(const std::string& user_id) {
  MutexLock lock(&mutex_);
  const auto found = agents_.find(user_id);
  if (found == agents_.end()) return;
  found->second.set_open_tickets(found->second.open_tickets() + 1);
  // It may have been counted already.
  uncounted_.insert(user_id);
}

void Agents::Note(const v1::ServiceAgent& agent) {
  MutexLock lock(&mutex_);
  agents_[agent.user_id()] = agent;
  // Counted before the commit.
  uncounted_.insert(agent.user_id());
}

absl::StatusOr<std::optional<v1::ServiceAgent>> Agents::Find(db::Connection& db,
                                                             std::string_view user_id) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kFind, {user_id}));
  if (!rows.Next()) return std::nullopt;
  v1::ServiceAgent agent = Read(rows);
  agent.set_open_tickets(rows.Int(3));
  return agent;
}

void Agents::Write(db::WriteSet& writes, const v1::ServiceAgent& agent) {
  writes.Insert(AgentSpec(), {agent.user_id(), agent.availability(), agent.capacity()});
}

}  // namespace crm::ticket
