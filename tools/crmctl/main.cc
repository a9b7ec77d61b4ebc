// crmctl: the command line client of the CRM.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tools/crmctl/command_line.h"

namespace {

constexpr size_t kUsualWidth = 80;

size_t TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsualWidth;
}

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const crm::SystemClock clock;
  const bool out = isatty(STDOUT_FILENO) == 1;
  const bool err = isatty(STDERR_FILENO) == 1;
  crm::cli::Console console{.in = std::cin,
                            .out = std::cout,
                            .err = std::cerr,
                            .clock = clock,
                            .zone = absl::LocalTimeZone(),
                            .environment = Environment,
                            .out_is_terminal = out,
                            .err_is_terminal = err,
                            .width = out || err ? TerminalWidth() : 0};
  return crm::cli::RunCommandLine(std::vector<std::string>(argv + 1, argv + argc), console);
}
