#include "services/customer/activity_contacts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

std::string SqlFor(size_t customers) {
  std::string in = "(?";
  for (size_t i = 1; i < customers; ++i) absl::StrAppend(&in, ", ?");
  absl::StrAppend(&in, ")");
  return absl::StrCat(
      "SELECT customer_id, time FROM ("
      "SELECT customer_id, time, "
      "ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY time DESC) AS place FROM ("
      "SELECT customer_id, time FROM interaction WHERE customer_id IN ",
      in,
      " AND time >= ? UNION ALL "
      "SELECT customer_id, time FROM purchase WHERE customer_id IN ",
      in,
      " AND time >= ?) AS contacted) AS placed "
      "WHERE place <= ? ORDER BY customer_id, place");
}

}  // namespace

absl::StatusOr<NewestContacts> ReadNewestContacts(db::Connection& db,
                                                  absl::Span<const int64_t> customers,
                                                  absl::Time since, int count) {
  NewestContacts contacts;
  for (size_t start = 0; start < customers.size(); start += db::kMaxInSize) {
    const auto part = customers.subspan(start, db::kMaxInSize);
    db::Values ids(part.begin(), part.end());
    ids.resize(db::PaddedInSize(part.size()), part.back());
    db::Values params = ids;
    params.emplace_back(since);
    params.insert(params.end(), ids.begin(), ids.end());
    params.emplace_back(since);
    params.emplace_back(count);
    CRM_ASSIGN_OR_RETURN(db::Rows rows,
                         db.Select({"activity_newest_contacts", SqlFor(ids.size())}, params));
    while (rows.Next()) contacts[rows.Int(0)].push_back(rows.Time(1));
  }
  return contacts;
}

}  // namespace crm::customer
