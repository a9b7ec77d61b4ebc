// A private MariaDB for one test binary, started on first use and gone with the process, crashed or
// not. With CRM_TEST_MYSQL_URL set (an administrator's address), that server is used instead; it is
// never killed.
//
//   TestServer& server = TestServer::Get();
//   server.Kill();   // kill -9
//   server.Start();  // the same data, address and port
//
// Get, Kill and Start belong to the main thread.
#ifndef CRM_COMMON_TESTDB_TEST_SERVER_H_
#define CRM_COMMON_TESTDB_TEST_SERVER_H_

#include <sys/types.h>

#include <string>

#include "common/db/pool.h"

namespace crm::testing {

class TestServer {
 public:
  static TestServer& Get();

  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer();

  // An administrator, no database chosen.
  const db::Address& admin() const { return admin_; }
  // False for a server that was handed to us: fault tests are skipped.
  bool owned() const { return !directory_.empty(); }

  void Kill();   // SIGKILL, and waits until it is gone
  void Start();  // until it answers
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

 private:
  TestServer();

  void MakeDirectory();
  bool Launch();  // false: the port was taken meanwhile
  bool WaitUntilItAnswers();

  db::Address admin_;
  std::string directory_;
  pid_t pid_ = 0;
};

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTDB_TEST_SERVER_H_
