// Runs tag rules (CUS-8): over all customers every night and on demand, and over each customer that
// has changed. Set-wise: the database says who lacks a tag and who has it wrongly, a key range at a
// time; only these customers are read and written.
//
//   TagRuleRunner runner(archive, store, {.pool = …, .committer = …, .outbox = …});
//   job = &jobs.Add({.name = "tag-rules"}, runner.RunJob(holder));
//   jobs.Add(runner.FollowOptions(), runner.FollowJob());
#ifndef CRM_SERVICES_CUSTOMER_TAG_RULE_RUNNER_H_
#define CRM_SERVICES_CUSTOMER_TAG_RULE_RUNNER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/event/event_service.h"
#include "common/event/local_source.h"
#include "common/event/position_signal.h"
#include "common/event/reader.h"
#include "common/job/periodic.h"
#include "services/customer/archive.h"
#include "services/customer/tag_changes.h"
#include "services/customer/tag_rule_store.h"

namespace crm::customer {

// When the rules look at everybody: 03:00 in the business zone.
inline constexpr int kNightlyHour = 3;

// The last 03:00 that has passed.
absl::Time LastNightlyRun(absl::Time now, absl::TimeZone zone);

// Whether a rule has to look at all customers: it is being deleted, somebody asked for it, or it
// has not run since the last night.
bool IsDue(const v1::TagRule& rule, absl::Time now, absl::TimeZone zone);

struct TagRuleRunnerParts {
  db::Pool& pool;
  db::GroupCommitter& committer;
  db::OutboxHook outbox;  // for events that following other events causes
  std::string holder;     // this process
  int range = 20'000;     // customers looked at in one statement
};

// Thread-safe but for the bodies of the jobs, each of which belongs to one thread.
class TagRuleRunner {
 public:
  TagRuleRunner(Archive& archive, const TagRuleStore& store, TagRuleRunnerParts parts);

  // Runs one due rule over all customers; gives when to come back. A run that is stopped begins
  // anew.
  absl::StatusOr<absl::Time> RunDue(const std::stop_token& stop);
  // The same on one replica at a time.
  job::JobBody RunJob();

  // Evaluates customers that have changed, from this service's own events.
  job::JobOptions FollowOptions() const;
  job::JobBody FollowJob() { return reader_.Job(); }
  const event::EventReader& reader() const { return reader_; }

  // What an event reader does with events: fills `out` with what the rules have to do about the
  // customers that these name.
  absl::Status OnEvents(absl::Span<const crm::event::v1::Event* const> events, db::Connection& read,
                        db::WriteSet& out);

 private:
  struct Counts {
    int64_t added = 0;
    int64_t removed = 0;
  };

  absl::Status Run(const StoredTagRule& rule, const std::stop_token& stop);
  // Looks at the customers that follow `after`; gives the last of them, nullopt at the end.
  absl::StatusOr<std::optional<int64_t>> RunRange(const StoredTagRule& rule,
                                                  const filter::Fragment& condition, int64_t after,
                                                  Counts& counts);
  absl::Status Finish(const StoredTagRule& rule, absl::Time started, const Counts& counts);
  // Applies work in batches, each one commit.
  absl::Status Apply(const StoredTagRule& rule, const TagWork& work, Counts& counts);
  absl::Status ApplyBatch(const StoredTagRule& rule, absl::Span<const int64_t> ids, bool add);
  absl::Status CommitBatch(const StoredTagRule& rule, absl::Span<const int64_t> ids, bool add);
  StoredCustomer ChangeTag(db::WriteSet& writes, const v1::TagRule& rule,
                           const StoredCustomer& customer, bool add) const;
  absl::StatusOr<std::vector<int64_t>> KeysOf(db::Connection& db,
                                              const std::vector<std::string>& numbers) const;
  // Customers as they will be after what `out` holds.
  using Current = std::map<int64_t, StoredCustomer>;
  absl::Status Evaluate(const StoredTagRule& rule, absl::Span<const int64_t> ids,
                        db::Connection& read, db::WriteSet& out, Current& current) const;

  Archive& archive_;
  const TagRuleStore& store_;
  const TagRuleRunnerParts parts_;
  const TagChanges changes_;
  event::PositionSignal signal_;
  event::EventService events_;
  event::LocalSource source_;
  event::EventReader reader_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TAG_RULE_RUNNER_H_
