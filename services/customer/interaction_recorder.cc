#include "services/customer/interaction_recorder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/resource/history.h"
#include "services/customer/interaction_rules.h"
#include "services/customer/product_mapper.h"
#include "services/customer/product_rules.h"

namespace crm::customer {
namespace {

// Where unknown product names of interactions come from.
constexpr char kUnmappedSource[] = "interaction";

ContactFacts FactsOf(const v1::Interaction& interaction) {
  return {TimeOf(interaction.time()), interaction.staff(), interaction.result()};
}

}  // namespace

// The rows of one write set.
class InteractionRecorder::Batch {
 public:
  Batch(const InteractionRecorder& recorder, db::WriteSet& writes, const RecordContext& context)
      : recorder_(recorder),
        activity_(recorder.activity_),
        writes_(writes),
        context_(context),
        rules_(activity_.rules()),
        customers_(activity_.archive, context.scope),
        products_(activity_.products),
        attachments_(activity_.attachments) {}

  absl::StatusOr<std::vector<Outcome>> Run(db::Connection& db, std::vector<New> rows) && {
    std::vector<Outcome> outcomes(rows.size());
    std::vector<CustomerReference> references;
    for (size_t i = 0; i < rows.size(); ++i) {
      references.push_back(rows[i].Reference());
      outcomes[i].message = std::move(rows[i].message);
      v1::Interaction& interaction = outcomes[i].message;
      outcomes[i].status = NormalizeInteraction(context_, activity_.archive.lists, interaction);
      for (const std::string& product : interaction.products()) products_.Want(product);
      for (const std::string& number : interaction.attachments()) attachments_.Want(number);
    }
    CRM_RETURN_IF_ERROR(customers_.Load(db, references));
    CRM_RETURN_IF_ERROR(products_.Load(db));
    CRM_RETURN_IF_ERROR(attachments_.Load(db));
    CRM_RETURN_IF_ERROR(LoadContacts(db, outcomes));
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].status.ok()) outcomes[i].status = Add(references[i], outcomes[i]);
    }
    CRM_RETURN_IF_ERROR(customers_.RaiseLevels(db, rules_, context_.source.time));
    customers_.Save(writes_, context_.source);
    return outcomes;
  }

 private:
  absl::Status Add(const CustomerReference& reference, Outcome& outcome) {
    v1::Interaction& interaction = outcome.message;
    CRM_ASSIGN_OR_RETURN(ActivityCustomers::Entry * customer,
                         customers_.Of(reference, context_.field_prefix + "customer"));
    CRM_RETURN_IF_ERROR(CheckContact(interaction, customer->id()));
    CRM_RETURN_IF_ERROR(CheckAttachments(interaction, customer->id()));
    if (!context_.dry_run) {
      CRM_ASSIGN_OR_RETURN(std::string number,
                           activity_.interaction_numbers.Next(context_.source.time));
      interaction.set_number(std::move(number));
    }
    attachments_.Claim(writes_, interaction.attachments(), customer->id());
    MapProducts(outcome);

    interaction.set_customer(customer->after.number());
    interaction.set_owner(customer->after.owner());
    interaction.set_creator(context_.source.actor);
    interaction.set_entered_via(context_.source.via);
    SetTime(context_.source.time, *interaction.mutable_update_time());
    if (!context_.imported || !interaction.has_create_time()) {
      *interaction.mutable_create_time() = interaction.update_time();
    }
    const resource::RowKey& key = outcome.key = {activity_.archive.ids.Next(), 1};
    interaction.set_etag(resource::EtagOf(key.version));
    activity_.interactions.table().Insert(writes_, key, interaction, {customer->id()});
    recorder_.AddEvents(writes_, "interaction.recorded", interaction, key.version,
                        PlansFollowUp(interaction), {}, context_.source);
    rules_.NoteInteraction(FactsOf(interaction), context_.source.time, customer->after);
    customer->contacts.push_back(TimeOf(interaction.time()));
    return absl::OkStatus();
  }

  absl::Status LoadContacts(db::Connection& db, const std::vector<Outcome>& outcomes) {
    std::vector<std::string> numbers;
    for (const Outcome& outcome : outcomes) {
      if (!outcome.message.contact().empty()) numbers.push_back(outcome.message.contact());
    }
    CRM_ASSIGN_OR_RETURN(customer_of_contact_, activity_.archive.contacts.CustomersOf(db, numbers));
    return absl::OkStatus();
  }

  absl::Status CheckContact(const v1::Interaction& interaction, int64_t customer_id) const {
    if (interaction.contact().empty()) return absl::OkStatus();
    const auto found = customer_of_contact_.find(interaction.contact());
    if (found != customer_of_contact_.end() && found->second == customer_id) {
      return absl::OkStatus();
    }
    RecordCheck check(context_);
    check.Add("contact", "CONTACT_UNKNOWN", "use the number of a contact of this customer",
              "请使用该客户的联系人编号");
    return check.status();
  }

  absl::Status CheckAttachments(const v1::Interaction& interaction, int64_t customer_id) const {
    RecordCheck check(context_);
    for (int i = 0; i < interaction.attachments_size(); ++i) {
      if (attachments_.MayClaim(interaction.attachments(i), customer_id, context_.source.actor)) {
        continue;
      }
      check.Add(absl::StrCat("attachments[", i, "]"), "ATTACHMENT_UNKNOWN",
                "use an attachment that you have uploaded or that is the customer's",
                "请使用本人上传的或该客户的附件");
    }
    return check.status();
  }

  // Codes for names; each product once.
  void MapProducts(Outcome& outcome) {
    std::vector<std::string> codes;
    for (const std::string& product : outcome.message.products()) {
      std::string code = products_.CodeOf(product);
      if (code.empty()) {
        code = product;
        activity_.products.NoteUnmapped(
            writes_, product,
            context_.unmapped_source.empty() ? kUnmappedSource : context_.unmapped_source,
            context_.source.time);
        outcome.unknown_products.push_back(product);
      } else if (code != product) {
        v1::Cleaning& cleaning = outcome.cleanings.emplace_back();
        cleaning.set_field("products");
        cleaning.set_rule(kProductNameMapped);
      }
      if (std::find(codes.begin(), codes.end(), code) == codes.end()) {
        codes.push_back(std::move(code));
      }
    }
    outcome.message.mutable_products()->Assign(codes.begin(), codes.end());
  }

  const InteractionRecorder& recorder_;
  ActivityArchive& activity_;
  db::WriteSet& writes_;
  const RecordContext& context_;
  const ActivityRules rules_;
  ActivityCustomers customers_;
  ProductMapper products_;
  AttachmentClaims attachments_;
  absl::flat_hash_map<std::string, int64_t> customer_of_contact_;
};

absl::StatusOr<std::vector<InteractionRecorder::Outcome>> InteractionRecorder::Record(
    db::Connection& db, db::WriteSet& writes, std::vector<New> rows,
    const RecordContext& context) const {
  return Batch(*this, writes, context).Run(db, std::move(rows));
}

absl::StatusOr<v1::Interaction> InteractionRecorder::Change(db::Connection& db,
                                                            db::WriteSet& writes,
                                                            const InteractionStore::Stored& before,
                                                            v1::Interaction after,
                                                            const RecordContext& context) const {
  const resource::ResourceTable& table = activity_.interactions.table();
  const crm::types::v1::ChangeList changes = table.Diff(before.message, after);
  if (changes.changes().empty()) return after;
  resource::ChangeSource source = context.source;
  source.time = std::max(source.time, TimeOf(before.message.update_time()) + absl::Microseconds(1));
  SetTime(source.time, *after.mutable_update_time());
  const resource::RowKey key{before.key.id, before.key.version + 1};
  after.set_etag(resource::EtagOf(key.version));
  table.Update(writes, before.key, before.message, after);
  resource::AddHistory(writes, kInteractionType, key, source, changes);

  std::vector<std::string> fields;
  for (const auto& change : changes.changes()) fields.push_back(change.field());
  const bool plan_changed =
      PlansFollowUp(after) &&
      (!PlansFollowUp(before.message) || before.message.next_action() != after.next_action() ||
       TimeOf(before.message.next_action_due()) != TimeOf(after.next_action_due()));
  AddEvents(writes, "interaction.updated", after, key.version, plan_changed, std::move(fields),
            source);

  if (before.message.result() == after.result()) return after;
  ActivityCustomers customers(activity_.archive, context.scope);
  CRM_RETURN_IF_ERROR(customers.LoadById(db, before.customer_id));
  ActivityCustomers::Entry* customer = customers.OfId(before.customer_id);
  if (customer == nullptr) return NotFound(kInteractionType, after.number());
  // The customer shows the result of the last contact only.
  if (TimeOf(customer->after.last_contact_time()) == TimeOf(after.time())) {
    customer->after.set_last_result(after.result());
    customers.Save(writes, source);
  }
  return after;
}

void InteractionRecorder::AddEvents(db::WriteSet& writes, std::string_view type,
                                    const v1::Interaction& interaction, int64_t version,
                                    bool planned, std::vector<std::string> changed_fields,
                                    const resource::ChangeSource& source) const {
  v1::Interaction payload = interaction;
  // Encrypted at rest; an event would keep it plain.
  payload.clear_content();
  writes.AddEvent(event::MakeEvent({.type = type,
                                    .subject = interaction.number(),
                                    .version = version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &payload,
                                    .changed_fields = std::move(changed_fields)}));
  if (!planned) return;
  writes.AddEvent(event::MakeEvent({.type = "followup.planned",
                                    .subject = interaction.number(),
                                    .version = version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &payload}));
}

}  // namespace crm::customer
