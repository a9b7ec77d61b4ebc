// Tallies in a few bytes each: what a row of `ticket_sum` holds. By class of tickets: the class,
// how many tallies, and of each its value with its figure, count and seconds, all as varints.
#ifndef CRM_SERVICES_TICKET_PACKED_COUNTS_H_
#define CRM_SERVICES_TICKET_PACKED_COUNTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "services/ticket/tally.h"

namespace crm::ticket {

// DATA_LOSS if they are no packed counts.
absl::Status ReadPackedCounts(std::string_view bytes, absl::FunctionRef<void(const Tally&)> each);

// Sums by class, figure and value.
class PackedCounts {
 public:
  void Add(const Tally& tally);
  // Adds those that are packed already.
  absl::Status Merge(std::string_view bytes);
  // Without what comes to nothing.
  std::string Pack() const;

 private:
  struct Sum {
    int64_t count = 0;
    int64_t seconds = 0;
  };
  using Sums = std::map<std::pair<Figure, int64_t>, Sum>;

  std::map<TicketClass, Sums> classes_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_PACKED_COUNTS_H_
