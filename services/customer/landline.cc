#include "services/customer/landline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "common/text/phone.h"

namespace crm::customer {
namespace {

// A number that proves nothing by itself.
constexpr int kSharedLandlineScore = 40;
constexpr char kSharedLandline[] = "SHARED_LANDLINE";
constexpr int kMaxSharers = 20;

constexpr db::Query kSharers{"landline_sharers", R"sql(
  SELECT id, number
  FROM customer
  WHERE company_phone_hash = ? AND id <> ?
  UNION
  SELECT id, number
  FROM customer
  WHERE phone_tail_hash = ? AND phone_hash = ? AND id <> ?
  UNION
  SELECT customer.id, customer.number
  FROM contact
  JOIN customer ON customer.id = contact.customer_id
  WHERE contact.phone_tail_hash = ? AND contact.phone_hash = ? AND customer.id <> ?
  ORDER BY id
  LIMIT ?)sql"};

}  // namespace

std::optional<std::string> AsLandline(std::string_view value) {
  auto phone = text::NormalizePhone(value, {.allow_landline = true});
  if (!phone.ok() || text::KindOfPhone(*phone) != text::PhoneKind::kLandline) return std::nullopt;
  return *std::move(phone);
}

std::vector<std::string> NewLandlines(const v1::Customer& customer, const v1::Customer* before) {
  std::vector<std::string> landlines;
  const auto add = [&](const std::string& value, const std::string* old) {
    if (value.empty() || (old != nullptr && *old == value)) return;
    if (text::KindOfPhone(value) == text::PhoneKind::kLandline) landlines.push_back(value);
  };
  add(customer.company_phone(), before == nullptr ? nullptr : &before->company_phone());
  return landlines;
}

absl::StatusOr<std::vector<LandlineDuplicates::Sharer>> LandlineDuplicates::Sharers(
    db::Connection& db, int64_t own_id, const std::string& landline) const {
  const resource::ResourceTable& customer = archive_.store.table();
  const resource::ResourceTable& contact = archive_.contacts.table();
  CRM_ASSIGN_OR_RETURN(
      db::Rows rows,
      db.Select(kSharers,
                {customer.LookupHash("company_phone", landline), own_id,
                 customer.TailHash("phone", landline), customer.LookupHash("phone", landline),
                 own_id, contact.TailHash("phone", landline), contact.LookupHash("phone", landline),
                 own_id, kMaxSharers}));
  std::vector<Sharer> sharers;
  while (rows.Next()) sharers.push_back({rows.Int(0), rows.String(1)});
  return sharers;
}

absl::StatusOr<std::vector<std::string>> LandlineDuplicates::Open(
    db::Connection& db, db::WriteSet& writes, const StoredCustomer& customer,
    absl::Span<const std::string> landlines, absl::Span<const std::string> known,
    const resource::ChangeSource& source) const {
  std::vector<std::string> numbers;
  std::set<std::string> seen(known.begin(), known.end());
  for (const std::string& landline : landlines) {
    CRM_ASSIGN_OR_RETURN(const std::vector<Sharer> sharers, Sharers(db, customer.key.id, landline));
    for (const Sharer& sharer : sharers) {
      if (!seen.insert(sharer.number).second) continue;
      CRM_RETURN_IF_ERROR(duplicates_.Open(db, writes,
                                           {customer.key.id,
                                            customer.message.number(),
                                            sharer.id,
                                            sharer.number,
                                            kSharedLandlineScore,
                                            {kSharedLandline}},
                                           source));
      numbers.push_back(sharer.number);
    }
  }
  return numbers;
}

}  // namespace crm::customer
