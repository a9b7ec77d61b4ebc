// Service tickets as a program.
#include "common/runtime/service_runtime.h"
#include "services/ticket/ticket_service.h"

int main(int argc, char** argv) {
  return crm::runtime::Run(crm::ticket::Info(), argc, argv, crm::ticket::TicketService::Create);
}
