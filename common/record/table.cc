#include "common/record/table.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/record/event_payload.h"
#include "common/schema/copy.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::record {

namespace pb = google::protobuf;
using resource::ChangeSource;
using resource::RowKey;

namespace {

void SetTimestamp(absl::Time time, pb::Timestamp& out) {
  const int64_t micros = ToMicros(time);
  out.set_seconds(micros / 1'000'000);
  out.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
}

}  // namespace

Table::Table(const pb::Descriptor* descriptor, crypto::Keyring& keyring, IdGenerator& ids,
             std::string noun)
    : table_(schema::MessageSchema::Of(descriptor), keyring),
      ids_(ids),
      noun_(std::move(noun)),
      type_(descriptor->full_name()),
      select_all_(absl::StrCat("SELECT ", table_.Columns(), " FROM ", ToAbsl(table_.name()))) {}

std::string Table::TextOf(const pb::Message& message, std::string_view field) const {
  const schema::FieldSchema* found = table_.schema().Find(field);
  if (found == nullptr) return "";
  return message.GetReflection()->GetString(message, found->descriptor);
}

std::optional<absl::Time> Table::TimeOf(const pb::Message& message, std::string_view field) const {
  const schema::FieldSchema* found = table_.schema().Find(field);
  if (found == nullptr) return std::nullopt;
  const auto& time = static_cast<const pb::Timestamp&>(
      message.GetReflection()->GetMessage(message, found->descriptor));
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void Table::Stamp(pb::Message& message, RowKey key, std::string_view author_field,
                  std::string_view time_field, const ChangeSource& source) const {
  const pb::Reflection& reflection = *message.GetReflection();
  if (const auto* author = table_.schema().Find(author_field)) {
    reflection.SetString(&message, author->descriptor, source.actor);
  }
  if (const auto* time = table_.schema().Find(time_field)) {
    SetTimestamp(source.time, static_cast<pb::Timestamp&>(
                                  *reflection.MutableMessage(&message, time->descriptor)));
  }
  if (const auto* etag = table_.schema().Find("etag")) {
    reflection.SetString(&message, etag->descriptor, resource::EtagOf(key.version));
  }
}

RowKey Table::Create(db::WriteSet& writes, pb::Message& message, const ChangeSource& source,
                     int64_t version) const {
  const RowKey key{ids_.Next(), version};
  Stamp(message, key, "creator", "create_time", source);
  Stamp(message, key, "last_editor", "update_time", source);
  table_.Insert(writes, key, message);
  AddEvent(writes, version == 1 ? "created" : "updated", key, message, source, {});
  return key;
}

RowKey Table::Change(db::WriteSet& writes, RowKey key, const pb::Message& before,
                     pb::Message& after, const ChangeSource& source) const {
  const crm::types::v1::ChangeList changes = table_.Diff(before, after);
  if (changes.changes().empty()) return key;
  // Times of one resource rise with its versions, whatever the clocks of the replicas say.
  const absl::Time last = TimeOf(before, "update_time").value_or(absl::InfinitePast());
  const ChangeSource now{std::max(source.time, last + absl::Microseconds(1)), source.actor,
                         source.via};
  const RowKey changed{key.id, key.version + 1};
  Stamp(after, changed, "last_editor", "update_time", now);
  table_.Update(writes, key, before, after);
  resource::AddHistory(writes, type_, changed, now, changes);
  AddEvent(writes, "updated", changed, after, now, changes);
  return changed;
}

void Table::AddHistory(db::WriteSet& writes, RowKey key, const pb::Message& before,
                       const pb::Message& after, const ChangeSource& source) const {
  resource::AddHistory(writes, type_, key, source, table_.Diff(before, after));
}

void Table::Delete(db::WriteSet& writes, RowKey key, const pb::Message& before,
                   const ChangeSource& source) const {
  const std::string sql =
      absl::StrCat("DELETE FROM ", ToAbsl(table_.name()), " WHERE id = ? AND version = ?");
  writes.Execute({"record_delete", sql}, {key.id, key.version}, db::Expect::kSomeRow);
  AddEvent(writes, "deleted", {key.id, key.version + 1}, before, source, {});
}

void Table::AddEvent(db::WriteSet& writes, std::string_view verb, RowKey key,
                     const pb::Message& message, const ChangeSource& source,
                     const crm::types::v1::ChangeList& changes) const {
  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  const std::string type = absl::StrCat(noun_, ".", ToAbsl(verb));
  const std::string subject = TextOf(message, table_.schema().resource()->number_field());
  const std::unique_ptr<pb::Message> payload = schema::CopyOf(message);
  ClearConfidential(*payload);
  writes.AddEvent(event::MakeEvent({.type = type,
                                    .subject = subject,
                                    .version = key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = payload.get(),
                                    .changed_fields = std::move(fields)}));
}

absl::StatusOr<HistoryPage> Table::ReadHistory(db::Connection& db, int64_t id,
                                               const pb::Message& message, int32_t page_size,
                                               const std::string& page_token) const {
  std::optional<crm::types::v1::HistoryEntry> creation;
  if (const std::string creator = TextOf(message, "creator"); !creator.empty()) {
    creation.emplace();
    creation->set_version(1);
    creation->set_actor(creator);
    creation->set_via("api");
    SetTimestamp(*TimeOf(message, "create_time"), *creation->mutable_time());
  }
  return ReadHistoryPage(db, id, page_token, page_size, std::move(creation));
}

ChangeSource SourceOf(const server::CallContext& call) {
  return {call.now(), call.caller().id, "api"};
}

absl::Status RefuseIn(std::string_view resource, std::vector<schema::Violation> violations,
                      schema::Language language) {
  for (schema::Violation& violation : violations) {
    violation.field = absl::StrCat(ToAbsl(resource), ".", violation.field);
  }
  return schema::ViolationsToStatus(violations, language);
}

}  // namespace crm::record
