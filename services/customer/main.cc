// The customer archive as a program.
#include "common/runtime/service_runtime.h"
#include "services/customer/customer_service.h"

int main(int argc, char** argv) {
  return crm::runtime::Run(crm::customer::Info(), argc, argv,
                           crm::customer::CustomerService::Create);
}
