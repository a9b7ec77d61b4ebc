// Random choices that are the same on every machine: the standard distributions are not.
#ifndef CRM_TOOLS_EXAMPLES_RANDOM_H_
#define CRM_TOOLS_EXAMPLES_RANDOM_H_

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace crm::examples {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // In [0, bound). The bias of the remainder does not matter for examples.
  size_t Below(size_t bound) { return static_cast<size_t>(engine_() % bound); }
  template <typename List>
  const auto& Pick(const List& list) {
    return list[Below(std::size(list))];
  }
  template <typename T>
  void Shuffle(std::vector<T>& list) {
    for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[Below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace crm::examples

#endif  // CRM_TOOLS_EXAMPLES_RANDOM_H_
