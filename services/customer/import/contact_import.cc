#include "services/customer/import/contact_import.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/text/yes_no.h"
#include "services/customer/contact_rules.h"
#include "services/customer/import/contact_batch.h"
#include "services/customer/import/message_kind.h"
#include "services/customer/import/message_run.h"

namespace crm::customer::import {

using schema::Breach;
using schema::Violation;
using Outcome = CellCleaner::Outcome;

namespace {

constexpr std::string_view kIsDecisionMaker = "is_decision_maker";
constexpr std::string_view kIsPrimary = "is_primary";

const FieldCatalog& Catalog() {
  static const FieldCatalog& catalog = *[] {
    std::vector<ExtraField> extra = JoinColumns();
    extra.push_back(
        {kIsDecisionMaker, {"是否决策人", "是否关键决策人", "决策人", "decision maker"}});
    extra.push_back({kIsPrimary,
                     {"是否主要联系人", "是否首要联系人", "主联系人", "primary"},
                     nullptr,
                     /*read_by_kind=*/true});
    return new FieldCatalog(schema::MessageSchema::Of<v1::Contact>(), std::move(extra));
  }();
  return catalog;
}

class ContactRun : public MessageRun {
 public:
  struct Parts {
    Archive& archive;
    const ContactStore& contacts;
    numbering::NumberAllocator& numbers;
  };

  ContactRun(Parts parts, RowShape shape, ImportContext context, ColumnPlan plan)
      : MessageRun(parts.archive, std::move(shape), std::move(context), std::move(plan)),
        contacts_(parts.contacts),
        numbers_(parts.numbers),
        changes_(parts.archive.ids, parts.contacts, parts.archive.identities),
        rules_(parts.archive.rules()) {}

  absl::StatusOr<BatchChange> Apply(db::Connection& db, const ParsedRows& rows, int) override {
    return ContactBatch({archive_, contacts_, changes_, numbers_}, context_, rows, seen_,
                        [this](const MessageRow& row, size_t index, std::string_view field,
                               const Breach& breach,
                               BatchChange& change) { Reject(row, index, field, breach, change); })
        .Decide(db);
  }

 protected:
  std::unique_ptr<MessageRow> NewRow() const override { return std::make_unique<ContactRow>(); }

  // No says nothing: about who is the primary contact, or which other role it has.
  Outcome ReadOwn(std::string_view field, std::string_view text, MessageRow& row,
                  CleaningCounts& counts, Breach& breach) const override {
    const std::optional<bool> yes = text::ParseYesNo(text);
    if (!yes.has_value()) {
      breach = {"YES_OR_NO", "write yes or no", "请填写是或否"};
      return Outcome::kBroken;
    }
    counts.Count(Cleaning::kYesNo);
    if (!*yes) return Outcome::kMissing;
    v1::Contact& contact = static_cast<ContactRow&>(row).contact;
    if (field == kIsPrimary) {
      contact.set_is_primary(true);
    } else {
      contact.set_role(v1::CONTACT_ROLE_DECISION_MAKER);
    }
    return Outcome::kSet;
  }

  std::vector<Violation> Check(MessageRow& row, CleaningCounts&) const override {
    auto& parsed = static_cast<ContactRow&>(row);
    if (parsed.Sets(kIsDecisionMaker) && !parsed.Sets("role")) {
      parsed.fields.push_back(shape_.catalog->Find("role"));
    }
    return NormalizeContact(parsed.contact, nullptr, rules_->policy(), archive_.lists,
                            archive_.DayOf(context_.now));
  }

  absl::StatusOr<std::vector<Stored>> ReadStored(db::Connection& db,
                                                 const std::vector<int64_t>& ids) const override {
    CRM_ASSIGN_OR_RETURN(std::vector<StoredContact> found, contacts_.GetByIds(db, ids));
    std::vector<Stored> stored;
    for (StoredContact& contact : found) {
      stored.push_back({contact.key, std::make_unique<v1::Contact>(std::move(contact.message))});
    }
    return stored;
  }

 private:
  const ContactStore& contacts_;
  numbering::NumberAllocator& numbers_;
  const ContactChanges changes_;
  const std::shared_ptr<const CustomerRules> rules_;
  SeenContacts seen_;
};

}  // namespace

std::unique_ptr<ImportKind> NewContactImport(Archive& archive, const ContactStore& contacts,
                                             numbering::NumberAllocator& numbers) {
  return std::make_unique<MessageKind<ContactRun>>(
      ContactRun::Parts{archive, contacts, numbers},
      RowShape{.catalog = &Catalog(), .required = {"name"}, .joins = JoinNames()});
}

}  // namespace crm::customer::import
