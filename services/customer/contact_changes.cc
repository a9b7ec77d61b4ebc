#include "services/customer/contact_changes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/event/outbox.h"
#include "common/schema/mask.h"
#include "services/customer/contact_rules.h"
#include "services/customer/customer_changes.h"

namespace crm::customer {
namespace {

// Part of the creation: the row is inserted before the old primary contact can be unset, and the
// unique key allows one.
constexpr db::Query kSetPrimary{"contact_set_primary", R"sql(
  UPDATE contact
  SET is_primary = 1
  WHERE id = ?)sql"};

// Somebody else's primary contact that came meanwhile is a conflict, and not the duplicate key that
// it would be. Waits for changes of the customer that are being committed.
constexpr db::Query kExpectNoPrimary{"contact_expect_no_primary", R"sql(
  UPDATE customer
  SET version = version
  WHERE id = ? AND NOT EXISTS (SELECT 1 FROM contact WHERE primary_of = ?))sql"};

constexpr db::Query kDeleteContact{"contact_delete", R"sql(
  DELETE FROM contact
  WHERE id = ? AND version = ?)sql"};

}  // namespace

StoredContact ContactChanges::Create(db::WriteSet& writes, int64_t customer_id, v1::Contact contact,
                                     const std::optional<StoredContact>& primary,
                                     const resource::ChangeSource& source) const {
  const bool is_primary = contact.is_primary();
  if (is_primary) MakeRoomForPrimary(writes, customer_id, primary, source);
  return CreateKnown(writes, customer_id, std::move(contact), {.replaces_primary = is_primary},
                     source);
}

StoredContact ContactChanges::CreateKnown(db::WriteSet& writes, int64_t customer_id,
                                          v1::Contact contact, Known known,
                                          const resource::ChangeSource& source) const {
  StoredContact created{{ids_.Next(), 1}, customer_id, std::move(contact)};
  v1::Contact& message = created.message;
  message.set_creator(source.actor);
  message.set_last_editor(source.actor);
  SetTime(source.time, *message.mutable_create_time());
  *message.mutable_update_time() = message.create_time();
  message.set_etag(resource::EtagOf(created.key.version));

  const bool set_later = message.is_primary() && known.replaces_primary;
  if (set_later) message.set_is_primary(false);
  store_.table().Insert(writes, created.key, message, {customer_id});
  if (set_later) {
    message.set_is_primary(true);
    writes.Execute(kSetPrimary, {created.key.id}, db::Expect::kSomeRow);
  }
  for (const Identity& identity : IdentitiesOf(message)) {
    if (known.mobile_is_new) {
      identities_.Insert(writes, identity, customer_id, created.key.id, source.time);
    } else {
      identities_.Attach(writes, identity, customer_id, created.key.id, source.time);
    }
  }
  AddEvent(writes, "contact.created", created, source, {});
  return created;
}

StoredContact ContactChanges::Change(db::WriteSet& writes, const StoredContact& before,
                                     v1::Contact after, const std::optional<StoredContact>& primary,
                                     const resource::ChangeSource& source) const {
  if (after.is_primary() && !before.message.is_primary()) {
    MakeRoomForPrimary(writes, before.customer_id, primary, source);
  }
  return Update(writes, before, std::move(after), source);
}

void ContactChanges::MakeRoomForPrimary(db::WriteSet& writes, int64_t customer_id,
                                        const std::optional<StoredContact>& primary,
                                        const resource::ChangeSource& source) const {
  if (!primary.has_value()) {
    return writes.Execute(kExpectNoPrimary, {customer_id, customer_id}, db::Expect::kSomeRow);
  }
  v1::Contact after = primary->message;
  after.set_is_primary(false);
  Update(writes, *primary, std::move(after), source);
}

StoredContact ContactChanges::Update(db::WriteSet& writes, const StoredContact& before,
                                     v1::Contact after,
                                     const resource::ChangeSource& source) const {
  const crm::types::v1::ChangeList changes = store_.table().Diff(before.message, after);
  if (changes.changes().empty()) return before;
  const absl::Time last = TimeOf(before.message.update_time());
  const resource::ChangeSource at{std::max(source.time, last + absl::Microseconds(1)), source.actor,
                                  source.via};
  ids_.ObserveTime(last);

  StoredContact changed{
      {before.key.id, before.key.version + 1}, before.customer_id, std::move(after)};
  changed.message.set_last_editor(source.actor);
  SetTime(at.time, *changed.message.mutable_update_time());
  changed.message.set_etag(resource::EtagOf(changed.key.version));

  store_.table().Update(writes, before.key, before.message, changed.message);
  const std::vector<Identity> old_ones = IdentitiesOf(before.message);
  const std::vector<Identity> new_ones = IdentitiesOf(changed.message);
  if (old_ones != new_ones) {
    for (const Identity& old : old_ones) identities_.Release(writes, old, changed.customer_id);
    for (const Identity& fresh : new_ones) {
      identities_.Attach(writes, fresh, changed.customer_id, changed.key.id, at.time);
    }
  }
  resource::AddHistory(writes, kContactType, changed.key, at, changes);
  AddEvent(writes, "contact.updated", changed, at, changes);
  return changed;
}

void ContactChanges::Delete(db::WriteSet& writes, const StoredContact& contact,
                            const resource::ChangeSource& source) const {
  writes.Execute(kDeleteContact, {contact.key.id, contact.key.version}, db::Expect::kSomeRow);
  for (const Identity& identity : IdentitiesOf(contact.message)) {
    identities_.Release(writes, identity, contact.customer_id);
  }
  StoredContact last = contact;
  ++last.key.version;
  crm::types::v1::ChangeList changes;
  auto* change = changes.add_changes();
  change->set_field("deleted");
  change->set_new_value("true");
  resource::AddHistory(writes, kContactType, last.key, source, changes);
  AddEvent(writes, "contact.deleted", last, source, {});
}

void ContactChanges::AddEvent(db::WriteSet& writes, std::string_view type,
                              const StoredContact& contact, const resource::ChangeSource& source,
                              const crm::types::v1::ChangeList& changes) {
  v1::Contact payload = contact.message;
  schema::ClearSensitive(payload);
  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  writes.AddEvent(event::MakeEvent({.type = type,
                                    .subject = contact.message.number(),
                                    .version = contact.key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &payload,
                                    .changed_fields = std::move(fields)}));
}

}  // namespace crm::customer
