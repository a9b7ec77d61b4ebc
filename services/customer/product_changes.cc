#include "services/customer/product_changes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/event/outbox.h"
#include "services/customer/customer_changes.h"
#include "services/customer/product_rules.h"

namespace crm::customer {

StoredProduct ProductChanges::Create(db::WriteSet& writes, v1::Product product,
                                     const resource::ChangeSource& source) const {
  StoredProduct created{{ids_.Next(), 1}, std::move(product)};
  v1::Product& message = created.message;
  message.set_creator(source.actor);
  SetTime(source.time, *message.mutable_create_time());
  *message.mutable_update_time() = message.create_time();
  message.set_etag(resource::EtagOf(created.key.version));
  store_.table().Insert(writes, created.key, message);
  store_.AddOwnNames(writes, OwnNames(message), message.code());
  writes.AddEvent(event::MakeEvent({.type = "product.created",
                                    .subject = message.code(),
                                    .version = created.key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &message}));
  return created;
}

StoredProduct ProductChanges::Change(db::WriteSet& writes, const StoredProduct& before,
                                     v1::Product after, absl::Span<const std::string> fresh,
                                     resource::ChangeSource source) const {
  const resource::ResourceTable& table = store_.table();
  const crm::types::v1::ChangeList changes = table.Diff(before.message, after);
  if (changes.changes().empty()) return before;
  store_.AddOwnNames(writes, fresh, after.code());
  source.time = std::max(source.time, TimeOf(before.message.update_time()) + absl::Microseconds(1));
  StoredProduct changed{{before.key.id, before.key.version + 1}, std::move(after)};
  SetTime(source.time, *changed.message.mutable_update_time());
  changed.message.set_etag(resource::EtagOf(changed.key.version));
  table.Update(writes, before.key, before.message, changed.message);
  resource::AddHistory(writes, kProductType, changed.key, source, changes);
  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  writes.AddEvent(event::MakeEvent({.type = "product.updated",
                                    .subject = changed.message.code(),
                                    .version = changed.key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &changed.message,
                                    .changed_fields = std::move(fields)}));
  return changed;
}

}  // namespace crm::customer
