// What a handler knows about its call, and where it puts the change it makes. Used by one thread at
// a time; the same context serves all attempts of a call.
#ifndef CRM_COMMON_SERVER_CALL_CONTEXT_H_
#define CRM_COMMON_SERVER_CALL_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/auth/row_scope.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"
#include "common/schema/language.h"

namespace crm::server {

using Scope = auth::RowScope;

class CallContext {
 public:
  struct Info {
    auth::Caller caller;
    Scope scope;
    schema::Language language = schema::Language::kEnglish;
    std::string_view method;                       // "CreateCustomer"
    std::string request_id;                        // idempotency key of the request, may be empty
    std::string trace_id;                          // 32 hexadecimal digits (W3C trace context)
    std::string traceparent;                       // header for calls that this one makes
    absl::Time deadline = absl::InfiniteFuture();  // by the machine's clock, as the client means it
    absl::Time start;                              // by the injected clock; "now" for the rules
    int attempt = 0;
    bool validate_only = false;
    uint32_t plain_kinds = 0;
  };

  // Without a pool (a server that needs no database) Db() fails.
  CallContext(Info info, db::Pool* pool) : info_(std::move(info)), pool_(pool) {}

  const auth::Caller& caller() const { return info_.caller; }
  const Scope& scope() const { return info_.scope; }
  // Bit (1 << Sensitivity) for the kinds of field this caller sees plain: whoever may filter or
  // order by a hidden value can find it out (filter::CompileOptions).
  uint32_t plain_kinds() const { return info_.plain_kinds; }
  schema::Language language() const { return info_.language; }
  std::string_view method() const { return info_.method; }
  const std::string& request_id() const { return info_.request_id; }
  const std::string& trace_id() const { return info_.trace_id; }
  const std::string& traceparent() const { return info_.traceparent; }
  absl::Time deadline() const { return info_.deadline; }
  bool expired() const { return absl::Now() >= info_.deadline; }
  absl::Time now() const { return info_.start; }
  // The request asks for all violations and wants nothing written: the write set is discarded.
  bool validate_only() const { return info_.validate_only; }
  // 0 on the first run. More after a conflict or a duplicate at commit: a handler that skipped a
  // read because the happy path does not need it (is the phone taken?) does it now.
  int attempt() const { return info_.attempt; }

  // A connection for reads, borrowed at the first use, given back before the commit; a long stream
  // gives it back itself between its reads. FAILED_PRECONDITION NO_DATABASE without a pool, else
  // the errors of db::Pool::Acquire.
  absl::StatusOr<db::Connection*> Db();
  void ReleaseDb() { lease_.reset(); }

  // The change this call makes; committed after the handler has returned OK.
  db::WriteSet& writes() { return writes_; }
  // Runs after the commit, before the answer goes out: caches, notifications. Must not fail.
  void AfterCommit(std::function<void()> action) { after_commit_.push_back(std::move(action)); }

  // For the dispatcher only.
  Info& info() { return info_; }
  void StartNextAttempt();
  void RunAfterCommit();

 private:
  Info info_;
  db::Pool* pool_;
  std::optional<db::Pool::Lease> lease_;
  db::WriteSet writes_;
  std::vector<std::function<void()>> after_commit_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_CALL_CONTEXT_H_
