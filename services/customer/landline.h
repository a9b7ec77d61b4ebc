// Landlines (CUS-14): shared by everybody at a switchboard, so they recognise nobody. Customers
// that share one may be the same: they become a duplicate candidate.
#ifndef CRM_SERVICES_CUSTOMER_LANDLINE_H_
#define CRM_SERVICES_CUSTOMER_LANDLINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/archive.h"
#include "services/customer/duplicate_store.h"

namespace crm::customer {

// Normalised, if it is a landline.
std::optional<std::string> AsLandline(std::string_view value);

// Those that `customer` has and `before` (null: a new customer) has not.
std::vector<std::string> NewLandlines(const v1::Customer& customer, const v1::Customer* before);

// Thread-safe.
class LandlineDuplicates {
 public:
  // Both outlive it.
  LandlineDuplicates(const Archive& archive, const DuplicateStore& duplicates)
      : archive_(archive), duplicates_(duplicates) {}

  // Opens a candidate for each other customer that has one of these, itself or through a contact;
  // for the oldest few where very many share it. `known`: numbers of customers that have a
  // candidate in this write set already. Gives the numbers of the others.
  absl::StatusOr<std::vector<std::string>> Open(db::Connection& db, db::WriteSet& writes,
                                                const StoredCustomer& customer,
                                                absl::Span<const std::string> landlines,
                                                absl::Span<const std::string> known,
                                                const resource::ChangeSource& source) const;

 private:
  struct Sharer {
    int64_t id = 0;
    std::string number;
  };
  absl::StatusOr<std::vector<Sharer>> Sharers(db::Connection& db, int64_t own_id,
                                              const std::string& landline) const;

  const Archive& archive_;
  const DuplicateStore& duplicates_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_LANDLINE_H_
