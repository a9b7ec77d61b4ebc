// Identities (CUS-14): what makes two records the same customer.
#ifndef CRM_SERVICES_CUSTOMER_IDENTITY_H_
#define CRM_SERVICES_CUSTOMER_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/text/result.h"
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

// The value as it is stored; a landline is no identity. `today` bounds the birth date in a resident
// id.
text::Result<std::string> NormalizeIdentity(v1::IdentityKind kind, std::string_view value,
                                            absl::CivilDay today);

// Whether a kind is bound only with a recorded authorisation (OpenIDs).
bool NeedsAuthorization(v1::IdentityKind kind);

// What everybody may see of a value.
std::string MaskIdentity(const Identity& identity);

// Who has an identity.
struct IdentityHolder {
  Identity identity;
  int64_t customer_id = 0;
  std::string number;
};

// A row of the table.
struct StoredIdentity {
  v1::IdentityKind kind = v1::IDENTITY_KIND_UNSPECIFIED;
  std::string hash;
  std::string value;  // of bound ones; empty if it follows from a field
  bool bound = false;
  std::string authorized_by;
  absl::Time create_time;
};

// The table customer_identity. Thread-safe.
class IdentityStore {
 public:
  explicit IdentityStore(crypto::Keyring& keyring) : keyring_(keyring) {}

  std::string Hash(const Identity& identity) const;

  // An identity that is taken fails the write set with DUPLICATE_KEY on table customer_identity.
  void Insert(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
              std::optional<int64_t> contact_id, absl::Time now) const;
  // What no field holds: an OpenID or account with the authorisation that binds it, a further phone
  // or email. Its value is kept encrypted.
  void InsertBound(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
                   std::string_view authorized_by, absl::Time now) const;
  // As Insert, but changes nothing if this customer has the identity already: a contact's mobile
  // may be the customer's own phone.
  void Attach(db::WriteSet& writes, const Identity& identity, int64_t customer_id,
              std::optional<int64_t> contact_id, absl::Time now) const;
  // Removes what followed from a field, unless another field of the customer or its contacts still
  // holds the value: so after the statement that changes the field.
  void Release(db::WriteSet& writes, const Identity& identity, int64_t customer_id) const;
  // Removes a bound identity; fails the write set with WRITE_CONFLICT if it is gone.
  void DeleteBound(db::WriteSet& writes, std::string_view hash, int64_t customer_id) const;
  // Attaches and releases what a change of a customer's fields asks for.
  void Replace(db::WriteSet& writes, absl::Span<const Identity> before,
               absl::Span<const Identity> after, int64_t customer_id, absl::Time now) const;

  // Holders of any of these, strongest identity first, those of one kind in the order given.
  absl::StatusOr<std::vector<IdentityHolder>> FindHolders(
      db::Connection& db, absl::Span<const Identity> identities) const;

  // All identities of a customer, strongest first.
  absl::StatusOr<std::vector<StoredIdentity>> OfCustomer(db::Connection& db,
                                                         int64_t customer_id) const;

  static constexpr std::string_view kTable = "customer_identity";

 private:
  crypto::Keyring& keyring_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_IDENTITY_H_
