// The sales service as a program.
#include "common/runtime/service_runtime.h"
#include "services/sales/sales_service.h"

int main(int argc, char** argv) {
  return crm::runtime::Run(crm::sales::Info(), argc, argv, crm::sales::SalesService::Create);
}
