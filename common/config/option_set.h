// The settings of a program, declared once and read from three places. The first that has a value
// wins: flag `--log-level`, environment `CRM_LOG_LEVEL`, `log-level = …` in the one file named by
// `--config` or CRM_CONFIG (PLT-25). `--help` lists them all.
//
//   int workers = 6;
//   OptionSet options({.program = "customer", .summary = "Customer archive.", .version = "1.2"});
//   options.Integer("workers", &workers, 1, 256, "Threads for unary calls.");
//   auto outcome = options.Parse(argc, argv, ProcessEnvironment());
//
// A variable or key that is set but empty counts as absent: templates render optional values so.
// Secrets are never taken from a flag, which every user of the machine could read. Besides the
// environment and the configuration file they come from a file of their own: `--NAME-file PATH`.
//
// Errors: INVALID_ARGUMENT, reason BAD_SETTING, metadata `setting`; the message names the setting,
// where its value came from and what is allowed, and holds no value. Unknown CRM_* variables are
// ignored (Kubernetes makes some up), unknown flags and keys of the file are not.
// Not thread-safe. Targets must outlive Parse; they keep their value (the default) when nothing is
// set, and may be half filled after an error.
#ifndef CRM_COMMON_CONFIG_OPTION_SET_H_
#define CRM_COMMON_CONFIG_OPTION_SET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crm::config {

// Looks up an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

struct ProgramInfo {
  std::string program;
  std::string summary;
  std::string version;
};

struct ParseOutcome {
  // Set for --help and --version: print it and exit with success. No target was touched.
  std::optional<std::string> text;
  // The command given before, between or after the flags; empty if none.
  std::string command;
};

class OptionSet {
 public:
  explicit OptionSet(ProgramInfo info) : info_(std::move(info)) {}

  // Names are kebab-case. `check` gives what is allowed if a text is not, such as "host:port".
  using Check = std::function<std::optional<std::string>(const std::string& text)>;

  void Text(std::string_view name, std::string* target, std::string_view help, Check check = {});
  // One of `words`.
  void Choice(std::string_view name, std::string* target, std::vector<std::string> words,
              std::string_view help);
  void Integer(std::string_view name, int* target, int min, int max, std::string_view help);
  // "250ms", "30s", "72h".
  void Duration(std::string_view name, absl::Duration* target, absl::Duration min,
                absl::Duration max, std::string_view help);
  // "true" or "false".
  void Switch(std::string_view name, bool* target, std::string_view help);
  void Secret(std::string_view name, std::string* target, std::string_view help, Check check = {});
  // "name=value", several as a list: `--peer a=x,b=y`. Replaces the whole default.
  void Map(std::string_view name, std::map<std::string, std::string>* target,
           std::string_view help);

  void Command(std::string_view name, std::string_view help);

  absl::StatusOr<ParseOutcome> Parse(int argc, const char* const* argv,
                                     const Environment& environment);

  // "CRM_LOG_LEVEL" for "log-level".
  static std::string VariableName(std::string_view name);

 private:
  struct Setting {
    std::string name;
    std::string value_name;    // "INT" in the help
    std::string default_text;  // in the help; empty = none
    std::string help;
    bool secret = false;
    // Takes a value over; gives what is allowed if it is not.
    std::function<std::optional<std::string>(const std::string& text)> assign;
  };
  struct CommandInfo {
    std::string name;
    std::string help;
  };
  // Values by setting name, from one source.
  using Values = std::map<std::string, std::string>;
  struct CommandLine {
    ParseOutcome outcome;
    Values values;
  };

  void Add(Setting setting);
  bool Knows(const std::string& name) const;
  absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv) const;
  absl::StatusOr<Values> ReadConfigFile(const std::string& path) const;
  absl::Status Assign(const Setting& setting, const Values& flags, const Environment& environment,
                      const Values& file) const;
  std::string FullHelp(const Setting& setting) const;

  ProgramInfo info_;
  std::vector<Setting> settings_;
  std::vector<CommandInfo> commands_;
};

}  // namespace crm::config

#endif  // CRM_COMMON_CONFIG_OPTION_SET_H_
