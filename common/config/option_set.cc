#include "common/config/option_set.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"

namespace crm::config {
namespace {

constexpr std::string_view kConfigSetting = "config";

absl::Status BadSetting(std::string_view setting, std::string_view source,
                        std::string_view problem) {
  const std::string from =
      source.empty() ? std::string() : absl::StrCat(" (from ", ToAbsl(source), ")");
  return Error(absl::StatusCode::kInvalidArgument, "BAD_SETTING",
               absl::StrCat(ToAbsl(setting), from, ": ", ToAbsl(problem)))
      .Meta("setting", setting);
}

std::optional<std::string> Lookup(const std::map<std::string, std::string>& values,
                                  const std::string& name) {
  const auto it = values.find(name);
  if (it == values.end() || it->second.empty()) return std::nullopt;
  return it->second;
}

// The last value wins, as with most programs; list settings are comma-separated in one value.
void AddFlag(CLI::App& app, const std::string& name, const std::string& value_name,
             const std::string& help, std::string& target) {
  app.add_option(absl::StrCat("--", name), target, help)
      ->type_name(value_name)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before threads
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::string OptionSet::VariableName(std::string_view name) {
  return absl::StrCat("CRM_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(ToAbsl(name), {{"-", "_"}})));
}

void OptionSet::Add(Setting setting) { settings_.push_back(std::move(setting)); }

void OptionSet::Text(std::string_view name, std::string* target, std::string_view help,
                     Check check) {
  Add({.name = std::string(name),
       .value_name = "TEXT",
       .default_text = *target,
       .help = std::string(help),
       .assign = [target,
                  check = std::move(check)](const std::string& text) -> std::optional<std::string> {
         if (check) {
           if (std::optional<std::string> allowed = check(text)) return allowed;
         }
         *target = text;
         return std::nullopt;
       }});
}

void OptionSet::Choice(std::string_view name, std::string* target, std::vector<std::string> words,
                       std::string_view help) {
  const std::string allowed = absl::StrCat("must be one of ", absl::StrJoin(words, ", "));
  Text(name, target, help,
       [words = std::move(words), allowed](const std::string& text) -> std::optional<std::string> {
         if (std::find(words.begin(), words.end(), text) != words.end()) return std::nullopt;
         return allowed;
       });
}

void OptionSet::Integer(std::string_view name, int* target, int min, int max,
                        std::string_view help) {
  Add({.name = std::string(name),
       .value_name = "INT",
       .default_text = absl::StrCat(*target),
       .help = std::string(help),
       .assign = [target, min, max](const std::string& text) -> std::optional<std::string> {
         int value = 0;
         if (!absl::SimpleAtoi(text, &value) || value < min || value > max) {
           return absl::StrCat("must be a whole number from ", min, " to ", max);
         }
         *target = value;
         return std::nullopt;
       }});
}

void OptionSet::Duration(std::string_view name, absl::Duration* target, absl::Duration min,
                         absl::Duration max, std::string_view help) {
  Add({.name = std::string(name),
       .value_name = "DURATION",
       .default_text = absl::FormatDuration(*target),
       .help = std::string(help),
       .assign = [target, min, max](const std::string& text) -> std::optional<std::string> {
         absl::Duration value;
         if (!absl::ParseDuration(text, &value) || value < min || value > max) {
           return absl::StrCat("must be a duration such as 250ms or 30s, from ",
                               absl::FormatDuration(min), " to ", absl::FormatDuration(max));
         }
         *target = value;
         return std::nullopt;
       }});
}

void OptionSet::Switch(std::string_view name, bool* target, std::string_view help) {
  Add({.name = std::string(name),
       .value_name = "BOOL",
       .default_text = *target ? "true" : "false",
       .help = std::string(help),
       .assign = [target](const std::string& text) -> std::optional<std::string> {
         if (text != "true" && text != "false") return "must be true or false";
         *target = text == "true";
         return std::nullopt;
       }});
}

void OptionSet::Secret(std::string_view name, std::string* target, std::string_view help,
                       Check check) {
  Text(name, target, help, std::move(check));
  settings_.back().secret = true;
}

void OptionSet::Map(std::string_view name, std::map<std::string, std::string>* target,
                    std::string_view help) {
  Add({.name = std::string(name),
       .value_name = "NAME=VALUE,…",
       .default_text = absl::StrJoin(*target, ",", absl::PairFormatter("=")),
       .help = std::string(help),
       .assign = [target](const std::string& text) -> std::optional<std::string> {
         std::map<std::string, std::string> values;
         for (absl::string_view item : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
           const std::pair<std::string, std::string> entry =
               absl::StrSplit(absl::StripAsciiWhitespace(item), absl::MaxSplits('=', 1));
           if (entry.first.empty() || entry.second.empty() || !values.insert(entry).second) {
             return "must be NAME=VALUE pairs, separated by commas, each name once";
           }
         }
         *target = std::move(values);
         return std::nullopt;
       }});
}

void OptionSet::Command(std::string_view name, std::string_view help) {
  commands_.push_back({std::string(name), std::string(help)});
}

bool OptionSet::Knows(const std::string& name) const {
  return std::any_of(settings_.begin(), settings_.end(), [&](const Setting& setting) {
    return name == setting.name || (setting.secret && name == absl::StrCat(setting.name, "-file"));
  });
}

std::string OptionSet::FullHelp(const Setting& setting) const {
  std::string help = setting.help;
  if (setting.secret) {
    absl::StrAppend(&help, " File that holds it; the value itself comes from ",
                    VariableName(setting.name), " or from `", setting.name,
                    "` in the configuration file.");
    return help;
  }
  if (!setting.default_text.empty()) absl::StrAppend(&help, " [", setting.default_text, "]");
  absl::StrAppend(&help, " (", VariableName(setting.name), ")");
  return help;
}

absl::StatusOr<OptionSet::CommandLine> OptionSet::ReadCommandLine(int argc,
                                                                  const char* const* argv) const {
  for (int i = 1; i < argc; ++i) {
    const std::string flag =
        absl::StrCat(absl::string_view(argv[i]).substr(0, absl::string_view(argv[i]).find('=')));
    for (const Setting& setting : settings_) {
      if (setting.secret && flag == absl::StrCat("--", setting.name)) {
        return BadSetting(
            setting.name, "flag",
            absl::StrCat("a secret is not taken from a flag; use ", VariableName(setting.name),
                         ", the configuration file or --", setting.name, "-file"));
      }
    }
  }

  CLI::App app(info_.summary, info_.program);
  app.set_version_flag("--version", info_.version);
  app.footer(
      "Each setting is taken from the first that has it: the flag, the environment variable in "
      "brackets, the configuration file (`name = value`).");
  app.get_formatter()->column_width(36);
  CommandLine result;
  AddFlag(app, std::string(kConfigSetting), "FILE",
          absl::StrCat("Configuration file, TOML or INI, without sections. (",
                       VariableName(kConfigSetting), ")"),
          result.values[std::string(kConfigSetting)]);
  for (const Setting& setting : settings_) {
    const std::string name = setting.secret ? absl::StrCat(setting.name, "-file") : setting.name;
    AddFlag(app, name, setting.secret ? "FILE" : setting.value_name, FullHelp(setting),
            result.values[name]);
  }
  app.fallthrough();
  app.require_subcommand(0, 1);
  for (const CommandInfo& command : commands_) app.add_subcommand(command.name, command.help);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    result.outcome.text = app.help();
    return result;
  } catch (const CLI::CallForVersion&) {
    result.outcome.text = absl::StrCat(info_.program, " ", info_.version, "\n");
    return result;
  } catch (const CLI::ParseError& error) {
    return BadSetting("command line", "", error.what());
  }
  for (const CLI::App* command : app.get_subcommands())
    result.outcome.command = command->get_name();
  return result;
}

absl::StatusOr<OptionSet::Values> OptionSet::ReadConfigFile(const std::string& path) const {
  absl::StatusOr<std::string> text = crypto::ReadSmallFile(path);
  if (!text.ok()) return BadSetting(kConfigSetting, path, "the file cannot be read");
  std::vector<CLI::ConfigItem> items;
  try {
    std::istringstream input(*text);
    items = CLI::ConfigTOML().from_config(input);
  } catch (const CLI::Error&) {
    return BadSetting(kConfigSetting, path, "the file is not valid TOML or INI");
  }
  Values values;
  for (const CLI::ConfigItem& item : items) {
    if (!item.parents.empty()) {
      return BadSetting(item.parents.front(), path, "the file must not have sections");
    }
    const std::string name = absl::StrReplaceAll(item.name, {{"_", "-"}});
    if (!Knows(name)) {
      return BadSetting(name, path, "there is no such setting; --help lists them");
    }
    if (!values.emplace(name, absl::StrJoin(item.inputs, ",")).second) {
      return BadSetting(name, path, "it is set twice");
    }
  }
  return values;
}

absl::Status OptionSet::Assign(const Setting& setting, const Values& flags,
                               const Environment& environment, const Values& file) const {
  struct Candidate {
    std::string source;
    std::optional<std::string> value;
    bool is_path;  // the value is in the file of this name
  };
  const std::string& name = setting.name;
  const std::string variable = VariableName(name);
  std::vector<Candidate> candidates;
  if (setting.secret) {
    const std::string path_name = absl::StrCat(name, "-file");
    const std::string path_variable = VariableName(path_name);
    candidates = {{absl::StrCat("flag --", path_name), Lookup(flags, path_name), true},
                  {variable, environment(variable), false},
                  {path_variable, environment(path_variable), true},
                  {"configuration file", Lookup(file, name), false},
                  {"configuration file", Lookup(file, path_name), true}};
  } else {
    candidates = {{"flag", Lookup(flags, name), false},
                  {variable, environment(variable), false},
                  {"configuration file", Lookup(file, name), false}};
  }
  for (const Candidate& candidate : candidates) {
    if (!candidate.value.has_value() || candidate.value->empty()) continue;
    std::string value = *candidate.value;
    if (candidate.is_path) {
      absl::StatusOr<std::string> contents = crypto::ReadSmallFile(value);
      if (!contents.ok()) return BadSetting(name, candidate.source, "its file cannot be read");
      value = *std::move(contents);
    }
    // Secrets are mostly made from files, which end with a line break.
    if (setting.secret) absl::StripTrailingAsciiWhitespace(&value);
    if (std::optional<std::string> problem = setting.assign(value)) {
      return BadSetting(name, candidate.source, *problem);
    }
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<ParseOutcome> OptionSet::Parse(int argc, const char* const* argv,
                                              const Environment& environment) {
  CRM_ASSIGN_OR_RETURN(CommandLine line, ReadCommandLine(argc, argv));
  if (line.outcome.text.has_value()) return line.outcome;

  const std::string config_name(kConfigSetting);
  std::optional<std::string> path = Lookup(line.values, config_name);
  if (!path.has_value()) path = environment(VariableName(kConfigSetting));
  Values file;
  if (path.has_value() && !path->empty()) {
    CRM_ASSIGN_OR_RETURN(file, ReadConfigFile(*path));
  }
  for (const Setting& setting : settings_) {
    CRM_RETURN_IF_ERROR(Assign(setting, line.values, environment, file));
  }
  return line.outcome;
}

}  // namespace crm::config
