// Makes clean synthetic customers. Names, numbers and addresses are put together from word lists
// and counters; likeness to anybody is chance. Mail addresses are in example.com.
#ifndef CRM_TOOLS_EXAMPLES_CUSTOMER_MAKER_H_
#define CRM_TOOLS_EXAMPLES_CUSTOMER_MAKER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "tools/examples/random.h"

namespace crm::examples {

enum class Kind { kOrganization, kPerson };

struct Customer {
  Kind kind = Kind::kOrganization;
  std::string name;
  std::string credit_code;  // empty for a person
  std::string_view industry_code;
  std::string_view industry;
  std::string decision_maker;  // empty for a person
  std::string_view position;
  std::string phone;
  std::string email;
  std::string_view region;
  std::string address;
  std::string_view tier;
  std::string_view channel;
  std::string_view need;
  absl::CivilDay created;
};

// A mobile number; different for every `number` below 1 000 000 000.
std::string PhoneOf(uint64_t number);
// A valid credit code; different for every `number` below 600 000 000.
std::string CreditCodeOf(uint64_t number);

class CustomerMaker {
 public:
  // Phones, credit codes and mail addresses count from `first_number`: two sets of examples with
  // disjoint numbers share none.
  CustomerMaker(uint64_t seed, uint64_t first_number) : random_(seed), number_(first_number) {}

  // Of five customers four are organisations.
  Customer Next();
  // Replaces `customer`, reusing its memory.
  void Next(Customer& customer);
  Random& random() { return random_; }

 private:
  void NamePerson(std::string& name);

  Random random_;
  uint64_t number_;
};

}  // namespace crm::examples

#endif  // CRM_TOOLS_EXAMPLES_CUSTOMER_MAKER_H_
