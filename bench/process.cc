#include "bench/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crm::bench {
namespace {

// A null-terminated array of C strings, as the system calls want it.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& more) {
  std::vector<std::string> all = more;
  for (char** variable = environ; *variable != nullptr; ++variable) all.emplace_back(*variable);
  return all;
}

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment, FileActions& actions) {
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, arguments.front().c_str(), actions.get(), nullptr,
                                  Pointers(arguments).data(), Pointers(environment).data());
  if (failed == 0) return pid;
  return absl::NotFoundError(absl::StrCat("cannot start ", arguments.front()));
}

// The number after `name` in /proc/<pid>/status, in KiB.
double StatusKb(pid_t pid, const std::string& name) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, name.size(), name) == 0) {
      return std::strtod(line.c_str() + name.size(), nullptr);
    }
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(
    const std::vector<std::string>& arguments, const std::string& log_path,
    const std::vector<std::string>& more_environment) {
  FileActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, log_path.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(actions.get(), STDOUT_FILENO, STDERR_FILENO);
  auto pid = Spawn(arguments, EnvironmentWith(more_environment), actions);
  if (!pid.ok()) return pid.status();
  return std::unique_ptr<Process>(new Process(*pid));
}

Process::~Process() {
  if (!Running()) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

bool Process::Running() {
  if (!ended_) ended_ = waitpid(pid_, nullptr, WNOHANG) == pid_;
  return !ended_;
}

absl::Duration ProcessorTimeOf(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  // The fields after the name in parentheses, which may hold spaces: utime and stime are the 12th
  // and 13th of them.
  const std::vector<std::string> fields =
      absl::StrSplit(text.substr(std::min(text.size(), text.rfind(')') + 2)), ' ');
  if (fields.size() < 13) return absl::ZeroDuration();
  int64_t user = 0;
  int64_t system = 0;
  if (!absl::SimpleAtoi(fields[11], &user) || !absl::SimpleAtoi(fields[12], &system)) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(1) * (user + system) / sysconf(_SC_CLK_TCK);
}

void Process::ResetPeakMemory() const {
  std::ofstream(absl::StrCat("/proc/", pid_, "/clear_refs")) << "5";
}

double Process::PeakMemoryMb() const { return StatusKb(pid_, "VmHWM:") / 1024; }

absl::StatusOr<std::string> Output(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ResourceExhaustedError("no pipe");
  FileActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), ends[1], STDOUT_FILENO);
  const auto pid = Spawn(arguments, EnvironmentWith({}), actions);
  close(ends[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t got = 0; pid.ok() && (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  if (!pid.ok()) return pid.status();
  int status = 0;
  waitpid(*pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  return absl::UnknownError(absl::StrCat(arguments.front(), " failed: ", output));
}

int FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(listener);
  return bound ? ntohs(address.sin_port) : 0;
}

}  // namespace crm::bench
