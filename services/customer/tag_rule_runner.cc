#include "services/customer/tag_rule_runner.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/event/event_log.h"
#include "common/filter/fragment.h"
#include "common/job/exclusive.h"

namespace crm::customer {
namespace {

constexpr size_t kBatch = 200;
constexpr char kVia[] = "tag-rule";
// What a replica that stopped leaves the others waiting. A run that takes longer can be begun again
// by another replica: they do the same, and each change happens once.
constexpr absl::Duration kRunTerm = absl::Minutes(1);
constexpr absl::Duration kFollowInterval = absl::Milliseconds(500);
constexpr absl::Duration kStatementTimeout = absl::Minutes(1);

const auto kEveryone = auth::RowScope{.kind = auth::RowScope::Kind::kAll};

absl::Time Deadline() { return absl::Now() + kStatementTimeout; }

filter::Fragment Between(std::string_view column, int64_t after, int64_t last) {
  const std::string name(column);
  return {name + " > ? AND " + name + " <= ?", {after, last}};
}

// `ids` is not empty and not longer than db::kMaxInSize.
filter::Fragment InIds(std::string_view column, absl::Span<const int64_t> ids) {
  return filter::In(column, db::Values(ids.begin(), ids.end()));
}

// Customers changed by somebody who is not a rule: what rules change is looked at in the night, so
// that two rules which contradict each other do not chase each other all day.
std::vector<std::string> ChangedCustomers(absl::Span<const crm::event::v1::Event* const> events,
                                          const std::vector<StoredTagRule>& rules) {
  std::set<std::string> numbers;
  for (const crm::event::v1::Event* event : events) {
    const bool by_rule = std::any_of(rules.begin(), rules.end(), [&](const StoredTagRule& rule) {
      return rule.message.number() == event->actor();
    });
    if (!by_rule) numbers.insert(event->subject());
  }
  return {numbers.begin(), numbers.end()};
}

bool IsConflict(const absl::Status& status) {
  const db::DbErrorClass error = db::ClassOf(status);
  return error == db::DbErrorClass::kWriteConflict || error == db::DbErrorClass::kDuplicateKey;
}

}  // namespace

absl::Time LastNightlyRun(absl::Time now, absl::TimeZone zone) {
  absl::CivilHour hour(absl::ToCivilDay(now, zone));
  hour += kNightlyHour;
  const absl::Time today = absl::FromCivil(hour, zone);
  if (today <= now) return today;
  return absl::FromCivil(absl::CivilHour(absl::ToCivilDay(now, zone) - 1) + kNightlyHour, zone);
}

bool IsDue(const v1::TagRule& rule, absl::Time now, absl::TimeZone zone) {
  if (rule.deleting()) return true;
  if (!rule.enabled()) return false;
  if (!rule.has_last_run_time()) return true;
  const absl::Time last = TimeOf(rule.last_run_time());
  if (rule.has_request_time() && last < TimeOf(rule.request_time())) return true;
  return last < LastNightlyRun(now, zone);
}

TagRuleRunner::TagRuleRunner(Archive& archive, const TagRuleStore& store, TagRuleRunnerParts parts)
    : archive_(archive),
      store_(store),
      parts_(std::move(parts)),
      changes_(archive.changes),
      events_({.source = "tag-rules"}, parts_.pool, signal_),
      source_(events_),
      reader_({.source = "tag-rules",
               .types = {"customer.created", "customer.updated"},
               .holder = parts_.holder,
               // Too far behind to follow: the night looks at everybody.
               .rebuild = [this](const event::GoOn&) -> absl::StatusOr<int64_t> {
                 CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(Deadline()));
                 return event::NewestPosition(*db);
               },
               .stop_at_end = true},
              parts_.pool, archive.clock, source_, parts_.outbox,
              [this](absl::Span<const crm::event::v1::Event* const> events, db::Connection& read,
                     db::WriteSet& out) { return OnEvents(events, read, out); }) {}

job::JobBody TagRuleRunner::RunJob() {
  return job::Exclusive(parts_.pool, archive_.clock,
                        {.name = "tag-rules", .holder = parts_.holder, .term = kRunTerm},
                        [this](const std::stop_token& stop) { return RunDue(stop); });
}

job::JobOptions TagRuleRunner::FollowOptions() const {
  job::JobOptions options = reader_.DefaultJobOptions();
  options.interval = kFollowInterval;
  return options;
}

absl::StatusOr<absl::Time> TagRuleRunner::RunDue(const std::stop_token& stop) {
  const absl::Time now = archive_.clock.Now();
  std::vector<StoredTagRule> rules;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(Deadline()));
    CRM_ASSIGN_OR_RETURN(rules, store_.All(*db));
  }
  for (const StoredTagRule& rule : rules) {
    if (!IsDue(rule.message, now, archive_.zone)) continue;
    CRM_RETURN_IF_ERROR(Run(rule, stop));
    return absl::InfinitePast();  // the lease is renewed between rules
  }
  return absl::InfiniteFuture();
}

absl::Status TagRuleRunner::Run(const StoredTagRule& rule, const std::stop_token& stop) {
  absl::Time started = archive_.clock.Now();
  // Not before the request that it answers, whatever the clocks of the replicas say.
  if (rule.message.has_request_time()) {
    started = std::max(started, TimeOf(rule.message.request_time()));
  }
  const absl::StatusOr<filter::Fragment> condition = store_.ConditionOf(rule.message, started);
  Counts counts;
  // A filter that was good once may name what is gone since; it must not keep the others waiting.
  if (!condition.ok()) {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(Deadline()));
    return store_.NoteFailure(*db, rule.key.id, started, condition.status());
  }
  int64_t after = 0;
  while (!stop.stop_requested()) {
    CRM_ASSIGN_OR_RETURN(const std::optional<int64_t> last,
                         RunRange(rule, *condition, after, counts));
    if (!last.has_value()) return Finish(rule, started, counts);
    after = *last;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> TagRuleRunner::RunRange(const StoredTagRule& rule,
                                                               const filter::Fragment& condition,
                                                               int64_t after, Counts& counts) {
  std::optional<int64_t> last;
  TagWork work;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(Deadline()));
    CRM_ASSIGN_OR_RETURN(last, store_.EndOfRange(*db, after, parts_.range));
    if (!last.has_value()) return last;
    CRM_ASSIGN_OR_RETURN(
        work, store_.FindWork(*db, rule.message, condition, Between("customer.id", after, *last),
                              Between("tagged.customer_id", after, *last)));
  }
  CRM_RETURN_IF_ERROR(Apply(rule, work, counts));
  return last;
}

absl::Status TagRuleRunner::Finish(const StoredTagRule& rule, absl::Time started,
                                   const Counts& counts) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(Deadline()));
  if (rule.message.deleting()) return store_.Delete(*db, rule.key.id);
  return store_.NoteRun(*db, rule.key.id, started, counts.added, counts.removed);
}

absl::Status TagRuleRunner::Apply(const StoredTagRule& rule, const TagWork& work, Counts& counts) {
  const auto in_batches = [&](const std::vector<int64_t>& ids, bool add) -> absl::Status {
    for (size_t start = 0; start < ids.size(); start += kBatch) {
      CRM_RETURN_IF_ERROR(ApplyBatch(rule, absl::MakeSpan(ids).subspan(start, kBatch), add));
    }
    return absl::OkStatus();
  };
  CRM_RETURN_IF_ERROR(in_batches(work.remove, false));
  CRM_RETURN_IF_ERROR(in_batches(work.add, true));
  counts.added += static_cast<int64_t>(work.add.size());
  counts.removed += static_cast<int64_t>(work.remove.size());
  return absl::OkStatus();
}

absl::Status TagRuleRunner::ApplyBatch(const StoredTagRule& rule, absl::Span<const int64_t> ids,
                                       bool add) {
  absl::Status status = CommitBatch(rule, ids, add);
  if (!IsConflict(status)) return status;
  // Some of them were changed meanwhile; that change's own event brings them here again, so those
  // that conflict alone too are left to it.
  for (const int64_t& id : ids) {
    status = CommitBatch(rule, {&id, 1}, add);
    if (!status.ok() && !IsConflict(status)) return status;
  }
  return absl::OkStatus();
}

absl::Status TagRuleRunner::CommitBatch(const StoredTagRule& rule, absl::Span<const int64_t> ids,
                                        bool add) {
  db::WriteSet writes;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(Deadline()));
    CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> customers,
                         archive_.store.GetByIds(*db, ids, kEveryone));
    for (const StoredCustomer& customer : customers) {
      ChangeTag(writes, rule.message, customer, add);
    }
  }
  return parts_.committer.Commit(std::move(writes), Deadline());
}

StoredCustomer TagRuleRunner::ChangeTag(db::WriteSet& writes, const v1::TagRule& rule,
                                        const StoredCustomer& customer, bool add) const {
  const auto rules = archive_.rules();
  const resource::ChangeSource source{archive_.clock.Now(), rule.number(), kVia};
  return add ? changes_.AddByRule(writes, customer, rule.tag(), *rules, source)
             : changes_.RemoveByRule(writes, customer, rule.tag(), *rules, source);
}

absl::StatusOr<std::vector<int64_t>> TagRuleRunner::KeysOf(
    db::Connection& db, const std::vector<std::string>& numbers) const {
  std::vector<int64_t> ids;
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    const size_t count = std::min(db::kMaxInSize, numbers.size() - start);
    const db::Values part(numbers.begin() + static_cast<std::ptrdiff_t>(start),
                          numbers.begin() + static_cast<std::ptrdiff_t>(start + count));
    const filter::Fragment where = filter::In("number", part);
    const std::string sql = absl::StrCat("SELECT id FROM customer WHERE ", where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"customer_keys_by_number", sql}, where.values));
    while (rows.Next()) ids.push_back(rows.Int(0));
  }
  return ids;
}

absl::Status TagRuleRunner::OnEvents(absl::Span<const crm::event::v1::Event* const> events,
                                     db::Connection& read, db::WriteSet& out) {
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredTagRule> rules, store_.All(read));
  if (rules.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const std::vector<int64_t> ids,
                       KeysOf(read, ChangedCustomers(events, rules)));
  // What is read here is written in the order of the rules, each on top of the one before.
  Current current;
  for (size_t start = 0; start < ids.size(); start += db::kMaxInSize) {
    const auto part = absl::MakeSpan(ids).subspan(start, db::kMaxInSize);
    for (const StoredTagRule& rule : rules) {
      if (!rule.message.enabled() || rule.message.deleting()) continue;
      CRM_RETURN_IF_ERROR(Evaluate(rule, part, read, out, current));
    }
  }
  return absl::OkStatus();
}

absl::Status TagRuleRunner::Evaluate(const StoredTagRule& rule, absl::Span<const int64_t> ids,
                                     db::Connection& read, db::WriteSet& out,
                                     Current& current) const {
  const absl::StatusOr<filter::Fragment> condition =
      store_.ConditionOf(rule.message, archive_.clock.Now());
  if (!condition.ok()) {
    // As in Run; told once, not with every event.
    if (rule.message.last_error().empty()) {
      store_.NoteFailure(out, rule.key.id, archive_.clock.Now(), condition.status());
    }
    return absl::OkStatus();
  }
  CRM_ASSIGN_OR_RETURN(const TagWork work,
                       store_.FindWork(read, rule.message, *condition, InIds("customer.id", ids),
                                       InIds("tagged.customer_id", ids)));
  std::vector<int64_t> unread;
  for (const std::vector<int64_t>* keys : {&work.add, &work.remove}) {
    std::copy_if(keys->begin(), keys->end(), std::back_inserter(unread),
                 [&](int64_t id) { return current.count(id) == 0; });
  }
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> customers,
                       archive_.store.GetByIds(read, unread, kEveryone));
  for (StoredCustomer& customer : customers) {
    current.emplace(customer.key.id, std::move(customer));
  }
  const auto apply = [&](const std::vector<int64_t>& keys, bool add) {
    for (int64_t id : keys) {
      auto customer = current.find(id);
      if (customer == current.end()) continue;
      customer->second = ChangeTag(out, rule.message, customer->second, add);
    }
  };
  apply(work.remove, false);
  apply(work.add, true);
  return absl::OkStatus();
}

}  // namespace crm::customer
