// The dirt of grown customer lists, in known amounts (CUS-27 … CUS-30).
#ifndef CRM_TOOLS_EXAMPLES_DIRT_H_
#define CRM_TOOLS_EXAMPLES_DIRT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "tools/examples/customer_maker.h"
#include "tools/examples/random.h"

namespace crm::examples {

enum class Dirt {
  kFullWidthPhone,    // １３８…
  kSeparatedPhone,    // 138-1234-5678
  kCountryCodePhone,  // +86 138…
  kMissingPhone,
  kShortDate,    // 24-3-1
  kSlashDate,    // 2024/3/1
  kChineseDate,  // 2024年3月1日
  kUnmappedIndustry,
  kMissingIndustry,
  kSpacedName,  // spaces around it, one of them full-width
  kTitledName,  // a person's name with 先生 or 女士
  kMissingEmail,
  kWrongCreditCode,  // the check character is wrong
};

struct DirtShare {
  Dirt dirt;
  std::string_view name;  // in the manifest
  int per_mille;          // of the rows that can have it
};
absl::Span<const DirtShare> DirtShares();

// How many of `eligible` rows get it, rounded to the nearest.
int64_t DirtCount(const DirtShare& share, size_t eligible);

// A customer as text, as somebody typed it.
struct TypedCustomer {
  Customer clean;
  std::string name;
  std::string credit_code;
  std::string industry;
  std::string phone;
  std::string email;
  std::string created;
};

TypedCustomer TypeCleanly(const Customer& customer);
void Spoil(TypedCustomer& customer, Dirt dirt);

// Spoils exactly the shares of `customers`; no field is spoiled twice. Returns what was done.
std::map<std::string, int64_t> SpoilAll(std::vector<TypedCustomer>& customers, Random& random);

}  // namespace crm::examples

#endif  // CRM_TOOLS_EXAMPLES_DIRT_H_
