// The gRPC front of a service: everything between the socket and a handler, once (docs/adr/0004).
//
// admission (deadline, queue bound, shedding) → caller → permission → validation → idempotency →
// handler → write set → group commit → masking → answer, with metrics and a log line for each call.
#ifndef CRM_COMMON_SERVER_RPC_SERVER_H_
#define CRM_COMMON_SERVER_RPC_SERVER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/jwt.h"
#include "common/auth/policy.h"
#include "common/base/clock.h"
#include "common/crypto/keyring.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/log/logger.h"
#include "common/schema/mask.h"
#include "common/server/method_table.h"
#include "common/server/staff_directory.h"
#include "common/server/tls_files.h"
#include "prometheus/registry.h"

namespace crm::server {

struct RpcServerOptions {
  std::string listen = "127.0.0.1:0";
  TlsFiles tls = {};
  int pollers = 2;        // threads that poll gRPC and answer batched reads in place
  int workers = 6;        // threads for all other unary calls
  int max_queue = 512;    // calls waiting for a worker, a batch or a commit; more are shed
  int max_streams = 64;   // concurrent streaming calls, a thread each
  size_t max_batch = 64;  // calls in one batch
  absl::Duration default_deadline = absl::Seconds(30);  // unary calls whose client names none
  absl::Duration max_queue_wait = absl::Seconds(1);     // calls that would wait longer are shed
  absl::Duration max_connection_age = absl::Minutes(5);
  absl::Duration tls_reload = absl::Minutes(1);  // how often the TLS files are looked at
  int max_request_bytes = 4 << 20;
  bool reflection = true;
  std::string metadata_version = {};  // server version and build, sent as `x-crm-version`
};

// Everything the server hands to the dispatch; all outlive it.
struct RpcServerParts {
  const Clock* clock;
  auth::TokenVerifier* tokens;
  const auth::CurrentPolicy* policy;
  const StaffDirectory* staff;                      // may be null: tokens say it all
  const schema::InvolvedStaff* involved = nullptr;  // null: nobody sees plain what they work on
  db::Pool* pool;                                   // null: no handler reads the database
  db::GroupCommitter* committer;                    // null: no handler writes
  crypto::Keyring* keyring;                         // null: no request has a request_id
  prometheus::Registry* metrics;
  log::Logger* log;
};

class RpcServer {
 public:
  RpcServer(RpcServerOptions options, RpcServerParts parts);
  ~RpcServer();

  // Before Start.
  void Add(MethodTable table);

  // FAILED_PRECONDITION naming what is wrong: an RPC without handler or permission, a permission
  // the policy does not know, a certificate that cannot be read, an address in use.
  absl::Status Start();
  int port() const;

  // Readiness (PLT-10): the health service says NOT_SERVING until this is true.
  void SetServing(bool serving);

  // Not serving, drain (calls in progress finish), stop; whatever has not finished after `grace` is
  // cancelled. Committed work is answered.
  void Shutdown(absl::Duration grace);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_RPC_SERVER_H_
