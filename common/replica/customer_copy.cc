#include "common/replica/customer_copy.h"

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/customer_service.pb.h"

namespace crm::replica {
namespace {

using crm::customer::v1::Customer;
using crm::customer::v1::GetCustomerRequest;

constexpr char kGetCustomer[] = "/crm.customer.v1.CustomerService/GetCustomer";
// A caller is waiting for us.
constexpr absl::Duration kLookupTimeout = absl::Seconds(2);
constexpr absl::Duration kRetryHint = absl::Seconds(5);

constexpr db::Query kFind{"customer_copy", R"sql(
  SELECT number, version, kind, full_name, industry, region, tier, stage, source_channel, owner,
         team
  FROM customer_copy
  WHERE number = ?)sql"};

// A copy is replaced by one that is as new or newer. The version comes last: the columns before are
// compared with what was there.
constexpr char kReplaceOlder[] = R"sql(ON DUPLICATE KEY UPDATE
  kind = IF(VALUES(version) >= version, VALUES(kind), kind),
  full_name = IF(VALUES(version) >= version, VALUES(full_name), full_name),
  industry = IF(VALUES(version) >= version, VALUES(industry), industry),
  region = IF(VALUES(version) >= version, VALUES(region), region),
  tier = IF(VALUES(version) >= version, VALUES(tier), tier),
  stage = IF(VALUES(version) >= version, VALUES(stage), stage),
  source_channel = IF(VALUES(version) >= version, VALUES(source_channel), source_channel),
  owner = IF(VALUES(version) >= version, VALUES(owner), owner),
  team = IF(VALUES(version) >= version, VALUES(team), team),
  version = GREATEST(version, VALUES(version)))sql";

const db::InsertSpec& CopySpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"customer_copy",
                          {"number", "version", "kind", "full_name", "industry", "region", "tier",
                           "stage", "source_channel", "owner", "team"},
                          kReplaceOlder};
  return spec;
}

db::Value TextOrNull(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

template <typename Enum>
db::Value CodeOrNull(Enum code) {
  if (static_cast<int>(code) == 0) return std::nullopt;
  return code;
}

Customer Read(const db::Rows& row) {
  Customer customer;
  customer.set_number(row.String(0));
  customer.set_etag(resource::EtagOf(row.Int(1)));
  customer.set_kind(static_cast<crm::customer::v1::CustomerKind>(row.Int(2)));
  customer.set_full_name(row.String(3));
  customer.set_industry(row.String(4));
  customer.set_region(row.String(5));
  customer.set_tier(static_cast<crm::customer::v1::Tier>(row.Int(6)));
  customer.set_stage(static_cast<crm::customer::v1::Stage>(row.Int(7)));
  customer.set_source_channel(row.String(8));
  customer.set_owner(row.String(9));
  customer.set_team(row.String(10));
  return customer;
}

bool IsAway(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

}  // namespace

absl::StatusOr<std::optional<Customer>> FindCustomer(db::Connection& db, std::string_view number) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kFind, {number}));
  if (!rows.Next()) return std::nullopt;
  return Read(rows);
}

void KeepCustomer(const Customer& customer, db::WriteSet& writes) {
  const int64_t version = resource::ParseEtag(customer.etag(), "etag").value_or(0);
  writes.Insert(CopySpec(), {customer.number(), version, customer.kind(), customer.full_name(),
                             TextOrNull(customer.industry()), TextOrNull(customer.region()),
                             CodeOrNull(customer.tier()), CodeOrNull(customer.stage()),
                             TextOrNull(customer.source_channel()), TextOrNull(customer.owner()),
                             TextOrNull(customer.team())});
}

absl::StatusOr<Customer> CustomerLookup::Get(db::Connection& db, const std::string& number,
                                             db::WriteSet& writes) const {
  CRM_ASSIGN_OR_RETURN(const std::optional<Customer> known, FindCustomer(db, number));
  if (known.has_value()) return *known;
  CRM_ASSIGN_OR_RETURN(client::Channel* const archive, peers_.Find("customer"));
  GetCustomerRequest request;
  request.set_customer(number);
  const absl::StatusOr<Customer> found = archive->Call<GetCustomerRequest, Customer>(
      kGetCustomer, request, peers_.Options(kLookupTimeout));
  if (found.ok()) {
    KeepCustomer(*found, writes);
    return *found;
  }
  // A number that cannot be one is unknown, too.
  if (absl::IsNotFound(found.status()) || absl::IsInvalidArgument(found.status())) {
    return NotFound("crm.customer.v1.Customer", number);
  }
  if (!IsAway(found.status())) {
    return Error(absl::StatusCode::kInternal, "CUSTOMER_LOOKUP_REFUSED",
                 "the customer archive refuses this service's calls")
        .Meta("reason", ErrorReason(found.status()));
  }
  return Error(absl::StatusCode::kUnavailable, "CUSTOMER_UNVERIFIED",
               "the customer is not known here yet and the customer archive does not answer")
      .Resource("crm.customer.v1.Customer", number)
      .RetryAfter(kRetryHint);
}

}  // namespace crm::replica
