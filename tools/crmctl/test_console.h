// A console without terminal, environment or time of its own, for tests.
#ifndef CRM_TOOLS_CRMCTL_TEST_CONSOLE_H_
#define CRM_TOOLS_CRMCTL_TEST_CONSOLE_H_

#include <map>
#include <sstream>
#include <string>

#include "common/base/clock.h"
#include "tools/crmctl/console.h"

namespace crm::cli {

struct TestConsole {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  FakeClock clock{absl::FromUnixSeconds(1'773'972'000)};  // 2026-03-20 02:00 UTC
  std::map<std::string, std::string> environment = {{"LANG", "zh_CN.UTF-8"}};
  Console console{.in = in,
                  .out = out,
                  .err = err,
                  .clock = clock,
                  .zone = absl::FixedTimeZone(8 * 3600),
                  .environment = [this](const std::string& name) -> std::optional<std::string> {
                    const auto found = environment.find(name);
                    if (found == environment.end()) return std::nullopt;
                    return found->second;
                  }};

  // What was written since the last call.
  std::string TakeOut() { return Take(out); }
  std::string TakeErr() { return Take(err); }

 private:
  static std::string Take(std::ostringstream& stream) {
    std::string text = stream.str();
    stream.str("");
    return text;
  }
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TEST_CONSOLE_H_
