#include "services/customer/tag_rule_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/filter.h"
#include "crm/customer/v1/customer.pb.h"
#include "google/rpc/error_details.pb.h"

namespace crm::customer {
namespace {

constexpr std::string_view kAlias = "customer";

constexpr db::Query kRangeEnd{"tag_rule_range_end", R"sql(
  SELECT MAX(id)
  FROM (SELECT id FROM customer WHERE id > ? ORDER BY id LIMIT ?) AS part)sql"};

constexpr db::Query kNoteRun{"tag_rule_note_run", R"sql(
  UPDATE tag_rule
  SET last_run_time = ?, last_added = ?, last_removed = ?, last_error = NULL, error_count = 0
  WHERE id = ?)sql"};

constexpr db::Query kNoteFailedRun{"tag_rule_note_failed_run", R"sql(
  UPDATE tag_rule
  SET last_run_time = ?, last_added = 0, last_removed = 0, last_error = ?, last_error_time = ?,
      error_count = error_count + 1
  WHERE id = ?)sql"};

constexpr db::Query kNoteFailure{"tag_rule_note_failure", R"sql(
  UPDATE tag_rule
  SET last_error = ?, last_error_time = ?, error_count = error_count + 1
  WHERE id = ?)sql"};

constexpr db::Query kDeleteRule{"tag_rule_delete", R"sql(
  DELETE FROM tag_rule
  WHERE id = ?)sql"};

// As long as its column.
constexpr size_t kMaxErrorLength = 500;

// What is wrong with the filter, and where.
std::string TextOf(const absl::Status& error) {
  const google::rpc::Status wire = ToRpcStatus(error);
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad) || bad.field_violations().empty()) continue;
    return bad.field_violations(0).description().substr(0, kMaxErrorLength);
  }
  return wire.message().substr(0, kMaxErrorLength);
}

absl::StatusOr<std::vector<int64_t>> SelectIds(db::Connection& db, std::string_view name,
                                               const filter::Fragment& select) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, select.sql}, select.values));
  std::vector<int64_t> ids;
  ids.reserve(rows.size());
  while (rows.Next()) ids.push_back(rows.Int(0));
  return ids;
}

}  // namespace

TagRuleStore::TagRuleStore(const Archive& archive)
    : archive_(archive),
      table_(schema::MessageSchema::Of<v1::TagRule>(), archive.keyring),
      columns_(table_.Columns()) {}

absl::StatusOr<std::vector<StoredTagRule>> TagRuleStore::Select(db::Connection& db,
                                                                std::string_view name,
                                                                std::string_view rest,
                                                                const db::Values& values) const {
  const std::string sql = absl::StrCat("SELECT ", columns_, " FROM tag_rule ", ToAbsl(rest));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, sql}, values));
  std::vector<StoredTagRule> rules;
  while (rows.Next()) {
    StoredTagRule& rule = rules.emplace_back();
    CRM_RETURN_IF_ERROR(table_.Read(rows, rule.key, rule.message));
  }
  return rules;
}

absl::StatusOr<StoredTagRule> TagRuleStore::Get(db::Connection& db, std::string_view number) const {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredTagRule> found,
                       Select(db, "tag_rule_by_number", "WHERE number = ?", {number}));
  if (found.empty()) return NotFound(kTagRuleType, number);
  return std::move(found.front());
}

absl::StatusOr<std::optional<StoredTagRule>> TagRuleStore::OfTag(db::Connection& db,
                                                                 std::string_view tag) const {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredTagRule> found,
                       Select(db, "tag_rule_by_tag", "WHERE tag = ?", {tag}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

absl::StatusOr<std::vector<StoredTagRule>> TagRuleStore::All(db::Connection& db) const {
  return Select(db, "tag_rules", "ORDER BY id", {});
}

filter::CompileOptions TagRuleStore::OptionsAt(absl::Time now) const {
  filter::CompileOptions options;
  options.keyring = &archive_.keyring;
  options.now = now;
  options.zone = archive_.zone;
  options.alias = kAlias;
  return options;
}

absl::StatusOr<filter::Fragment> TagRuleStore::Compile(const v1::TagRule& rule,
                                                       filter::CompileOptions options) const {
  const auto rules = archive_.rules();
  options.custom_fields = &rules->custom_fields().kinds();
  return filter::CompileFilter(schema::MessageSchema::Of<v1::Customer>(), rule.filter(), options);
}

absl::StatusOr<filter::Fragment> TagRuleStore::ConditionOf(const v1::TagRule& rule,
                                                           absl::Time now) const {
  if (rule.deleting()) return filter::Fragment{"FALSE", {}};
  return Compile(rule, OptionsAt(now));
}

absl::Status TagRuleStore::CheckFilter(const v1::TagRule& rule, absl::Time now,
                                       uint32_t plain_kinds, schema::Language language) const {
  filter::CompileOptions options = OptionsAt(now);
  options.plain_kinds = plain_kinds;
  options.language = language;
  return Compile(rule, options).status();
}

absl::StatusOr<TagWork> TagRuleStore::FindWork(db::Connection& db, const v1::TagRule& rule,
                                               const filter::Fragment& condition,
                                               const filter::Fragment& range,
                                               const filter::Fragment& tagged_range) const {
  filter::Fragment lacking{"SELECT customer.id FROM customer WHERE ", {}};
  lacking.Append(range);
  lacking.Append(" AND (");
  lacking.Append(condition);
  lacking.Append(
      ") AND NOT EXISTS (SELECT 1 FROM customer_tag AS tagged "
      "WHERE tagged.customer_id = customer.id AND tagged.tag = ?) ORDER BY customer.id",
      rule.tag());

  filter::Fragment stale{"SELECT tagged.customer_id FROM customer_tag AS tagged WHERE ", {}};
  stale.Append(tagged_range);
  stale.Append(" AND tagged.tag = ?", rule.tag());
  stale.Append(" AND tagged.by_rule = 1 AND tagged.set_by = ?", rule.number());
  stale.Append(
      " AND NOT EXISTS (SELECT 1 FROM customer WHERE customer.id = tagged.customer_id AND (");
  stale.Append(condition);
  stale.Append(")) ORDER BY tagged.customer_id");

  TagWork work;
  CRM_ASSIGN_OR_RETURN(work.add, SelectIds(db, "tag_rule_lacking", lacking));
  CRM_ASSIGN_OR_RETURN(work.remove, SelectIds(db, "tag_rule_stale", stale));
  return work;
}

absl::StatusOr<std::optional<int64_t>> TagRuleStore::EndOfRange(db::Connection& db, int64_t after,
                                                                int count) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kRangeEnd, {after, count}));
  if (!rows.Next()) return std::nullopt;
  return rows.OptInt(0);
}

absl::Status TagRuleStore::NoteRun(db::Connection& db, int64_t id, absl::Time started,
                                   int64_t added, int64_t removed) const {
  return db.Execute(kNoteRun, {started, added, removed, id}).status();
}

absl::Status TagRuleStore::NoteFailure(db::Connection& db, int64_t id, absl::Time started,
                                       const absl::Status& error) const {
  return db.Execute(kNoteFailedRun, {started, TextOf(error), started, id}).status();
}

void TagRuleStore::NoteFailure(db::WriteSet& writes, int64_t id, absl::Time now,
                               const absl::Status& error) const {
  writes.Execute(kNoteFailure, {TextOf(error), now, id});
}

absl::Status TagRuleStore::Delete(db::Connection& db, int64_t id) const {
  return db.Execute(kDeleteRule, {id}).status();
}

}  // namespace crm::customer
