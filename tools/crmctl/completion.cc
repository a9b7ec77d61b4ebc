#include "tools/crmctl/completion.h"

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"

namespace crm::cli {
namespace {

constexpr char kHead[] = R"sh(_crmctl() {
  local current="${COMP_WORDS[COMP_CWORD]}" path="" word i words
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case " $(_crmctl_words "$path") " in
      *" $word "*) [[ $word == -* ]] || path="${path:+$path }$word" ;;
    esac
  done
  words="$(_crmctl_words "$path")"
  [[ $current == -* ]] && words="$words $(_crmctl_words --)"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ ${#COMPREPLY[@]} -eq 0 && $current != -* ]] && COMPREPLY=($(compgen -f -- "$current"))
  return 0
}
_crmctl_words() {
  case "$1" in
)sh";

constexpr char kTail[] = R"sh(  esac
}
complete -o filenames -F _crmctl crmctl
)sh";

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back(absl::StrCat("--", name));
  }
  return words;
}

void AddCase(const std::string& path, const CLI::App& app, std::string& script) {
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(sub->get_name());
  }
  if (!path.empty()) {
    for (std::string& option : OptionsOf(app)) words.push_back(std::move(option));
  }
  absl::StrAppend(&script, "    \"", path, "\") echo \"", absl::StrJoin(words, " "), "\" ;;\n");
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    AddCase(path.empty() ? sub->get_name() : absl::StrCat(path, " ", sub->get_name()), *sub,
            script);
  }
}

}  // namespace

std::string CompletionScript(const CLI::App& root, std::string_view shell) {
  std::string script;
  if (shell == "zsh") script = "autoload -U +X bashcompinit && bashcompinit\n";
  script += kHead;
  AddCase("", root, script);
  absl::StrAppend(&script, "    --) echo \"", absl::StrJoin(OptionsOf(root), " "), "\" ;;\n",
                  kTail);
  return script;
}

void AddCompletionCommand(CommandTree& tree) {
  auto shell = std::make_shared<std::string>();
  CLI::App& app = tree.Add("completion",
                           tree.Say("输出 shell 补全脚本：source <(crmctl completion bash)",
                                    "print shell completion: source <(crmctl completion bash)"),
                           [shell, root = &tree.root()](Session& session) -> absl::StatusOr<int> {
                             session.console().out << CompletionScript(*root, *shell);
                             return kOk;
                           });
  app.add_option("shell", *shell, "bash, zsh")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh"}));
}

}  // namespace crm::cli
