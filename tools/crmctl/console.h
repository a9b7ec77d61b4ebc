// Where a command reads and writes, and what the terminal there can do: passed in, so that tests
// run commands without a terminal, an environment or a clock of their own.
#ifndef CRM_TOOLS_CRMCTL_CONSOLE_H_
#define CRM_TOOLS_CRMCTL_CONSOLE_H_

#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/schema/language.h"

namespace crm::cli {

using schema::Language;

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;
  absl::TimeZone zone;  // times are shown, and taken, in it
  std::function<std::optional<std::string>(const std::string& name)> environment;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  size_t width = 0;  // columns of the terminal; 0 = none, nothing is cut
};

// A text of the program itself in the chosen language.
inline std::string_view Say(Language language, std::string_view zh, std::string_view en) {
  return language == Language::kChinese ? zh : en;
}

// Terminal attributes, or nothing where there is no terminal.
class Style {
 public:
  explicit Style(bool enabled) : enabled_(enabled) {}

  std::string Bold(std::string_view text) const { return Wrap("\x1b[1m", text); }
  std::string Dim(std::string_view text) const { return Wrap("\x1b[2m", text); }
  std::string Red(std::string_view text) const { return Wrap("\x1b[31m", text); }
  std::string Green(std::string_view text) const { return Wrap("\x1b[32m", text); }
  std::string Yellow(std::string_view text) const { return Wrap("\x1b[33m", text); }

 private:
  std::string Wrap(std::string_view code, std::string_view text) const {
    if (!enabled_ || text.empty()) return std::string(text);
    std::string wrapped(code);
    return wrapped.append(text).append("\x1b[0m");
  }

  bool enabled_;
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_CONSOLE_H_
