#include "services/ticket/agents.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace crm::ticket {
namespace {

constexpr char kAgentRole[] = "service_agent";
constexpr char kSupervisorRole[] = "service_supervisor";

// Open is in progress, waiting for the customer or to be confirmed.
constexpr db::Query kAll{"service_agents", R"sql(
  SELECT a.user_id, a.availability, a.capacity,
         (SELECT COUNT(*) FROM ticket t WHERE t.assignee = a.user_id AND t.status IN (2, 3, 4))
  FROM ticket_agent a
  ORDER BY a.user_id)sql"};
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

v1::ServiceAgent Read(const db::Rows& row) {
  v1::ServiceAgent agent;
  agent.set_user_id(row.String(0));
  agent.set_availability(static_cast<v1::AgentAvailability>(row.Int(1)));
  agent.set_capacity(row.Int(2));
  agent.set_open_tickets(row.Int(3));
  return agent;
}

bool WorksOnTickets(const crm::customer::v1::StaffUser& user) {
  return user.status() == crm::customer::v1::STAFF_STATUS_ACTIVE &&
         std::any_of(user.roles().begin(), user.roles().end(), [](const std::string& role) {
           return role == kAgentRole || role == kSupervisorRole;
         });
}

}  // namespace

absl::Status Agents::Follow(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kAll, {}));
  std::map<std::string, v1::ServiceAgent> agents;
  while (rows.Next()) {
    v1::ServiceAgent agent = Read(rows);
    const std::string id = agent.user_id();
    agents[id] = std::move(agent);
  }
  MutexLock lock(&mutex_);
  agents_ = std::move(agents);
  return absl::OkStatus();
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
  if (found != agents_.end()) found->second.set_open_tickets(found->second.open_tickets() + 1);
}

void Agents::Note(const v1::ServiceAgent& agent) {
  MutexLock lock(&mutex_);
  agents_[agent.user_id()] = agent;
}

absl::StatusOr<std::optional<v1::ServiceAgent>> Agents::Find(db::Connection& db,
                                                             std::string_view user_id) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kFind, {user_id}));
  if (!rows.Next()) return std::nullopt;
  return Read(rows);
}

void Agents::Write(db::WriteSet& writes, const v1::ServiceAgent& agent) {
  writes.Insert(AgentSpec(), {agent.user_id(), agent.availability(), agent.capacity()});
}

}  // namespace crm::ticket
