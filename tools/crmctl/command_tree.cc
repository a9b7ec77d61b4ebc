#include "tools/crmctl/command_tree.h"

#include <utility>

namespace crm::cli {
namespace {

CLI::App* ChildOf(CLI::App& app, const std::string& word) {
  const auto found = app.get_subcommands([&](CLI::App* each) { return each->get_name() == word; });
  return found.empty() ? nullptr : found.front();
}

}  // namespace

CLI::App& CommandTree::Add(std::string_view path, const std::string& help, Action action) {
  CLI::App& command = Find(path);
  command.description(help);
  command.require_subcommand(0);
  command.callback([this, action = std::move(action)] { chosen_ = action; });
  return command;
}

void CommandTree::DescribeGroup(std::string_view path, const std::string& help) {
  Find(path).description(help)->require_subcommand(1);
}

CLI::App& CommandTree::Find(std::string_view path) {
  CLI::App* app = &root_;
  while (!path.empty()) {
    const size_t blank = path.find(' ');
    const std::string word(path.substr(0, blank));
    path.remove_prefix(blank == std::string_view::npos ? path.size() : blank + 1);
    CLI::App* next = ChildOf(*app, word);
    if (next == nullptr) {
      next = app->add_subcommand(word)->fallthrough()->require_subcommand(path.empty() ? 0 : 1);
      next->group(Say("命令", "Commands"));
      next->get_help_ptr()->group(Say("选项", "Options"));
    }
    app = next;
  }
  return *app;
}

}  // namespace crm::cli
