// Tokens that have been verified, so that a caller's second call costs a look-up and not a
// signature check. Only genuine tokens get in, so strangers cannot fill it. Bounded: each shard
// keeps two generations of entries and forgets the older when the younger is full; what is used
// stays. Thread-safe.
#ifndef CRM_COMMON_AUTH_TOKEN_CACHE_H_
#define CRM_COMMON_AUTH_TOKEN_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace crm::auth {

struct Claims;

class TokenCache {
 public:
  struct Entry {
    std::shared_ptr<const Claims> claims;
    // The key set it was verified with.
    uint64_t key_generation = 0;
    absl::Time valid_from;
    absl::Time valid_until;
  };

  // Room for about `capacity` tokens; at least one in each shard.
  explicit TokenCache(size_t capacity);

  // The claims of a token that is valid now under the present keys, otherwise null.
  std::shared_ptr<const Claims> Find(std::string_view token, uint64_t key_generation,
                                     absl::Time now);
  void Insert(std::string_view token, Entry entry);
  size_t size() const;

 private:
  using Map = absl::flat_hash_map<std::string, Entry>;
  static constexpr size_t kShards = 16;

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    Map young ABSL_GUARDED_BY(mutex);
    Map old ABSL_GUARDED_BY(mutex);
  };

  Shard& ShardOf(std::string_view token);
  // Makes room in the younger generation and returns the place for `token`.
  Entry& PlaceFor(Shard& shard, std::string_view token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  const size_t young_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_TOKEN_CACHE_H_
