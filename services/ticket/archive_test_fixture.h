// What the tests of tickets beside the customer archive and its staff directory share.
#ifndef CRM_SERVICES_TICKET_ARCHIVE_TEST_FIXTURE_H_
#define CRM_SERVICES_TICKET_ARCHIVE_TEST_FIXTURE_H_

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/testdb/tcp_relay.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/agent_service.pb.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {

namespace cv1 = crm::customer::v1;

// An archive beside the ticket service, and the way to it.
class Archive {
 public:
  Archive()
      : harness(std::make_unique<testing::ServiceHarness>(customer::Info(),
                                                          customer::CustomerService::Create)) {}

  std::unique_ptr<testing::ServiceHarness> harness;
  std::atomic<bool> away = false;
  testing::TcpRelay way{harness->replica().port(), [this](std::string_view) {
                          return away ? testing::TcpRelay::Verdict::kCut
                                      : testing::TcpRelay::Verdict::kPass;
                        }};
};

class ArchiveTicketTest : private Archive, public TicketTest {
 protected:
  ArchiveTicketTest()
      : TicketTest([this](config::ServiceOptions& options) {
          const std::string token_file = options.key_file + ".token";
          std::ofstream(token_file) << harness->TokenOfService("crm-ticket");
          options.peer_token_file = token_file;
          options.peers["customer"] = absl::StrCat("127.0.0.1:", way.port());
        }) {}

  cv1::Customer CreateCustomer(const std::string& phone, const std::string& email = "") {
    cv1::CreateCustomerRequest request;
    cv1::Customer& customer = *request.mutable_customer();
    customer.set_kind(cv1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name(absl::StrCat("上海云帆科技有限公司", phone.substr(7)));
    customer.set_industry("I65");
    customer.set_decision_maker("李云");
    customer.set_tier(cv1::TIER_KEY);
    customer.set_phone(phone);
    customer.set_email(email);
    return Must(harness->Call<cv1::CreateCustomerRequest, cv1::Customer>(
        harness->TokenOf("u-steward", {"data_steward"}, "hq"),
        "crm.customer.v1.CustomerService/CreateCustomer", request));
  }
  void CreateUser(const std::string& id, const std::string& role, const std::string& supervisor,
                  const std::string& team = "", const std::vector<std::string>& skills = {}) {
    cv1::CreateStaffUserRequest request;
    request.mutable_user()->set_user_id(id);
    request.mutable_user()->set_name(id);
    request.mutable_user()->set_supervisor(supervisor);
    request.mutable_user()->add_roles(role);
    request.mutable_user()->set_team(team);
    for (const std::string& skill : skills) request.mutable_user()->add_skills(skill);
    Must(harness->Call<cv1::CreateStaffUserRequest, cv1::StaffUser>(
        harness->TokenOf("u-admin", {"administrator"}),
        "crm.customer.v1.StaffService/CreateStaffUser", request));
  }
  void CreateTeam(const std::string& id) {
    cv1::CreateStaffTeamRequest request;
    request.mutable_team()->set_team_id(id);
    request.mutable_team()->set_name(id);
    Must(harness->Call<cv1::CreateStaffTeamRequest, cv1::StaffTeam>(
        harness->TokenOf("u-admin", {"administrator"}),
        "crm.customer.v1.StaffService/CreateStaffTeam", request));
  }
  // Has them take tickets, as soon as the ticket service knows them.
  void MakeActive(const std::string& user) {
    v1::UpdateServiceAgentRequest request;
    request.set_user_id(user);
    request.set_capacity(20);
    request.set_availability(v1::AGENT_AVAILABILITY_ACTIVE);
    ASSERT_TRUE(Eventually([&] {
      return Call<v1::ServiceAgent>(supervisor_, "AgentService/UpdateServiceAgent", request).ok();
    }));
  }
  absl::StatusOr<v1::Ticket> Assign(const std::string& number, const std::string& assignee) {
    v1::AssignTicketRequest request;
    request.set_ticket(number);
    request.set_assignee(assignee);
    request.set_reason("擅长网络");
    return Call<v1::Ticket>(supervisor_, "TicketService/AssignTicket", request);
  }
  absl::StatusOr<v1::ServiceAgent> SetAvailability(const std::string& user,
                                                   v1::AgentAvailability availability) {
    v1::SetAvailabilityRequest request;
    request.set_availability(availability);
    return Call<v1::ServiceAgent>(harness_->TokenOf(user, {"service_agent"}),
                                  "AgentService/SetAvailability", request);
  }
  // One more replica of the archive, which follows the tickets.
  testing::Replica& FollowTickets() {
    config::ServiceOptions options = harness->options();
    options.peer_token_file = options.key_file + ".ticket-token";
    std::ofstream(options.peer_token_file) << harness_->TokenOfService("crm-customer");
    options.peers["ticket"] = absl::StrCat("127.0.0.1:", harness_->replica().port());
    return harness->StartReplica(options);
  }
  testing::ServiceHarness& archive() { return *harness; }
  // What was asked before is answered still.
  void LoseArchive() { away = true; }
  void FindArchive() { away = false; }
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_ARCHIVE_TEST_FIXTURE_H_
