#include "services/customer/staff_names.h"

#include <utility>

#include "common/text/unicode.h"
#include "services/customer/staff_tree.h"

namespace crm::customer {

StaffNames::Match StaffNames::Find(std::string_view text) const {
  std::shared_ptr<const Index> index;
  {
    ReaderMutexLock lock(&mutex_);
    index = index_;
  }
  const std::string folded = text::FoldForSearch(text);
  for (const Ids* ids : {&index->by_id, &index->by_name}) {
    const auto found = ids->find(folded);
    if (found == ids->end()) continue;
    const std::vector<std::string>& candidates = found->second;
    return {candidates.size() == 1 ? candidates.front() : "", candidates.size()};
  }
  return {};
}

void StaffNames::Set(const StaffTree& tree) {
  auto index = std::make_shared<Index>();
  for (const auto& [id, user] : tree.users) {
    index->by_id[text::FoldForSearch(id)].push_back(id);
    index->by_name[text::FoldForSearch(user->message.name())].push_back(id);
  }
  MutexLock lock(&mutex_);
  index_ = std::move(index);
}

}  // namespace crm::customer
