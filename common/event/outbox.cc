#include "common/event/outbox.h"

#include <utility>

#include "crm/event/v1/event.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace crm::event {
namespace {

using google::protobuf::io::CodedOutputStream;

const db::InsertSpec& OutboxSpec() {
  static const auto* const spec =
      new db::InsertSpec{"outbox", {"id", "position", "event_count", "create_time", "payload"}, ""};
  return *spec;
}

// Field `events` of EventBatch, length-delimited: packing needs no parsing.
constexpr uint32_t kEventsTag = (crm::event::v1::EventBatch::kEventsFieldNumber << 3) | 2;

void AppendEvent(const std::string& event, std::string& payload) {
  google::protobuf::io::StringOutputStream output(&payload);
  CodedOutputStream coded(&output);
  coded.WriteTag(kEventsTag);
  coded.WriteVarint32(static_cast<uint32_t>(event.size()));
  coded.WriteString(event);
}

}  // namespace

std::string MakeEvent(const EventDraft& draft) {
  crm::event::v1::Event event;
  event.set_type(draft.type.data(), draft.type.size());
  event.set_subject(draft.subject.data(), draft.subject.size());
  event.set_version(draft.version);
  const int64_t micros = ToMicros(draft.time);
  const int64_t seconds = absl::ToUnixSeconds(draft.time);
  event.mutable_time()->set_seconds(seconds);
  event.mutable_time()->set_nanos(static_cast<int32_t>((micros - seconds * 1'000'000) * 1000));
  event.set_actor(draft.actor.data(), draft.actor.size());
  if (draft.payload != nullptr) event.mutable_payload()->PackFrom(*draft.payload);
  for (const std::string& field : draft.changed_fields) event.add_changed_fields(field);
  return event.SerializeAsString();
}

db::OutboxHook MakeOutboxHook(IdGenerator& ids, const Clock& clock) {
  return [&ids, &clock](absl::Span<const std::string* const> events, db::WriteSet& out) {
    const int64_t now = ToMicros(clock.Now());
    size_t begin = 0;
    while (begin < events.size()) {
      std::string payload;
      size_t end = begin;
      while (end < events.size() && end - begin < kMaxEventsPerRow &&
             (end == begin || payload.size() + events[end]->size() <= kMaxRowBytes)) {
        AppendEvent(*events[end], payload);
        ++end;
      }
      db::Values row;
      row.reserve(OutboxSpec().columns.size());
      row.emplace_back(ids.Next());
      row.emplace_back(std::nullopt);
      row.emplace_back(end - begin);
      row.emplace_back(now);
      row.emplace_back(std::move(payload));
      out.Insert(OutboxSpec(), std::move(row));
      begin = end;
    }
  };
}

}  // namespace crm::event
