#include "common/numbering/current_numbers.h"

#include <utility>

namespace crm::numbering {

CurrentNumbers::CurrentNumbers(NumberAllocatorOptions options, db::Pool& pool)
    : pool_(pool),
      options_(std::move(options)),
      allocator_(std::make_shared<NumberAllocator>(options_, pool_)) {}

void CurrentNumbers::SetPattern(NumberPattern pattern) {
  const std::scoped_lock lock(mutex_);
  if (pattern.text() == options_.pattern.text()) return;
  options_.pattern = std::move(pattern);
  allocator_ = std::make_shared<NumberAllocator>(options_, pool_);
}

std::string CurrentNumbers::pattern() const {
  const std::shared_lock lock(mutex_);
  return options_.pattern.text();
}

std::shared_ptr<NumberAllocator> CurrentNumbers::Allocator() const {
  const std::shared_lock lock(mutex_);
  return allocator_;
}

}  // namespace crm::numbering
