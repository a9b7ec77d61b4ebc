#include "services/customer/import/interaction_import.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "services/customer/customer_changes.h"
#include "services/customer/import/customer_join.h"
#include "services/customer/import/message_kind.h"
#include "services/customer/import/message_run.h"
#include "services/customer/import/record_rules.h"
#include "services/customer/import/upsert_batch.h"
#include "services/customer/interaction_recorder.h"
#include "services/customer/interaction_rules.h"
#include "services/customer/product_mapper.h"

namespace crm::customer::import {

using schema::Breach;
using schema::Violation;
using Outcome = CellCleaner::Outcome;

namespace {

constexpr std::string_view kContact = "contact";

const FieldCatalog& Catalog() {
  static const FieldCatalog& catalog = *[] {
    std::vector<ExtraField> extra = JoinColumns();
    // A name in most lists; reports mask it as one.
    extra.push_back({kContact,
                     {"客户联系人"},
                     schema::MessageSchema::Of<v1::Contact>().Find("name"),
                     /*read_by_kind=*/true});
    const auto& schema = schema::MessageSchema::Of<v1::Interaction>();
    extra.push_back(
        {"recorded_time", {"登记时间", "记录时间", "recorded at"}, schema.Find("create_time")});
    return new FieldCatalog(schema, std::move(extra));
  }();
  return catalog;
}

Breach ContactUnknown() {
  return {"CONTACT_UNKNOWN",
          "use the number of a contact of this customer, or a name that only one of them has",
          "请使用该客户联系人的编号，或唯一的联系人姓名"};
}

struct InteractionRow : JoinedRow {
  v1::Interaction interaction;  // its contact as the row has it: number or name

  std::vector<google::protobuf::Message*> messages() override { return {&interaction, &who}; }
};

// What makes two records one: customer, time, content.
using Sameness = std::tuple<std::string, int64_t, std::string>;

Sameness SamenessOf(const std::string& customer, const v1::Interaction& interaction) {
  return {customer, ToMicros(TimeOf(interaction.time())), interaction.content()};
}

class InteractionRun : public MessageRun {
 public:
  struct Parts {
    Archive& archive;
    ActivityArchive& activity;
    const ContactStore& contacts;
  };

  InteractionRun(Parts parts, RowShape shape, ImportContext context, ColumnPlan plan)
      : MessageRun(parts.archive, std::move(shape), std::move(context), std::move(plan)),
        activity_(parts.activity),
        contacts_(parts.contacts),
        recorder_(parts.activity) {}

  absl::StatusOr<BatchChange> Apply(db::Connection& db, const ParsedRows& rows,
                                    int attempt) override;

 protected:
  std::unique_ptr<MessageRow> NewRow() const override { return std::make_unique<InteractionRow>(); }

  Outcome ReadOwn(std::string_view, std::string_view text, MessageRow& row, CleaningCounts&,
                  Breach&) const override {
    static_cast<InteractionRow&>(row).interaction.set_contact(std::string(text));
    return Outcome::kSet;
  }

  std::vector<Violation> Check(MessageRow& row, CleaningCounts&) const override {
    return ViolationsOf(NormalizeInteraction(RecordContextOf(context_, context_.now),
                                             archive_.lists,
                                             static_cast<InteractionRow&>(row).interaction));
  }

  absl::StatusOr<std::vector<Stored>> ReadStored(db::Connection& db,
                                                 const std::vector<int64_t>& ids) const override;
  absl::Status Complete(db::Connection& db, Sources& sources) override;

 private:
  class Batch;

  ActivityArchive& activity_;
  const ContactStore& contacts_;
  const InteractionRecorder recorder_;
  std::set<Sameness> seen_;  // by a dry run: it writes nothing that later rows could be found by
};

// Contacts of customers, by number or name.
class ContactNames {
 public:
  absl::Status Load(db::Connection& db, const ContactStore& store, const auth::RowScope& scope,
                    const std::vector<std::string>& customers) {
    CRM_ASSIGN_OR_RETURN(const std::vector<StoredContact> found,
                         store.OfCustomers(db, customers, scope));
    for (const StoredContact& contact : found) {
      const v1::Contact& message = contact.message;
      Add(message.customer(), message.number(), message.number());
      Add(message.customer(), message.name(), message.number());
    }
    return absl::OkStatus();
  }

  // Empty if there is none, or more than one of the name.
  std::string NumberOf(const std::string& customer, const std::string& text) const {
    const auto found = numbers_.find({customer, text});
    return found == numbers_.end() ? "" : found->second;
  }

 private:
  void Add(const std::string& customer, const std::string& text, const std::string& number) {
    const auto [entry, fresh] = numbers_.try_emplace({customer, text}, number);
    if (!fresh && entry->second != number) entry->second.clear();
  }

  absl::flat_hash_map<std::pair<std::string, std::string>, std::string> numbers_;
};

// The rows of one batch.
class InteractionRun::Batch {
 public:
  Batch(InteractionRun& run, const ParsedRows& rows)
      : run_(run), rows_(rows), join_(run.archive_, run.context_.scope) {}

  absl::StatusOr<BatchChange> Run(db::Connection& db) && {
    change_.results.resize(rows_.size());
    CRM_RETURN_IF_ERROR(Load(db));
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i]->rejected) {
        change_.results[i].outcome = RowOutcome::kRejected;
      } else {
        Decide(i, RowAt(i));
      }
    }
    CRM_RETURN_IF_ERROR(Record(db));
    return std::move(change_);
  }

 private:
  const InteractionRow& RowAt(size_t index) const {
    return static_cast<const InteractionRow&>(*rows_[index]);
  }

  absl::Status Load(db::Connection& db) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i]->rejected) join_.Want(RowAt(i).who);
    }
    CRM_RETURN_IF_ERROR(join_.Load(db));
    std::vector<std::string> customers;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i]->rejected || RowAt(i).interaction.contact().empty()) continue;
      customers.push_back(join_.Of(RowAt(i).who).number);
    }
    CRM_RETURN_IF_ERROR(contacts_.Load(db, run_.contacts_, run_.context_.scope, customers));
    return LoadThere(db);
  }

  // What happened at the same times.
  absl::Status LoadThere(db::Connection& db) {
    std::vector<int64_t> times;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i]->rejected) times.push_back(ToMicros(TimeOf(RowAt(i).interaction.time())));
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    for (size_t start = 0; start < times.size(); start += db::kMaxInSize) {
      const auto part = absl::MakeConstSpan(times).subspan(start, db::kMaxInSize);
      filter::Fragment at = filter::In("record.time", db::Values(part.begin(), part.end()));
      CRM_ASSIGN_OR_RETURN(const auto found, run_.activity_.interactions.Find(db, std::move(at),
                                                                              run_.context_.scope));
      for (const auto& stored : found) {
        const bool from_file = stored.message.entered_via() == run_.context_.number;
        there_[SamenessOf(stored.message.customer(), stored.message)] = from_file;
      }
    }
    return absl::OkStatus();
  }

  void Decide(size_t index, const InteractionRow& row) {
    const CustomerJoin::Answer answer = join_.Of(row.who);
    if (answer.breach.has_value()) {
      return run_.Reject(row, index, answer.field, *answer.breach, change_);
    }
    v1::Interaction interaction = row.interaction;
    interaction.set_customer(answer.number);
    Sameness sameness = SamenessOf(answer.number, interaction);
    const auto there = there_.find(sameness);
    if (there != there_.end() || run_.seen_.contains(sameness)) {
      return DecideDuplicate(index, row, there == there_.end() || there->second);
    }
    if (!ResolveContact(index, row, interaction)) return;
    there_[std::move(sameness)] = true;
    good_.push_back({std::move(interaction), {}});
    places_.push_back(index);
  }

  void DecideDuplicate(size_t index, const InteractionRow& row, bool from_file) {
    ++(from_file ? change_.duplicates_in_file : change_.duplicates_in_archive);
    change_.results[index].outcome = RowOutcome::kSkipped;
    if (run_.context_.spec.duplicates() != v1::DUPLICATE_POLICY_REJECT) return;
    run_.Reject(row, index, "", DuplicateBreach(), change_);
  }

  // False if the row was rejected.
  bool ResolveContact(size_t index, const InteractionRow& row, v1::Interaction& interaction) {
    if (interaction.contact().empty()) return true;
    interaction.set_contact(contacts_.NumberOf(interaction.customer(), interaction.contact()));
    if (!interaction.contact().empty()) return true;
    if (run_.accept_incomplete()) {
      run_.LeaveOut(row, kContact, ContactUnknown(), change_);
      return true;
    }
    run_.Reject(row, index, kContact, ContactUnknown(), change_);
    return false;
  }

  absl::Status Record(db::Connection& db) {
    db::WriteSet thrown_away;
    db::WriteSet& writes = run_.context_.dry_run ? thrown_away : change_.writes;
    CRM_ASSIGN_OR_RETURN(
        const auto recorded,
        run_.recorder_.Record(db, writes, std::move(good_),
                              RecordContextOf(run_.context_, run_.archive_.clock.Now())));
    std::vector<Sameness> met;
    for (size_t i = 0; i < recorded.size(); ++i) {
      NoteResult(places_[i], recorded[i]);
      if (recorded[i].status.ok()) {
        met.push_back(SamenessOf(recorded[i].message.customer(), recorded[i].message));
      }
    }
    if (run_.context_.dry_run) {
      change_.after_commit = [&seen = run_.seen_, met = std::move(met)] {
        seen.insert(met.begin(), met.end());
      };
    }
    return absl::OkStatus();
  }

  void NoteResult(size_t index, const InteractionRecorder::Outcome& recorded) {
    const InteractionRow& row = RowAt(index);
    if (!recorded.status.ok()) {
      const std::vector<Violation> violations = ViolationsOf(recorded.status);
      if (violations.empty()) {
        return run_.Reject(row, index, FieldOfWho(row.who), BreachOf(recorded.status), change_);
      }
      const Violation& first = violations.front();
      return run_.Reject(row, index, first.field, {first.rule, first.mend_en, first.mend_zh},
                         change_);
    }
    change_.unknown_products.insert(change_.unknown_products.end(),
                                    recorded.unknown_products.begin(),
                                    recorded.unknown_products.end());
    RowResult& result = change_.results[index];
    result.outcome = RowOutcome::kCreated;
    result.resource_id = recorded.key.id;
    result.resource_version = recorded.key.version;
    NoteFields(row, result);
    if (recorded.message.contact().empty()) {
      result.fields.erase(std::remove(result.fields.begin(), result.fields.end(), kContact),
                          result.fields.end());
    }
  }

  InteractionRun& run_;
  const ParsedRows& rows_;
  BatchChange change_;
  CustomerJoin join_;
  ContactNames contacts_;
  std::map<Sameness, bool> there_;  // → by this file
  std::vector<InteractionRecorder::New> good_;
  std::vector<size_t> places_;  // of them, among the rows
};

absl::StatusOr<BatchChange> InteractionRun::Apply(db::Connection& db, const ParsedRows& rows, int) {
  return Batch(*this, rows).Run(db);
}

absl::StatusOr<std::vector<MessageRun::Stored>> InteractionRun::ReadStored(
    db::Connection& db, const std::vector<int64_t>& ids) const {
  CRM_ASSIGN_OR_RETURN(auto found, activity_.interactions.FindByIds(db, ids));
  std::vector<Stored> stored;
  for (auto& record : found) {
    stored.push_back({record.key, std::make_unique<v1::Interaction>(std::move(record.message))});
  }
  return stored;
}

// Codes of products and numbers of contacts for their names.
absl::Status InteractionRun::Complete(db::Connection& db, Sources& sources) {
  ProductMapper products(activity_.products);
  CustomerJoin join(archive_, context_.scope);
  for (const auto& source : sources) {
    auto& row = static_cast<InteractionRow&>(*source);
    join.Want(row.who);
    for (const std::string& name : row.interaction.products()) products.Want(name);
  }
  CRM_RETURN_IF_ERROR(products.Load(db));
  CRM_RETURN_IF_ERROR(join.Load(db));
  std::vector<std::string> customers;
  for (const auto& source : sources) {
    auto& row = static_cast<InteractionRow&>(*source);
    row.interaction.set_customer(join.Of(row.who).number);
    if (!row.interaction.contact().empty()) customers.push_back(row.interaction.customer());
    std::vector<std::string> codes;
    for (const std::string& name : row.interaction.products()) {
      std::string code = products.CodeOf(name);
      if (code.empty()) code = name;
      if (std::find(codes.begin(), codes.end(), code) == codes.end()) {
        codes.push_back(std::move(code));
      }
    }
    row.interaction.mutable_products()->Assign(codes.begin(), codes.end());
  }
  ContactNames contacts;
  CRM_RETURN_IF_ERROR(contacts.Load(db, contacts_, context_.scope, customers));
  for (const auto& source : sources) {
    v1::Interaction& interaction = static_cast<InteractionRow&>(*source).interaction;
    if (interaction.contact().empty()) continue;
    interaction.set_contact(contacts.NumberOf(interaction.customer(), interaction.contact()));
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<ImportKind> NewInteractionImport(ActivityArchive& activity,
                                                 const ContactStore& contacts) {
  return std::make_unique<MessageKind<InteractionRun>>(
      InteractionRun::Parts{activity.archive, activity, contacts},
      RowShape{.catalog = &Catalog(), .required = {"time", "content"}, .joins = JoinNames()});
}

}  // namespace crm::customer::import
