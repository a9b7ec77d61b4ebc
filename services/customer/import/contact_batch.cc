#include "services/customer/import/contact_batch.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/customer/contact_rules.h"
#include "services/customer/customer_changes.h"
#include "services/customer/unreachable.h"

namespace crm::customer::import {

using schema::Breach;

namespace {

Breach NotOrganization() {
  return {"CUSTOMER_NOT_ORGANIZATION", "only organizations have contacts; name the organization",
          "只有企业客户有联系人，请填写企业客户"};
}

Breach MobileTaken() {
  return {"IDENTITY_TAKEN", "another customer has this mobile; correct it, or merge the customers",
          "该手机号码属于其他客户，请更正或先合并客户"};
}

std::string MobileOf(const v1::Contact& contact) {
  const std::vector<Identity> identities = IdentitiesOf(contact);
  return identities.empty() ? "" : identities.front().value;
}

bool Contradict(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && a != b;
}

// The same phone; or the same name and email, where without any email the phones may not differ.
bool MeansSame(const v1::Contact& a, const v1::Contact& b) {
  if (!a.phone().empty() && a.phone() == b.phone()) return true;
  if (a.name() != b.name() || a.email() != b.email()) return false;
  return !a.email().empty() || !Contradict(a.phone(), b.phone());
}

// By which a dry run finds it again.
std::vector<std::string> SeenKeys(int64_t customer_id, const v1::Contact& contact) {
  std::vector<std::string> keys;
  if (!contact.phone().empty()) keys.push_back(absl::StrCat(customer_id, "\n", contact.phone()));
  if (contact.phone().empty() || !contact.email().empty()) {
    keys.push_back(absl::StrCat(customer_id, "\n", contact.name(), "\n", contact.email()));
  }
  return keys;
}

}  // namespace

absl::StatusOr<BatchChange> ContactBatch::Decide(db::Connection& db) && {
  change_.results.resize(rows_.size());
  CRM_RETURN_IF_ERROR(Join(db));
  CRM_RETURN_IF_ERROR(LoadContacts(db));
  CRM_RETURN_IF_ERROR(LoadMobiles(db));
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i]->rejected) {
      change_.results[i].outcome = RowOutcome::kRejected;
    } else {
      DecideRow(i, static_cast<const ContactRow&>(*rows_[i]));
    }
  }
  if (!context_.dry_run) {
    CRM_RETURN_IF_ERROR(Write());
    return std::move(change_);
  }
  std::vector<std::pair<int64_t, v1::Contact>> met;
  for (const auto& target : batch_.targets()) {
    if (target->is_new) met.emplace_back(target->customer_id, target->after);
  }
  change_.after_commit = [&seen = seen_, met = std::move(met)] {
    for (const auto& [customer, contact] : met) {
      for (std::string& key : SeenKeys(customer, contact)) seen.contacts.insert(std::move(key));
      if (std::string mobile = MobileOf(contact); !mobile.empty()) seen.mobiles[mobile] = customer;
    }
  };
  return std::move(change_);
}

absl::Status ContactBatch::Join(db::Connection& db) {
  for (const auto& row : rows_) {
    if (!row->rejected) join_.Want(static_cast<const ContactRow&>(*row).who);
  }
  CRM_RETURN_IF_ERROR(join_.Load(db));
  answers_.resize(rows_.size());
  std::vector<CustomerReference> references;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i]->rejected) continue;
    answers_[i] = join_.Of(static_cast<const ContactRow&>(*rows_[i]).who);
    if (!answers_[i].number.empty()) references.push_back({answers_[i].number, {}});
  }
  return customers_.Load(db, references);
}

absl::Status ContactBatch::LoadContacts(db::Connection& db) {
  absl::flat_hash_set<std::string> distinct;
  for (const CustomerJoin::Answer& answer : answers_) {
    if (!answer.number.empty()) distinct.insert(answer.number);
  }
  const std::vector<std::string> numbers(distinct.begin(), distinct.end());
  CRM_ASSIGN_OR_RETURN(std::vector<StoredContact> found,
                       parts_.contacts.OfCustomers(db, numbers, context_.scope));
  for (StoredContact& contact : found) {
    const bool from_file = contact.message.creator() == context_.actor &&
                           TimeOf(contact.message.create_time()) >= context_.created;
    Target& target = batch_.AddExisting(contact.key, std::move(contact.message), from_file);
    target.customer_id = contact.customer_id;
    of_customer_[contact.customer_id].push_back(&target);
  }
  return absl::OkStatus();
}

absl::Status ContactBatch::LoadMobiles(db::Connection& db) {
  std::vector<Identity> identities;
  for (const auto& row : rows_) {
    if (row->rejected) continue;
    for (Identity& identity : IdentitiesOf(static_cast<const ContactRow&>(*row).contact)) {
      identities.push_back(std::move(identity));
    }
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                       parts_.archive.identities.FindHolders(db, identities));
  for (const IdentityHolder& holder : holders) {
    holders_[holder.identity.value] = holder.customer_id;
    known_mobiles_.insert(holder.identity.value);
  }
  return absl::OkStatus();
}

void ContactBatch::DecideRow(size_t index, const ContactRow& row) {
  const CustomerJoin::Answer& answer = answers_[index];
  if (answer.breach.has_value()) {
    return reject_(row, index, answer.field, *answer.breach, change_);
  }
  const auto customer = customers_.Of({answer.number, {}}, "customer");
  if (!customer.ok()) return reject_(row, index, FieldOfWho(row.who), CustomerUnknown(), change_);
  if ((*customer)->after.kind() == v1::CUSTOMER_KIND_PERSON) {
    return reject_(row, index, FieldOfWho(row.who), NotOrganization(), change_);
  }
  const int64_t customer_id = (*customer)->id();
  if (!MobileIsFree(row.contact, customer_id)) {
    return reject_(row, index, "phone", MobileTaken(), change_);
  }
  if (Target* target = Find(customer_id, row.contact)) {
    return DecideDuplicate(index, row, *target);
  }
  if (SeenInDryRun(customer_id, row.contact)) {
    Target seen;
    seen.customer_id = customer_id;
    seen.after = row.contact;
    seen.from_file = true;
    return DecideDuplicate(index, row, seen);
  }
  v1::Contact contact = row.contact;
  contact.set_customer(answer.number);
  contact.set_owner((*customer)->after.owner());
  Target& target = batch_.AddNew(index, row, std::move(contact));
  target.customer_id = customer_id;
  of_customer_[customer_id].push_back(&target);
  Remember(target.after, customer_id);
  if (target.after.is_primary()) MakePrimary(target);
}

void ContactBatch::DecideDuplicate(size_t index, const ContactRow& row, Target& target) {
  switch (batch_.Judge(index, target.from_file)) {
    case Contacts::Verdict::kReject:
      return reject_(row, index, row.contact.phone().empty() ? "name" : "phone", DuplicateBreach(),
                     change_);
    case Contacts::Verdict::kSkip:
      return;
    case Contacts::Verdict::kMerge:
      break;
  }
  Contacts::Merged merged = batch_.Merge(target, row, row.contact);
  // As an update over the API: a new number or address is unconfirmed again (CUS-4).
  const auto violations =
      NormalizeContact(merged.message, &target.after, parts_.archive.rules()->policy(),
                       parts_.archive.lists, parts_.archive.DayOf(context_.now));
  if (!violations.empty()) {
    const schema::Violation& first = violations.front();
    return reject_(row, index, first.field, {first.rule, first.mend_en, first.mend_zh}, change_);
  }
  const bool primary = merged.message.is_primary() && !target.after.is_primary();
  batch_.Take(index, std::move(merged), target);
  Remember(target.after, target.customer_id);
  if (primary) MakePrimary(target);
}

ContactBatch::Target* ContactBatch::Find(int64_t customer_id, const v1::Contact& contact) const {
  const auto contacts = of_customer_.find(customer_id);
  if (contacts == of_customer_.end()) return nullptr;
  // A phone says more than a name.
  for (Target* target : contacts->second) {
    if (!contact.phone().empty() && target->after.phone() == contact.phone()) return target;
  }
  for (Target* target : contacts->second) {
    if (MeansSame(target->after, contact)) return target;
  }
  return nullptr;
}

bool ContactBatch::SeenInDryRun(int64_t customer_id, const v1::Contact& contact) const {
  const std::vector<std::string> keys = SeenKeys(customer_id, contact);
  return std::any_of(keys.begin(), keys.end(),
                     [&](const std::string& key) { return seen_.contacts.contains(key); });
}

bool ContactBatch::MobileIsFree(const v1::Contact& contact, int64_t customer_id) const {
  const std::string mobile = MobileOf(contact);
  if (mobile.empty()) return true;
  if (const auto holder = holders_.find(mobile); holder != holders_.end()) {
    return holder->second == customer_id;
  }
  const auto seen = seen_.mobiles.find(mobile);
  return seen == seen_.mobiles.end() || seen->second == customer_id;
}

void ContactBatch::Remember(const v1::Contact& contact, int64_t customer_id) {
  if (std::string mobile = MobileOf(contact); !mobile.empty()) holders_[mobile] = customer_id;
}

void ContactBatch::MakePrimary(Target& target) {
  for (Target* other : of_customer_[target.customer_id]) {
    if (other == &target || !other->after.is_primary()) continue;
    other->after.set_is_primary(false);
    other->changed = true;
  }
}

// Those that stop being the primary contact come first: a customer has at most one at any time.
absl::Status ContactBatch::Write() {
  absl::flat_hash_set<int64_t> replaced;  // customers whose primary contact gives way
  const auto change = [&](Target& target) {
    const StoredContact before{target.key, target.customer_id, target.before};
    target.key =
        parts_.changes.Change(change_.writes, before, target.after, std::nullopt, source_).key;
  };
  const auto gives_way = [](const Target& target) {
    return !target.is_new && target.before.is_primary() && !target.after.is_primary();
  };
  for (const auto& target : batch_.targets()) {
    if (!gives_way(*target)) continue;
    replaced.insert(target->customer_id);
    change(*target);
  }
  for (const auto& target : batch_.targets()) {
    if (target->is_new) {
      CRM_RETURN_IF_ERROR(WriteNew(*target, replaced));
    } else if (target->changed && !gives_way(*target)) {
      change(*target);
    }
  }
  WriteUnreachable();
  batch_.NoteResults(rows_);
  return absl::OkStatus();
}

void ContactBatch::WriteUnreachable() {
  for (const auto& [customer_id, targets] : of_customer_) {
    std::deque<StoredContact> before;  // stable addresses
    std::vector<ContactStep> steps;
    bool affected = false;
    const ActivityCustomers::Entry* customer = customers_.OfId(customer_id);
    if (customer == nullptr) continue;
    for (const Target* target : targets) {
      ContactStep step{.before = nullptr, .after = &target->after};
      if (!target->is_new) {
        step.before = &before.emplace_back(target->key, customer_id, target->before);
        if (!target->changed) step.after = &step.before->message;
      }
      // A new contact can only make a customer reachable that was not.
      affected |= AffectsReach(step) && (!target->is_new || customer->after.unreachable());
      steps.push_back(step);
    }
    if (!affected) continue;
    v1::Customer after = customer->after;
    FollowContacts(change_.writes, customer->before, steps, after);
    parts_.archive.changes.Change(change_.writes, customer->before, std::move(after),
                                  *parts_.archive.rules(), source_);
  }
}

absl::Status ContactBatch::WriteNew(Target& target, const absl::flat_hash_set<int64_t>& replaced) {
  CRM_ASSIGN_OR_RETURN(std::string number, parts_.numbers.Next(source_.time));
  target.after.set_number(std::move(number));
  const std::string mobile = MobileOf(target.after);
  const ContactChanges::Known known{
      .replaces_primary = replaced.contains(target.customer_id),
      .mobile_is_new = !mobile.empty() && known_mobiles_.insert(mobile).second};
  target.key =
      parts_.changes.CreateKnown(change_.writes, target.customer_id, target.after, known, source_)
          .key;
  return absl::OkStatus();
}

}  // namespace crm::customer::import
