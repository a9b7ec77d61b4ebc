// The commands of the program as a tree of words, and the one that was chosen.
#ifndef CRM_TOOLS_CRMCTL_COMMAND_TREE_H_
#define CRM_TOOLS_CRMCTL_COMMAND_TREE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/crmctl/session.h"

namespace crm::cli {

// Runs a command; gives the exit code, or an error that is then printed.
using Action = std::function<absl::StatusOr<int>(Session&)>;

class CommandTree {
 public:
  // `root` outlives the tree.
  CommandTree(CLI::App& root, Language language) : root_(root), language_(language) {}
  CommandTree(const CommandTree&) = delete;
  CommandTree& operator=(const CommandTree&) = delete;

  Language language() const { return language_; }
  std::string Say(std::string_view zh, std::string_view en) const {
    return std::string(cli::Say(language_, zh, en));
  }

  // `path`: "customer tag add"; groups on the way are made.
  CLI::App& Add(std::string_view path, const std::string& help, Action action);
  void DescribeGroup(std::string_view path, const std::string& help);

  // Of the command that was parsed; empty before.
  const Action& chosen() const { return chosen_; }
  const CLI::App& root() const { return root_; }

 private:
  CLI::App& Find(std::string_view path);

  CLI::App& root_;
  const Language language_;
  Action chosen_;
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_COMMAND_TREE_H_
