#include "services/customer/tag_changes.h"

#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "common/text/unicode.h"

namespace crm::customer {
namespace {

constexpr db::Query kTagsOfCustomer{"customer_tags", R"sql(
  SELECT tag, set_by, by_rule
  FROM customer_tag
  WHERE customer_id = ?
  ORDER BY tag)sql"};

constexpr db::Query kRemoveTag{"customer_tag_remove", R"sql(
  DELETE FROM customer_tag
  WHERE customer_id = ? AND tag = ?)sql"};

constexpr db::Query kRemoveTagOfRule{"customer_tag_remove_of_rule", R"sql(
  DELETE FROM customer_tag
  WHERE customer_id = ? AND tag = ? AND by_rule = 1 AND set_by = ?)sql"};

constexpr db::Query kTakeOverTag{"customer_tag_take_over", R"sql(
  UPDATE customer_tag
  SET set_by = ?, by_rule = 0, create_time = ?
  WHERE customer_id = ? AND tag = ? AND by_rule = 1)sql"};

const db::InsertSpec& TagSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "customer_tag", {"customer_id", "tag", "set_by", "by_rule", "create_time"}, ""};
  return spec;
}

using TagSet = std::set<std::string>;

TagSet TagsOf(const v1::Customer& customer) {
  return {customer.tags().begin(), customer.tags().end()};
}

v1::Customer WithTags(const v1::Customer& customer, const TagSet& tags) {
  v1::Customer after = customer;
  after.mutable_tags()->Assign(tags.begin(), tags.end());
  return after;
}

}  // namespace

absl::StatusOr<std::vector<v1::CustomerTag>> ReadTags(db::Connection& db, int64_t customer_id) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kTagsOfCustomer, {customer_id}));
  std::vector<v1::CustomerTag> tags;
  while (rows.Next()) {
    v1::CustomerTag& tag = tags.emplace_back();
    tag.set_tag(rows.String(0));
    tag.set_set_by(rows.String(1));
    tag.set_by_rule(rows.Int(2) != 0);
  }
  return tags;
}

StoredCustomer TagChanges::Add(db::WriteSet& writes, const StoredCustomer& before,
                               absl::Span<const std::string> tags, const CustomerRules& rules,
                               const resource::ChangeSource& source) const {
  TagSet all = TagsOf(before.message);
  for (const std::string& tag : tags) {
    if (!all.insert(tag).second) continue;
    writes.Insert(TagSpec(), {before.key.id, tag, source.actor, false, source.time});
  }
  return customers_.Change(writes, before, WithTags(before.message, all), rules, source);
}

StoredCustomer TagChanges::Remove(db::WriteSet& writes, const StoredCustomer& before,
                                  absl::Span<const std::string> tags, const CustomerRules& rules,
                                  const resource::ChangeSource& source) const {
  TagSet all = TagsOf(before.message);
  for (const std::string& tag : tags) {
    if (all.erase(tag) > 0) writes.Execute(kRemoveTag, {before.key.id, tag});
  }
  return customers_.Change(writes, before, WithTags(before.message, all), rules, source);
}

void TagChanges::TakeOver(db::WriteSet& writes, int64_t customer_id, const std::string& tag,
                          const resource::ChangeSource& source) const {
  writes.Execute(kTakeOverTag, {source.actor, source.time, customer_id, tag});
}

StoredCustomer TagChanges::AddByRule(db::WriteSet& writes, const StoredCustomer& before,
                                     const std::string& tag, const CustomerRules& rules,
                                     const resource::ChangeSource& source) const {
  TagSet all = TagsOf(before.message);
  if (static_cast<int>(all.size()) >= kMaxTags || !all.insert(tag).second) return before;
  writes.Insert(TagSpec(), {before.key.id, tag, source.actor, true, source.time});
  return customers_.Change(writes, before, WithTags(before.message, all), rules, source);
}

StoredCustomer TagChanges::RemoveByRule(db::WriteSet& writes, const StoredCustomer& before,
                                        const std::string& tag, const CustomerRules& rules,
                                        const resource::ChangeSource& source) const {
  TagSet all = TagsOf(before.message);
  if (all.erase(tag) == 0) return before;
  writes.Execute(kRemoveTagOfRule, {before.key.id, tag, source.actor}, db::Expect::kSomeRow);
  return customers_.Change(writes, before, WithTags(before.message, all), rules, source);
}

void NoteAddedTags(db::WriteSet& writes, int64_t customer_id, const v1::Customer* before,
                   const v1::Customer& after, const resource::ChangeSource& source) {
  const TagSet old = before == nullptr ? TagSet() : TagsOf(*before);
  for (const std::string& tag : after.tags()) {
    if (!old.contains(tag)) {
      writes.Insert(TagSpec(), {customer_id, tag, source.actor, false, source.time});
    }
  }
}

std::string NormalizeTag(std::string_view text) {
  return text::CollapseSpaces(text::ToHalfWidth(text));
}

}  // namespace crm::customer
