#include "services/customer/import/customer_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/resource/resource_table.h"
#include "crm/event/v1/event.pb.h"
#include "services/customer/import/customer_merge.h"
#include "services/customer/reserved_numbers.h"
#include "services/customer/tag_changes.h"

namespace crm::customer::import {

using schema::Breach;
using schema::FieldSchema;

namespace {

constexpr size_t kNameCandidates = 8;
constexpr int64_t kMaxLease = 4000;

const db::InsertSpec& IdentitySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      IdentityStore::kTable, {"hash", "kind", "customer_id", "create_time"}, ""};
  return spec;
}

// Eight bytes tell apart all rows of a file.
uint64_t ShortKey(std::string_view key) { return absl::Hash<absl::string_view>{}(ToAbsl(key)); }

// Both have one and they differ: two customers, whatever their names.
bool Contradicts(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && a != b;
}

bool MayBeSame(const v1::Customer& a, const v1::Customer& b) {
  return a.kind() == b.kind() && !Contradicts(a.credit_code(), b.credit_code()) &&
         !Contradicts(a.resident_id(), b.resident_id());
}

// What CustomerChanges::CreationEvent makes, from the payload that the parser has made. The number
// is added behind: the fields of a message come in any order.
std::string CreationEventOf(const CustomerRow& row, const std::string& number,
                            const resource::ChangeSource& source) {
  v1::Customer numbered;
  numbered.set_number(number);
  crm::event::v1::Event event;
  event.set_type("customer.created");
  event.set_subject(number);
  event.set_version(row.customer.key.version);
  SetTime(source.time, *event.mutable_time());
  event.set_actor(source.actor);
  event.mutable_payload()->set_type_url(
      absl::StrCat("type.googleapis.com/", v1::Customer::descriptor()->full_name()));
  event.mutable_payload()->set_value(row.payload + numbered.SerializeAsString());
  return event.SerializeAsString();
}

const Breach& DuplicateBreach() {
  static const Breach& breach = *new Breach{
      "DUPLICATE", "the customer is there already; remove the row, or choose another policy",
      "客户已存在，请删除该行或选择其他重复处理方式"};
  return breach;
}

const Breach& ConflictBreach() {
  static const Breach& breach = *new Breach{
      "IDENTITY_CONFLICT",
      "phone, id or email of this row belong to different customers; correct the row or merge them",
      "该行的电话、证件号或邮箱属于不同客户，请更正该行或先合并客户"};
  return breach;
}

const Breach& TakenBreach() {
  static const Breach& breach =
      *new Breach{"IDENTITY_TAKEN", "the customer exists and is not yours to change",
                  "客户已存在且不在您的权限范围内"};
  return breach;
}

const Breach& NumberBreach() {
  static const Breach& breach = *new Breach{
      "NUMBER_NOT_RESERVED", "use a reserved number that no customer has, or leave it empty",
      "请填写已预留且未使用的客户编号，或留空由系统编号"};
  return breach;
}

const Breach& OtherNumberBreach() {
  static const Breach& breach =
      *new Breach{"NUMBER_CONFLICT", "the customer is there under another number; leave it empty",
                  "该客户已有其他编号，请将客户编号留空"};
  return breach;
}

const Breach& KindBreach() {
  static const Breach& breach = *new Breach{
      "KIND_CONFLICT", "the customer is there as the other kind; correct the kind or the identity",
      "客户已按另一类型建档，请更正客户类型或证件信息"};
  return breach;
}

}  // namespace

absl::StatusOr<BatchChange> CustomerBatch::Decide(db::Connection& db, const ParsedRows& rows) {
  change_.results.resize(rows.size());
  if (memory_.look_up || context_.dry_run) {
    CRM_RETURN_IF_ERROR(FindExisting(db, rows));
    memory_.look_up = !by_id_.empty();
  }
  CRM_RETURN_IF_ERROR(FindByName(db, rows));
  CRM_RETURN_IF_ERROR(MapProductNames(db, rows));
  CRM_RETURN_IF_ERROR(FindReserved(db, rows));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i]->rejected) {
      change_.results[i].outcome = RowOutcome::kRejected;
    } else {
      Decide(i, static_cast<const CustomerRow&>(*rows[i]));
    }
  }
  if (context_.dry_run) {
    change_.after_commit = [&seen = memory_.seen, keys = std::move(fresh_keys_)] {
      seen.insert(keys.begin(), keys.end());
    };
    return std::move(change_);
  }
  CRM_RETURN_IF_ERROR(Write(rows));
  return std::move(change_);
}

// One statement for each 512 identities of the batch.
absl::Status CustomerBatch::FindExisting(db::Connection& db, const ParsedRows& rows) {
  std::vector<const std::string*> hashes;
  for (const auto& row : rows) {
    if (row->rejected) continue;
    for (const std::string& hash : static_cast<const CustomerRow&>(*row).hashes) {
      hashes.push_back(&hash);
    }
  }
  std::vector<std::pair<std::string, int64_t>> found;
  for (size_t start = 0; start < hashes.size(); start += db::kMaxInSize) {
    const size_t count = std::min(db::kMaxInSize, hashes.size() - start);
    db::Values part;
    for (size_t i = 0; i < count; ++i) part.emplace_back(*hashes[start + i]);
    const filter::Fragment where = filter::In("hash", part);
    const std::string sql =
        absl::StrCat("SELECT hash, customer_id FROM customer_identity WHERE ", where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows hits, db.Select({"import_identities", sql}, where.values));
    while (hits.Next()) found.emplace_back(hits.String(0), hits.Int(1));
  }
  std::vector<int64_t> ids;
  for (const auto& [hash, id] : found) ids.push_back(id);
  CRM_RETURN_IF_ERROR(LoadCustomers(db, ids));
  for (const auto& [hash, id] : found) {
    Target*& target = by_id_[id];
    if (target == nullptr) {
      target = targets_.emplace_back(std::make_unique<Target>()).get();
      target->visible = false;
    }
    by_key_[hash] = target;
  }
  return absl::OkStatus();
}

absl::Status CustomerBatch::LoadCustomers(db::Connection& db, std::vector<int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  ids.erase(std::remove_if(ids.begin(), ids.end(), [&](int64_t id) { return by_id_.contains(id); }),
            ids.end());
  if (ids.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> stored,
                       archive_.store.GetByIds(db, ids, context_.scope));
  for (StoredCustomer& customer : stored) {
    Target& target = *targets_.emplace_back(std::make_unique<Target>());
    target.before = std::move(customer);
    target.after = target.before.message;
    target.from_file = target.before.message.entered_via() == context_.number;
    by_id_[target.before.key.id] = &target;
  }
  return absl::OkStatus();
}

// Rows that no identity tells: by name, phone and address.
absl::Status CustomerBatch::FindByName(db::Connection& db, const ParsedRows& rows) {
  std::vector<int64_t> ids;
  for (const auto& row : rows) {
    if (row->rejected) continue;
    const auto& customer_row = static_cast<const CustomerRow&>(*row);
    if (customer_row.name_key.empty()) continue;
    for (const Hit& hit : archive_.names.Find(customer_row.customer.message.full_name(),
                                              context_.scope, kNameCandidates)) {
      if (hit.kind == MatchKind::kWhole) ids.push_back(hit.key);
    }
  }
  if (ids.empty()) return absl::OkStatus();
  const std::vector<int64_t> wanted = ids;
  CRM_RETURN_IF_ERROR(LoadCustomers(db, std::move(ids)));
  for (int64_t id : wanted) {
    auto target = by_id_.find(id);
    if (target == by_id_.end() || !target->second->visible) continue;
    const std::string key = NameKeyOf(target->second->before.message);
    if (!key.empty()) by_key_.try_emplace(key, target->second);
  }
  return absl::OkStatus();
}

absl::Status CustomerBatch::FindReserved(db::Connection& db, const ParsedRows& rows) {
  std::vector<std::string> given;
  for (const auto& row : rows) {
    if (row->rejected) continue;
    const std::string& number = static_cast<const CustomerRow&>(*row).customer.message.number();
    if (!number.empty()) given.push_back(number);
  }
  if (given.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> found, FindReservedNumbers(db, given));
  reserved_.insert(found.begin(), found.end());
  return absl::OkStatus();
}

std::vector<std::string> MapProducts(const ProductMapper& products, v1::Customer& customer) {
  std::vector<std::string> codes;
  std::vector<std::string> unknown;
  for (const std::string& name : customer.products_of_interest()) {
    std::string code = products.CodeOf(name);
    if (code.empty()) {
      unknown.push_back(name);
    } else if (std::find(codes.begin(), codes.end(), code) == codes.end()) {
      codes.push_back(std::move(code));
    }
  }
  customer.clear_products_of_interest();
  for (std::string& code : codes) customer.add_products_of_interest(std::move(code));
  return unknown;
}

absl::Status CustomerBatch::MapProductNames(db::Connection& db, const ParsedRows& rows) {
  std::vector<size_t> with_products;
  ProductMapper products(products_);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i]->rejected) continue;
    const v1::Customer& customer = static_cast<const CustomerRow&>(*rows[i]).customer.message;
    if (customer.products_of_interest().empty()) continue;
    with_products.push_back(i);
    for (const std::string& name : customer.products_of_interest()) products.Want(name);
  }
  if (with_products.empty()) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(products.Load(db));
  for (size_t i : with_products) {
    v1::Customer customer = static_cast<const CustomerRow&>(*rows[i]).customer.message;
    for (std::string& name : MapProducts(products, customer)) {
      if (!context_.dry_run) {
        products_.NoteUnmapped(change_.writes, name, context_.number, source_.time);
      }
      change_.unknown_products.push_back(std::move(name));
    }
    with_codes_[i] = std::move(customer);
  }
  return absl::OkStatus();
}

const v1::Customer& CustomerBatch::Given(size_t index, const CustomerRow& row) const {
  auto found = with_codes_.find(index);
  return found == with_codes_.end() ? row.customer.message : found->second;
}

std::vector<CustomerBatch::Target*> CustomerBatch::TargetsOf(const CustomerRow& row) {
  std::vector<Target*> targets;
  const auto add = [&](const std::string& key) {
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    if (std::find(targets.begin(), targets.end(), found->second) == targets.end()) {
      targets.push_back(found->second);
    }
  };
  for (const std::string& hash : row.hashes) add(hash);
  if (targets.empty() && !row.name_key.empty()) {
    add(row.name_key);
    if (!targets.empty() && !MayBeSame(targets.front()->now(), row.customer.message)) {
      targets.clear();
    }
  }
  return targets;
}

bool CustomerBatch::SeenInDryRun(const CustomerRow& row) const {
  if (!context_.dry_run) return false;
  const auto seen = [&](const std::string& key) { return memory_.seen.contains(ShortKey(key)); };
  return std::any_of(row.hashes.begin(), row.hashes.end(), seen) ||
         (row.hashes.empty() && !row.name_key.empty() && seen(row.name_key));
}

void CustomerBatch::Decide(size_t index, const CustomerRow& row) {
  const std::vector<Target*> targets = TargetsOf(row);
  if (targets.size() > 1) return Reject(index, row, nullptr, "", ConflictBreach());
  if (targets.size() == 1) return DecideDuplicate(index, row, *targets.front());
  if (SeenInDryRun(row)) {
    Target seen;
    seen.from_file = true;
    seen.after = Given(index, row);
    return DecideDuplicate(index, row, seen);
  }
  const std::string& number = row.customer.message.number();
  if (!number.empty() && reserved_.erase(number) == 0) {
    return Reject(index, row, nullptr, "number", NumberBreach());
  }
  MakeTarget(index, row);
}

void CustomerBatch::MakeTarget(size_t index, const CustomerRow& row) {
  Target& target = *targets_.emplace_back(std::make_unique<Target>());
  target.maker = &row;
  if (auto given = with_codes_.find(index); given != with_codes_.end()) {
    target.after = given->second;
    target.changed = true;
  }
  target.from_file = true;
  target.rows.push_back(index);
  for (const std::string& hash : row.hashes) RememberKey(hash, target);
  if (!row.name_key.empty()) RememberKey(row.name_key, target);
  RowResult& result = change_.results[index];
  result.outcome = RowOutcome::kCreated;
  result.incomplete = target.now().incomplete();
}

// So that later rows of the batch find it.
void CustomerBatch::RememberKey(const std::string& key, Target& target) {
  if (context_.dry_run) fresh_keys_.push_back(ShortKey(key));
  by_key_[key] = &target;
}

void CustomerBatch::Remember(Target& target) {
  for (const Identity& identity : IdentitiesOf(target.after)) {
    RememberKey(archive_.identities.Hash(identity), target);
  }
  const std::string key = NameKeyOf(target.after);
  if (!key.empty()) RememberKey(key, target);
}

void CustomerBatch::Forget(const Target& target, const v1::Customer& old) {
  const auto forget = [&](const std::string& key) {
    auto found = by_key_.find(key);
    if (found != by_key_.end() && found->second == &target) by_key_.erase(found);
  };
  for (const Identity& identity : IdentitiesOf(old)) forget(archive_.identities.Hash(identity));
  forget(NameKeyOf(old));
}

void CustomerBatch::DecideDuplicate(size_t index, const CustomerRow& row, Target& target) {
  if (!target.visible) return Reject(index, row, nullptr, "", TakenBreach());
  ++(target.from_file ? change_.duplicates_in_file : change_.duplicates_in_archive);
  switch (context_.spec.duplicates()) {
    case v1::DUPLICATE_POLICY_REJECT:
      return Reject(index, row, nullptr, "", DuplicateBreach());
    case v1::DUPLICATE_POLICY_SKIP:
      change_.results[index].outcome = RowOutcome::kSkipped;
      return;
    default:
      return Merge(index, row, target);
  }
}

void CustomerBatch::Merge(size_t index, const CustomerRow& row, Target& target) {
  const v1::Customer& given = Given(index, row);
  const v1::Customer current = target.now();
  if (row.kind_is_said && given.kind() != current.kind()) {
    return Reject(index, row, nullptr, "kind", KindBreach());
  }
  if (!given.number().empty() && given.number() != current.number()) {
    return Reject(index, row, nullptr, "number", OtherNumberBreach());
  }
  MergedCustomer merged = MergeRow(current, given, row.fields, context_.spec.duplicates());
  const v1::Customer* before = target.maker == nullptr ? &target.before.message : nullptr;
  const auto violations = rules_->Normalize(merged.customer, before, archive_.DayOf(context_.now));
  if (!violations.empty()) {
    const schema::Violation& first = violations.front();
    return Reject(index, row, nullptr, first.field, {first.rule, first.mend_en, first.mend_zh});
  }
  const bool changes_something =
      !archive_.store.table().Diff(current, merged.customer).changes().empty();
  RowOutcome& outcome = change_.results[index].outcome;
  outcome = changes_something ? RowOutcome::kUpdated : RowOutcome::kSkipped;
  if (target.from_file) outcome = RowOutcome::kMerged;
  if (changes_something) {
    Forget(target, current);
    target.after = std::move(merged.customer);
    target.changed = true;
    Remember(target);
  }
  NoteFields(index, merged.fields, target);
}

// Which row has set which field: the sample compares a row with what it alone has set.
void CustomerBatch::NoteFields(size_t index, absl::Span<const FieldSchema* const> fields,
                               Target& target) {
  if (target.maker != nullptr && target.last_row.empty()) {
    for (const FieldSchema* field : target.maker->fields) {
      target.last_row[field] = target.rows.front();
    }
  }
  target.rows.push_back(index);
  for (const FieldSchema* field : fields) target.last_row[field] = index;
}

void CustomerBatch::Reject(size_t index, const CustomerRow& row, const ColumnPlan::Column* column,
                           std::string_view field, const Breach& breach) {
  change_.results[index].outcome = RowOutcome::kRejected;
  v1::ImportIssue issue = MakeIssue(row.line, column, field, nullptr, "", breach);
  issue.set_row_rejected(true);
  change_.issues.push_back(std::move(issue));
}

absl::Status CustomerBatch::Write(const ParsedRows& rows) {
  struct Name {
    int64_t id;
    std::string name, owner, team;
  };
  std::vector<Name> names;
  CRM_RETURN_IF_ERROR(LeaseNumbers());
  for (const auto& target : targets_) {
    if (target->maker == nullptr && !target->changed) continue;
    if (target->maker != nullptr) {
      CRM_RETURN_IF_ERROR(WriteNew(*target));
    } else {
      WriteChanged(*target);
    }
    const v1::Customer& now = target->now();
    names.push_back({target->before.key.id, now.full_name(), now.owner(), now.team()});
  }
  NoteResults(rows);
  change_.after_commit = [&index = archive_.names, names = std::move(names)] {
    for (const Name& name : names) index.Upsert(name.id, name.name, name.owner, name.team);
  };
  return absl::OkStatus();
}

// In blocks that grow with the file: two statements for thousands of numbers, few gaps.
absl::Status CustomerBatch::LeaseNumbers() {
  std::map<v1::CustomerKind, int64_t> wanted;
  for (const auto& target : targets_) {
    if (target->maker != nullptr) ++wanted[target->now().kind()];
  }
  for (const auto& [kind, count] : wanted) {
    int64_t& stock = memory_.numbers[kind];
    if (stock < count) {
      memory_.last_lease = std::clamp(2 * memory_.last_lease, count, std::max(count, kMaxLease));
      CRM_RETURN_IF_ERROR(archive_.numbers.Prepare(source_.time, memory_.last_lease,
                                                   rules_->policy().TypeCodeOf(kind)));
      stock += memory_.last_lease;
    }
    stock -= count;
  }
  return absl::OkStatus();
}

absl::Status CustomerBatch::WriteNew(Target& target) {
  target.before.key = target.maker->customer.key;
  std::string number = target.maker->customer.message.number();
  if (number.empty()) {
    CRM_ASSIGN_OR_RETURN(number, archive_.NextNumber(source_.time, target.now().kind()));
  } else {
    TakeReservedNumber(change_.writes, number);
  }
  if (!target.changed) {
    WriteUnchanged(target, number);
    return absl::OkStatus();
  }
  target.after.set_number(std::move(number));
  StoredCustomer created =
      archive_.changes.Stamp(target.before.key.id, std::move(target.after), *rules_, source_);
  archive_.store.table().Insert(change_.writes, created.key, created.message);
  for (const Identity& identity : IdentitiesOf(created.message)) {
    change_.writes.Insert(IdentitySpec(), {archive_.identities.Hash(identity), identity.kind,
                                           created.key.id, source_.time});
  }
  NoteAddedTags(change_.writes, created.key.id, nullptr, created.message, source_);
  change_.writes.AddEvent(CustomerChanges::CreationEvent(created, source_));
  target.after = std::move(created.message);
  return absl::OkStatus();
}

// As the parser has made it ready. Identities come first: they are what the database may refuse.
void CustomerBatch::WriteUnchanged(const Target& target, const std::string& number) {
  const CustomerRow& row = *target.maker;
  db::Values values = row.values;
  values[row.insert->number_at] = number;
  for (size_t i = 0; i < row.identities.size(); ++i) {
    change_.writes.Insert(IdentitySpec(), {row.hashes[i], row.identities[i].kind,
                                           target.before.key.id, source_.time});
  }
  change_.writes.Insert(row.insert->plan.spec, std::move(values));
  NoteAddedTags(change_.writes, target.before.key.id, nullptr, row.customer.message, source_);
  change_.writes.AddEvent(CreationEventOf(row, number, source_));
}

void CustomerBatch::WriteChanged(Target& target) {
  NoteAddedTags(change_.writes, target.before.key.id, &target.before.message, target.after,
                source_);
  StoredCustomer changed =
      archive_.changes.Change(change_.writes, target.before, target.after, *rules_, source_);
  target.before.key = changed.key;
  target.after = std::move(changed.message);
}

void CustomerBatch::NoteResults(const ParsedRows& rows) {
  for (const auto& target : targets_) {
    for (const size_t index : target->rows) {
      RowResult& result = change_.results[index];
      result.resource_id = target->before.key.id;
      result.resource_version = target->before.key.version;
      if (!rows[index]->sampled) continue;
      if (target->last_row.empty()) {
        for (const FieldSchema* field : static_cast<const CustomerRow&>(*rows[index]).fields) {
          result.fields.push_back(field->name);
        }
      }
      for (const auto& [field, last] : target->last_row) {
        if (last == index) result.fields.push_back(field->name);
      }
    }
  }
}

}  // namespace crm::customer::import
