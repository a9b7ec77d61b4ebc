#include "common/testdb/test_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/source_tree/source_tree.h"

namespace crm::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kDatabaseScript[] = "tools/local/mariadb.sh";

constexpr char kAdmin[] = "crm_admin";
constexpr char kPassword[] = "crm-test";
constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr absl::Duration kPollInterval = absl::Milliseconds(10);
constexpr int kMaxSocketPath = 100;

[[noreturn]] void Die(std::string_view what) {
  std::fprintf(stderr, "test database: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// Who mariadbd runs as: it refuses to be root.
const passwd* Owner() {
  if (geteuid() != 0) return getpwuid(geteuid());
  const passwd* user = getpwnam("mysql");
  return user != nullptr ? user : getpwnam("nobody");
}

void GiveToOwner(const fs::path& path) {
  if (geteuid() != 0) return;
  const passwd* user = Owner();
  if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) Die("cannot chown the test database");
}

// Ports below the range that outgoing connections take theirs from: nobody grabs ours while the
// server is down in a fault test.
int FreePort() {
  constexpr int kFirst = 15000;
  constexpr int kCount = 17000;
  for (int i = 0; i < kCount; ++i) {
    const int port = kFirst + (static_cast<int>(getpid()) * 7 + i) % kCount;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    if (is_free) return port;
  }
  Die("no free port");
}

int Run(const std::string& command) { return std::system(command.c_str()); }

// Holds a lock against other test binaries that start at the same moment.
class FileLock {
 public:
  explicit FileLock(const fs::path& path)
      : fd_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    if (fd_ < 0 || flock(fd_, LOCK_EX) != 0) Die("cannot lock the directory of test databases");
  }
  ~FileLock() { close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  const int fd_;
};

bool IsAlive(pid_t pid) { return kill(pid, 0) == 0 || errno == EPERM; }

// What crashed test binaries left behind.
void RemoveLeftovers(const fs::path& root) {
  for (const auto& entry : fs::directory_iterator(root)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(entry.path().filename().string(), &pid) && !IsAlive(pid)) {
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    }
  }
}

// In the child: becomes mariadbd, and dies with this process.
[[noreturn]] void Become(const std::vector<std::string>& command, pid_t parent) {
  if (geteuid() == 0) {
    const passwd* user = Owner();
    if (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
      _exit(126);
    }
  }
  // After the change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(125);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

TestServer& TestServer::Get() {
  static TestServer server;
  return server;
}

TestServer::TestServer() {
  if (const char* url = std::getenv("CRM_TEST_MYSQL_URL"); url != nullptr && *url != '\0') {
    auto address = db::Address::Parse(url);
    if (!address.ok()) Die("CRM_TEST_MYSQL_URL is not an address");
    admin_ = *std::move(address);
    admin_.database.clear();
    return;
  }
  MakeDirectory();
  admin_.user = kAdmin;
  admin_.password = kPassword;
  Start();
}

TestServer::~TestServer() {
  if (!owned()) return;
  Kill();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void TestServer::MakeDirectory() {
  const fs::path place = BuildFile("testdb");
  if (Run(absl::StrCat("'", SourceFile(kDatabaseScript), "' place '", place.string(), "'")) != 0) {
    Die("cannot make the directory of test databases");
  }
  const fs::path root = fs::canonical(place);
  directory_ = root / absl::StrCat(getpid());
  const fs::path data = root / "template" / "data";
  const FileLock lock(root / "lock");
  RemoveLeftovers(root);
  if (!fs::exists(data) && Run(absl::StrCat("'", SourceFile(kDatabaseScript), "' init '",
                                            (root / "template").string(), "'")) != 0) {
    Die("cannot make a data directory");
  }
  fs::create_directories(directory_);
  GiveToOwner(directory_);
  if (Run(absl::StrCat("cp -a --reflink=auto --sparse=always '", data.string(), "' '", directory_,
                       "/data'")) != 0) {
    Die("cannot copy the data directory");
  }
  std::ofstream(directory_ + "/init.sql")
      << "CREATE USER IF NOT EXISTS '" << kAdmin << "'@'%' IDENTIFIED BY '" << kPassword << "';\n"
      << "GRANT ALL ON *.* TO '" << kAdmin << "'@'%' WITH GRANT OPTION;\n";
}

void TestServer::Kill() {
  if (!owned() || pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void TestServer::Start() {
  if (!owned() || pid_ > 0) return;
  constexpr int kTries = 5;
  const bool first_time = !fs::exists(directory_ + "/server.log");
  for (int i = 0; i < kTries; ++i) {
    if (first_time) admin_.port = FreePort();
    if (Launch()) return;
  }
  Die(absl::StrCat("mariadbd does not start, see ", directory_, "/server.log"));
}

bool TestServer::Launch() {
  std::string socket = directory_ + "/s.sock";
  if (socket.size() > kMaxSocketPath) socket = absl::StrCat("/tmp/crm-testdb-", getpid(), ".sock");
  const std::vector<std::string> command = {"/usr/sbin/mariadbd",
                                            "--no-defaults",
                                            absl::StrCat("--datadir=", directory_, "/data"),
                                            absl::StrCat("--socket=", socket),
                                            absl::StrCat("--pid-file=", directory_, "/pid"),
                                            absl::StrCat("--log-error=", directory_, "/server.log"),
                                            absl::StrCat("--init-file=", directory_, "/init.sql"),
                                            absl::StrCat("--port=", admin_.port),
                                            "--bind-address=127.0.0.1",
                                            "--skip-log-bin",
                                            "--skip-name-resolve",
                                            "--character-set-server=utf8mb4",
                                            "--innodb-buffer-pool-size=128M",
                                            "--innodb-log-file-size=64M",
                                            "--performance-schema=OFF",
                                            "--max-connections=400",
                                            "--loose-innodb-buffer-pool-load-at-startup=OFF",
                                            "--max-allowed-packet=64M"};
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) Die("cannot fork");
  if (pid_ == 0) Become(command, parent);
  return WaitUntilItAnswers();
}

bool TestServer::WaitUntilItAnswers() {
  const absl::Time give_up = absl::Now() + kStartTimeout;
  db::PoolOptions options;
  options.address = admin_;
  while (absl::Now() < give_up) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      return false;
    }
    db::Pool pool(options);
    if (pool.Acquire(absl::Now() + absl::Seconds(5)).ok()) return true;
    absl::SleepFor(kPollInterval);
  }
  Kill();
  return false;
}

}  // namespace crm::testing
