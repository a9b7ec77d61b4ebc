#include "common/db/query.h"

#include <algorithm>
#include <bit>

namespace crm::db {

size_t PaddedInSize(size_t n) {
  return std::min(std::bit_ceil(std::max<size_t>(n, 1)), kMaxInSize);
}

}  // namespace crm::db
