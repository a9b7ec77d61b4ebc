// The writing side of events (PLT-20): an event is a row of table `outbox`, written in the
// transaction of the change it tells of.
//
//   call.writes().AddEvent(MakeEvent({.type = "customer.updated", .subject = number,
//                                     .version = version, .time = call.now(), .actor = user,
//                                     .payload = &customer_without_sensitive_fields,
//                                     .changed_fields = changed}));
//   GroupCommitterOptions options{.outbox = MakeOutboxHook(ids, clock), …};
//
// A row holds the events of one transaction group (at most kMaxEventsPerRow and about kMaxRowBytes;
// a bigger group makes several) and no position: the sequencer gives it one.
#ifndef CRM_COMMON_EVENT_OUTBOX_H_
#define CRM_COMMON_EVENT_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/db/group_committer.h"
#include "google/protobuf/message.h"

namespace crm::event {

inline constexpr size_t kMaxEventsPerRow = 256;
inline constexpr size_t kMaxRowBytes = 512 << 10;

struct EventDraft {
  std::string_view type = {};
  std::string_view subject = {};
  int64_t version = 0;
  absl::Time time = {};
  std::string_view actor = {};
  // The resource after the change, its sensitive fields already cleared by the caller; may be null.
  const google::protobuf::Message* payload = nullptr;
  std::vector<std::string> changed_fields = {};
};

// A serialised crm.event.v1.Event without position and id.
std::string MakeEvent(const EventDraft& draft);

// Row keys come from `ids` at the time of the commit, so those of one process rise in the order of
// its commits. Both outlive the hook. Thread-safe.
db::OutboxHook MakeOutboxHook(IdGenerator& ids, const Clock& clock);

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_OUTBOX_H_
