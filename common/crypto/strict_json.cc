#include "common/crypto/strict_json.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace crm::crypto {
namespace {

using Json = nlohmann::json;

// Leaves the parser early; never leaves this file.
struct Refused {
  std::string why;
};

class Watcher {
 public:
  explicit Watcher(int max_depth) : max_depth_(max_depth) {}

  bool Accept(Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        Enter();
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case Json::parse_event_t::key:
        See(parsed.get_ref<const std::string&>());
        break;
      case Json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  void Enter() {
    if (static_cast<int>(keys_.size()) >= max_depth_) throw Refused{"nested too deeply"};
    keys_.emplace_back();
  }
  void See(const std::string& key) {
    if (!keys_.back().insert(key).second) {
      throw Refused{absl::StrCat("the key \"", absl::Utf8SafeCHexEscape(key.substr(0, 64)),
                                 "\" is given twice")};
    }
  }

  const int max_depth_;
  // The keys seen in each open object; empty for arrays.
  std::vector<absl::flat_hash_set<std::string>> keys_;
};

absl::Status NotJson(std::string_view text, size_t byte) {
  const auto line = std::count(text.begin(), text.begin() + std::min(byte, text.size()), '\n') + 1;
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": not valid JSON"));
}

}  // namespace

absl::StatusOr<Json> ParseStrictJson(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) return absl::InvalidArgumentError("too long");
  Watcher watcher(limits.max_depth);
  const auto watch = [&watcher](int, Json::parse_event_t event, Json& parsed) {
    return watcher.Accept(event, parsed);
  };
  try {
    return Json::parse(text, watch);
  } catch (const Refused& refused) {
    return absl::InvalidArgumentError(refused.why);
  } catch (const Json::parse_error& error) {
    return NotJson(text, error.byte);
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError("a number is out of range");
  }
}

}  // namespace crm::crypto
