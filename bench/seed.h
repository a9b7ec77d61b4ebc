// Fills a customer archive past its API, with what CreateCustomer would have written: encrypted
// fields, look-up hashes, identities. Events are left out, as if all readers had them.
#ifndef CRM_BENCH_SEED_H_
#define CRM_BENCH_SEED_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/crypto/keyring.h"
#include "common/db/pool.h"
#include "crm/customer/v1/customer.pb.h"
#include "tools/examples/customer_maker.h"

namespace crm::bench {

// A customer as a form would send it.
void FillCustomer(const examples::Customer& example, customer::v1::Customer& customer);

// One customer for each number, in their order; phones and credit codes count from 0.
absl::Status SeedCustomers(db::Pool& pool, crypto::Keyring& keyring,
                           absl::Span<const std::string> numbers);

}  // namespace crm::bench

#endif  // CRM_BENCH_SEED_H_
