// Identities (CUS-14): what makes two records the same customer.
#ifndef CRM_SERVICES_CUSTOMER_IDENTITY_H_
#define CRM_SERVICES_CUSTOMER_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/customer/v1/identity.pb.h"

namespace crm::customer {

// A value by which a customer is recognised; normalised.
struct Identity {
  v1::IdentityKind kind = v1::IDENTITY_KIND_UNSPECIFIED;
  std::string value;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// The identities that follow from a customer's own fields, strongest first: the phone unless it is
// a landline, the resident id of a person, the credit code of an organisation, the email.
std::vector<Identity> IdentitiesOf(const v1::Customer& customer);

// Name of the customer field an identity kind comes from; empty for OpenIDs and accounts.
std::string_view FieldOfIdentity(v1::IdentityKind kind);

// Who has an identity.
struct IdentityHolder {
  Identity identity;
  int64_t customer_id = 0;
  std::string number;
};

// The table customer_identity. Thread-safe.
class IdentityStore {
 public:
  explicit IdentityStore(crypto::Keyring& keyring) : keyring_(keyring) {}

  std::string Hash(const Identity& identity) const;

  // An identity that is taken fails the write set with DUPLICATE_KEY on table customer_identity.
  void Insert(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
              std::optional<int64_t> contact_id, absl::Time now) const;
  // An OpenID or account with the authorisation that binds it; its value is kept encrypted.
  void InsertBound(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
                   std::string_view authorized_by, absl::Time now) const;
  void Delete(db::WriteSet& writes, const Identity& identity, int64_t customer_id) const;
  // Inserts and deletes what a change of a customer's fields asks for.
  void Replace(db::WriteSet& writes, absl::Span<const Identity> before,
               absl::Span<const Identity> after, int64_t customer_id, absl::Time now) const;

  // Holders of any of these, in the order of the identities.
  absl::StatusOr<std::vector<IdentityHolder>> FindHolders(
      db::Connection& db, absl::Span<const Identity> identities) const;

  static constexpr std::string_view kTable = "customer_identity";

 private:
  crypto::Keyring& keyring_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_IDENTITY_H_
