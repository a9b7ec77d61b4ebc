// Which event types a stream wants: exact names, or a prefix with a trailing `*`; none = all.
#ifndef CRM_COMMON_EVENT_TYPE_FILTER_H_
#define CRM_COMMON_EVENT_TYPE_FILTER_H_

#include <string>
#include <string_view>
#include <vector>

namespace crm::event {

class TypeFilter {
 public:
  template <typename Types>
  explicit TypeFilter(const Types& types) : types_(types.begin(), types.end()) {}

  bool Wants(std::string_view type) const {
    if (types_.empty()) return true;
    for (const std::string& wanted : types_) {
      if (Matches(wanted, type)) return true;
    }
    return false;
  }

 private:
  static bool Matches(std::string_view wanted, std::string_view type) {
    if (!wanted.ends_with('*')) return wanted == type;
    wanted.remove_suffix(1);
    return type.starts_with(wanted);
  }

  std::vector<std::string> types_;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_TYPE_FILTER_H_
