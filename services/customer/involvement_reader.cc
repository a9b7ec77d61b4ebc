#include "services/customer/involvement_reader.h"

#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/event/outbox.h"

namespace crm::customer {
namespace {

using crm::event::v1::Event;

// Less than what is left of a lease that may go on.
constexpr absl::Duration kCommitTimeout = absl::Seconds(10);
constexpr absl::Duration kListTimeout = absl::Seconds(30);
constexpr int kRowsAtOnce = 500;

}  // namespace

InvolvementReader::InvolvementReader(runtime::ServiceRuntime& runtime, WorkSource source)
    : runtime_(runtime),
      source_(std::move(source)),
      events_(runtime.peers(), source_.service),
      reader_({.source = source_.reader,
               .types = source_.types,
               .holder = runtime.holder(),
               .rebuild = [this](const event::GoOn& go_on) { return Rebuild(go_on); },
               .rebuild_first = true},
              runtime.pool(), runtime.clock(), events_,
              event::MakeOutboxHook(runtime.ids(), runtime.clock()),
              [this](absl::Span<const Event* const> events, db::Connection& db,
                     db::WriteSet& writes) { return Apply(events, db, writes); }) {}

void InvolvementReader::Open() {
  if (!runtime_.options().peers.contains(source_.service)) return;
  runtime_.jobs().Add(reader_.DefaultJobOptions(), reader_.Job());
  runtime_.AddReader(source_.reader, reader_);
}

absl::Status InvolvementReader::Apply(absl::Span<const Event* const> events, db::Connection& db,
                                      db::WriteSet& writes) {
  std::map<std::string, Involvement> newest;
  for (const Event* event : events) {
    std::optional<Involvement> said = source_.read(*event);
    if (!said.has_value()) {
      runtime_.log().Write(log::Level::kWarning, "an event cannot be read",
                           {{"type", event->type()}, {"subject", event->subject()}});
      continue;
    }
    Involvement& known = newest[said->number];
    if (said->version >= known.version) known = *std::move(said);
  }
  std::vector<Involvement> told;
  for (auto& [number, said] : newest) told.push_back(std::move(said));
  return KeepNewer(db, writes, source_.kind, told, runtime_.clock().Now());
}

absl::StatusOr<int64_t> InvolvementReader::Rebuild(const event::GoOn& go_on) {
  CRM_ASSIGN_OR_RETURN(const int64_t position, events_.NewestPosition());
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, runtime_.peers().Find(source_.service));
  std::set<std::string> open;
  std::string page_token;
  do {
    CRM_ASSIGN_OR_RETURN(
        const WorkSource::Page page,
        source_.list(*channel, runtime_.peers().Options(kListTimeout), page_token));
    CRM_RETURN_IF_ERROR(go_on());
    CRM_RETURN_IF_ERROR(CommitReplaced(page.open));
    for (const Involvement& said : page.open) open.insert(said.number);
    page_token = page.next_page_token;
  } while (!page_token.empty());
  CRM_RETURN_IF_ERROR(ForgetOthers(open, go_on));
  return position;
}

absl::Status InvolvementReader::ForgetOthers(const std::set<std::string>& open,
                                             const event::GoOn& go_on) {
  std::vector<StoredInvolvement> rows;
  std::string last;
  do {
    CRM_RETURN_IF_ERROR(go_on());
    std::vector<Involvement> over;
    {
      CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                           runtime_.pool().Acquire(absl::Now() + kCommitTimeout));
      CRM_ASSIGN_OR_RETURN(rows, OpenAfter(*db, source_.kind, last, kRowsAtOnce));
    }
    for (const StoredInvolvement& row : rows) {
      last = row.said.number;
      // Of no version: whatever is told of it from here on is newer, also by a service that was
      // taken back to an older state.
      if (!open.contains(last)) over.push_back({.number = last, .version = 0});
    }
    CRM_RETURN_IF_ERROR(CommitReplaced(over));
  } while (rows.size() == kRowsAtOnce);
  return absl::OkStatus();
}

absl::Status InvolvementReader::CommitReplaced(const std::vector<Involvement>& said) {
  const absl::Time deadline = absl::Now() + kCommitTimeout;
  db::WriteSet writes;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(deadline));
    CRM_RETURN_IF_ERROR(Replace(*db, writes, source_.kind, said, runtime_.clock().Now()));
  }
  if (writes.empty()) return absl::OkStatus();
  return runtime_.committer().Commit(std::move(writes), deadline);
}

}  // namespace crm::customer
