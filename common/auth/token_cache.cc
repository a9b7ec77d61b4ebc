#include "common/auth/token_cache.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "common/base/absl_view.h"

namespace crm::auth {
namespace {

bool IsUsable(const TokenCache::Entry& entry, uint64_t key_generation, absl::Time now) {
  return entry.key_generation == key_generation && now >= entry.valid_from &&
         now < entry.valid_until;
}

}  // namespace

TokenCache::TokenCache(size_t capacity)
    : young_capacity_(std::max<size_t>(1, capacity / (2 * kShards))) {}

std::shared_ptr<const Claims> TokenCache::Find(std::string_view token, uint64_t key_generation,
                                               absl::Time now) {
  Shard& shard = ShardOf(token);
  const std::scoped_lock lock(shard.mutex);
  auto found = shard.young.find(ToAbsl(token));
  if (found != shard.young.end()) {
    if (IsUsable(found->second, key_generation, now)) return found->second.claims;
    shard.young.erase(found);
    return nullptr;
  }
  found = shard.old.find(ToAbsl(token));
  if (found == shard.old.end()) return nullptr;
  Entry entry = std::move(found->second);
  shard.old.erase(found);
  if (!IsUsable(entry, key_generation, now)) return nullptr;
  return (PlaceFor(shard, token) = std::move(entry)).claims;
}

void TokenCache::Insert(std::string_view token, Entry entry) {
  Shard& shard = ShardOf(token);
  const std::scoped_lock lock(shard.mutex);
  PlaceFor(shard, token) = std::move(entry);
}

size_t TokenCache::size() const {
  size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    size += shard.young.size() + shard.old.size();
  }
  return size;
}

TokenCache::Shard& TokenCache::ShardOf(std::string_view token) {
  // The end of a token is its signature, as good as random; hashing all of it twice is not needed.
  const std::string_view tail = token.substr(token.size() - std::min<size_t>(token.size(), 16));
  return shards_[absl::Hash<absl::string_view>()(ToAbsl(tail)) % kShards];
}

TokenCache::Entry& TokenCache::PlaceFor(Shard& shard, std::string_view token) {
  if (shard.young.size() >= young_capacity_) {
    shard.old = std::move(shard.young);
    shard.young = Map();
  }
  return shard.young[std::string(token)];
}

}  // namespace crm::auth
