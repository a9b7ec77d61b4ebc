#include "services/customer/customer_changes.h"

#include <algorithm>
#include <utility>

#include "common/event/outbox.h"
#include "common/schema/mask.h"

namespace crm::customer {

void SetTime(absl::Time time, google::protobuf::Timestamp& out) {
  const int64_t micros = ToMicros(time);
  out.set_seconds(micros / 1'000'000);
  out.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

StoredCustomer CustomerChanges::Stamp(int64_t id, v1::Customer customer, const CustomerRules& rules,
                                      const resource::ChangeSource& source) const {
  StoredCustomer created{{id, 1}, std::move(customer)};
  v1::Customer& message = created.message;
  message.set_incomplete(!rules.Missing(message).empty());
  message.set_creator(source.actor);
  message.set_last_editor(source.actor);
  message.set_entered_via(source.via);
  SetTime(source.time, *message.mutable_create_time());
  *message.mutable_update_time() = message.create_time();
  message.set_etag(resource::EtagOf(created.key.version));
  return created;
}

StoredCustomer CustomerChanges::Create(db::WriteSet& writes, v1::Customer customer,
                                       const CustomerRules& rules,
                                       const resource::ChangeSource& source) const {
  StoredCustomer created = Stamp(ids_.Next(), std::move(customer), rules, source);
  store_.table().Insert(writes, created.key, created.message);
  for (const Identity& identity : IdentitiesOf(created.message)) {
    identities_.Insert(writes, identity, created.key.id, std::nullopt, source.time);
  }
  writes.AddEvent(CreationEvent(created, source));
  return created;
}

StoredCustomer CustomerChanges::Change(db::WriteSet& writes, const StoredCustomer& before,
                                       v1::Customer after, const CustomerRules& rules,
                                       const resource::ChangeSource& source,
                                       const crm::types::v1::ChangeList& more) const {
  after.set_incomplete(!rules.Missing(after).empty());
  crm::types::v1::ChangeList changes = store_.table().Diff(before.message, after);
  changes.MergeFrom(more);
  if (changes.changes().empty()) return before;

  // Times of one customer rise with its versions, whatever the clocks of the replicas say; its
  // events are ordered by them.
  const absl::Time last = TimeOf(before.message.update_time());
  const absl::Time time = std::max(source.time, last + absl::Microseconds(1));
  ids_.ObserveTime(last);

  StoredCustomer changed{{before.key.id, before.key.version + 1}, std::move(after)};
  changed.message.set_last_editor(source.actor);
  SetTime(time, *changed.message.mutable_update_time());
  changed.message.set_etag(resource::EtagOf(changed.key.version));

  store_.table().Update(writes, before.key, before.message, changed.message);
  identities_.Replace(writes, IdentitiesOf(before.message), IdentitiesOf(changed.message),
                      changed.key.id, time);
  resource::AddHistory(writes, kCustomerType, changed.key, {time, source.actor, source.via},
                       changes);
  writes.AddEvent(EventOf("customer.updated", changed, {time, source.actor, source.via}, changes));
  return changed;
}

std::string CustomerChanges::CreationEvent(const StoredCustomer& created,
                                           const resource::ChangeSource& source) {
  return EventOf("customer.created", created, source, {});
}

std::string CustomerChanges::EventOf(std::string_view type, const StoredCustomer& customer,
                                     const resource::ChangeSource& source,
                                     const crm::types::v1::ChangeList& changes) {
  v1::Customer payload = customer.message;
  schema::ClearSensitive(payload);
  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  return event::MakeEvent({.type = type,
                           .subject = customer.message.number(),
                           .version = customer.key.version,
                           .time = source.time,
                           .actor = source.actor,
                           .payload = &payload,
                           .changed_fields = std::move(fields)});
}

}  // namespace crm::customer
