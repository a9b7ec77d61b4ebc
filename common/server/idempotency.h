// The stored answers of mutating calls (PLT-5), table `idempotency`.
//
// Optimistic: the answer is inserted in the transaction of the change itself. Only when that fails
// as a duplicate, or the handler finds its work done already, the row is read. So the usual call
// costs no read, two calls at once cannot both take effect, and whoever comes second gets the first
// one's answer, on any replica.
//
// Caller, method and request id are stored as one keyed hash, the request as another, the answer
// encrypted and unmasked: it is masked for whoever asks again.
#ifndef CRM_COMMON_SERVER_IDEMPOTENCY_H_
#define CRM_COMMON_SERVER_IDEMPOTENCY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/server/served_method.h"
#include "google/protobuf/message.h"

namespace crm::server {

// Thread-safe.
class IdempotencyStore {
 public:
  // Older rows count as absent.
  static constexpr absl::Duration kLifetime = absl::Hours(24);

  struct Key {
    std::string key_hash;
    std::string request_hash;
  };

  enum class Outcome {
    kAbsent,
    kExpired,  // absent, but the row is still there
    kStored,   // `response` is the answer
    kReused,   // the id stands for another request
  };
  struct Found {
    Outcome outcome = Outcome::kAbsent;
    int64_t create_time = 0;  // microseconds; kExpired
    std::string response;     // serialised; kStored
  };

  explicit IdempotencyStore(crypto::Keyring& keyring) : keyring_(keyring) {}

  // `request` after normalisation, with its request id.
  Key MakeKey(const auth::Caller& caller, const ServedMethod& method, const std::string& request_id,
              const google::protobuf::Message& request) const;

  // Adds the answer to the change. With `replaces`, the creation time of an expired row, that row
  // is overwritten; whoever does so second gets a write conflict.
  void Remember(const Key& key, const google::protobuf::Message& response, absl::Time now,
                std::optional<int64_t> replaces, db::WriteSet& writes) const;

  absl::StatusOr<Found> Find(const Key& key, absl::Time now, db::Connection& connection) const;

 private:
  crypto::Keyring& keyring_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_IDEMPOTENCY_H_
