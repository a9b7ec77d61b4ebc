// The way of a call from its request to its answer: caller → permission → validation → idempotency
// → handler → write set → group commit → masking → answer. Knows nothing of gRPC.
#ifndef CRM_COMMON_SERVER_PIPELINE_H_
#define CRM_COMMON_SERVER_PIPELINE_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/db/group_committer.h"
#include "common/log/logger.h"
#include "common/server/call.h"
#include "common/server/gate.h"
#include "common/server/idempotency.h"

namespace crm::server {

// Thread-safe: a call is worked on by one thread at a time.
class Pipeline {
 public:
  // A handler runs at most this often for one call.
  // Of writers that collide on one row at least one wins each time: so many at once all succeed.
  static constexpr int kMaxRuns = 10;

  struct Parts {
    const Clock* clock;
    Gate gate;
    db::GroupCommitter* committer;  // may be null
    crypto::Keyring* keyring;       // may be null
    log::Logger* log;
    // Has RunUnary called again for the call, before others, after the delay.
    std::function<void(Call&, absl::Duration delay)> run_again;
  };

  explicit Pipeline(Parts parts);

  // Each of these answers every call it is given, now or after the commit.
  void RunUnary(Call& call);
  // Calls of one method.
  void RunBatch(absl::Span<Call* const> calls, db::Connection& connection);
  void RunServerStream(Call& call, AnyStreamWriter& writer);
  void RunBidiStream(Call& call, AnyStreamReader& reader, AnyStreamWriter& writer);
  void RunClientStream(Call& call, AnyStreamReader& reader);
  void Answer(Call& call, absl::Status status);

  // Language and trace of a call, before anything can go wrong with it.
  void Begin(Call& call) const;
  // Validates one more message of a client stream.
  absl::Status Validate(Call& call, google::protobuf::Message& message) const;

 private:
  absl::Status PassGate(Call& call) const;
  absl::Status Prepare(Call& call) const;
  void ReadRequestFields(Call& call) const;

  bool IsIdempotent(Call& call) const;
  IdempotencyStore::Key KeyOf(Call& call) const;
  bool AnswerFromStore(Call& call);
  absl::StatusOr<IdempotencyStore::Found> FindStored(Call& call) const;
  void AnswerStored(Call& call, const std::string& response);

  void Commit(Call& call);
  void AfterCommit(Call& call, const absl::Status& status);
  void RunAgain(Call& call);
  absl::Status CommitStream(Call& call);

  void Log(Call& call, const absl::Status& status, absl::Duration latency) const;

  const Parts parts_;
  const std::optional<IdempotencyStore> idempotency_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_PIPELINE_H_
