#include "services/ticket/handover.h"

#include <gtest/gtest.h>

#include <vector>

namespace crm::ticket {
namespace {

namespace cv1 = crm::customer::v1;

cv1::StaffUser User(const std::string& id, const std::string& role,
                    cv1::StaffStatus status = cv1::STAFF_STATUS_ACTIVE) {
  cv1::StaffUser user;
  user.set_user_id(id);
  user.add_roles(role);
  user.set_status(status);
  return user;
}

cv1::StaffTeam Team(const std::string& id, const std::string& supervisor) {
  cv1::StaffTeam team;
  team.set_team_id(id);
  team.set_supervisor(supervisor);
  return team;
}

v1::Ticket Of(const std::string& assignee, const std::string& team) {
  v1::Ticket ticket;
  ticket.set_assignee(assignee);
  ticket.set_team(team);
  return ticket;
}

// TIC-8: the nearest one who is there; whoever has it already is none.
TEST(SupervisorFor, TheNearestWhoIsThere) {
  cv1::StaffUser agent = User("agent", "service_agent");
  agent.set_supervisor("boss");
  cv1::StaffUser orphan = User("orphan", "service_agent");
  orphan.set_supervisor("left");
  const replica::Staff staff({agent, orphan, User("boss", "service_supervisor"),
                              User("head", "service_agent"), User("aide", "service_supervisor"),
                              User("left", "service_supervisor", cv1::STAFF_STATUS_SUSPENDED)},
                             {Team("hotline", "head"), Team("empty", "left")});
  EXPECT_EQ(SupervisorFor(staff, Of("agent", "hotline")), "boss");
  EXPECT_EQ(SupervisorFor(staff, Of("orphan", "hotline")), "head");
  EXPECT_EQ(SupervisorFor(staff, Of("", "hotline")), "head");
  EXPECT_EQ(SupervisorFor(staff, Of("stranger", "hotline")), "head");
  EXPECT_EQ(SupervisorFor(staff, Of("orphan", "empty")), "aide");
  EXPECT_EQ(SupervisorFor(staff, Of("aide", "")), "boss");
  EXPECT_EQ(SupervisorFor(replica::Staff({User("aide", "service_supervisor")}, {}), Of("aide", "")),
            "");
}

}  // namespace
}  // namespace crm::ticket
