#include "services/ticket/ticket_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Ticket In(v1::TicketStatus status) {
  v1::Ticket ticket;
  ticket.set_status(status);
  return ticket;
}

// TIC-3
TEST(TicketMoves, EachStatusHasItsOwn) {
  EXPECT_THAT(LegalMoves(v1::TICKET_STATUS_UNASSIGNED), ElementsAre("TakeTicket", "AssignTicket"));
  EXPECT_THAT(LegalMoves(v1::TICKET_STATUS_IN_PROGRESS),
              ElementsAre("TakeTicket", "AssignTicket", "WaitForCustomer", "ProposeSolution"));
  EXPECT_THAT(LegalMoves(v1::TICKET_STATUS_WAITING_FOR_CUSTOMER),
              ElementsAre("TakeTicket", "AssignTicket", "ResumeTicket", "ProposeSolution"));
  EXPECT_THAT(LegalMoves(v1::TICKET_STATUS_TO_BE_CONFIRMED),
              ElementsAre("TakeTicket", "AssignTicket", "CompleteTicket", "ReopenTicket"));
  EXPECT_THAT(LegalMoves(v1::TICKET_STATUS_DONE), ElementsAre("CloseTicket", "ReopenTicket"));
  EXPECT_THAT(LegalMoves(v1::TICKET_STATUS_CLOSED), ElementsAre("ReopenTicket"));
}

// TIC-3: giving a ticket to somebody moves it only if nobody had it.
TEST(TicketMoves, AssigningMovesAnUnassignedTicket) {
  EXPECT_EQ(*StatusAfter(Move::kAssign, In(v1::TICKET_STATUS_UNASSIGNED)),
            v1::TICKET_STATUS_IN_PROGRESS);
  EXPECT_EQ(*StatusAfter(Move::kTake, In(v1::TICKET_STATUS_WAITING_FOR_CUSTOMER)),
            v1::TICKET_STATUS_WAITING_FOR_CUSTOMER);
}

// TIC-3, TIC-17
TEST(TicketMoves, ACustomersReplyIsOneForWhatWaitsOrIsOver) {
  for (const v1::TicketStatus stays : {v1::TICKET_STATUS_UNASSIGNED, v1::TICKET_STATUS_IN_PROGRESS,
                                       v1::TICKET_STATUS_TO_BE_CONFIRMED}) {
    EXPECT_EQ(StatusAfterCustomerReply(stays), stays);
  }
  for (const v1::TicketStatus moves :
       {v1::TICKET_STATUS_WAITING_FOR_CUSTOMER, v1::TICKET_STATUS_DONE, v1::TICKET_STATUS_CLOSED}) {
    EXPECT_EQ(StatusAfterCustomerReply(moves), v1::TICKET_STATUS_IN_PROGRESS);
  }
}

// TIC-3
TEST(TicketMoves, AnIllegalOneIsRefused) {
  const auto closed = StatusAfter(Move::kComplete, In(v1::TICKET_STATUS_CLOSED));
  EXPECT_EQ(closed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(closed.status()), "MOVE_ILLEGAL");
  v1::Ticket merged = In(v1::TICKET_STATUS_CLOSED);
  merged.set_merged_into("SR202611001");
  EXPECT_EQ(ErrorReason(StatusAfter(Move::kReopen, merged).status()), "TICKET_MERGED");
}

// TIC-3
TEST(TicketCompletion, OnlyAComplaintNeedsCauseAndSolution) {
  v1::Ticket ticket;
  ticket.set_type(v1::TICKET_TYPE_FAULT);
  EXPECT_TRUE(CheckComplete(ticket).ok());
  ticket.set_type(v1::TICKET_TYPE_COMPLAINT);
  EXPECT_EQ(ErrorReason(CheckComplete(ticket)), "COMPLAINT_INCOMPLETE");
  ticket.set_solution("换货");
  EXPECT_EQ(ErrorReason(CheckComplete(ticket)), "COMPLAINT_INCOMPLETE");
  ticket.set_root_cause(v1::ROOT_CAUSE_LOGISTICS);
  EXPECT_TRUE(CheckComplete(ticket).ok());
}

// TIC-2
TEST(TicketIntake, NeedsACustomerOrAnIdentity) {
  v1::Ticket ticket;
  ASSERT_EQ(CheckNewTicket(ticket).size(), 1u);
  EXPECT_EQ(CheckNewTicket(ticket).front().rule, "REQUESTER_MISSING");
  ticket.set_requester_email("wang@example.com");
  EXPECT_THAT(CheckNewTicket(ticket), IsEmpty());
}

}  // namespace
}  // namespace crm::ticket
