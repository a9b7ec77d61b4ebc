#include "services/customer/import/customer_rows.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/resource/resource_table.h"
#include "common/schema/validate.h"
#include "common/text/phone.h"
#include "common/text/unicode.h"
#include "services/customer/import/budget_band.h"
#include "services/customer/import/message_fields.h"
#include "services/customer/tag_changes.h"
#include "services/customer/value_block.h"

namespace crm::customer::import {

namespace pb = google::protobuf;
using schema::Breach;
using schema::FieldSchema;
using Outcome = CellCleaner::Outcome;

namespace {

constexpr std::string_view kCustomFields = "custom_fields";
constexpr int32_t kRequiredWeight = 2;
// A row with more broken rules than this is wrong as a whole.
constexpr size_t kMaxIssuesOfRow = 20;
// Leaving one value out can break another rule, but not often.
constexpr int kMaxPasses = 4;
// A family name alone has one Chinese character or two; with two it cannot be told from a short
// full name: 欧阳先生.
constexpr size_t kFullNameLength = 3;

const schema::MessageSchema& Schema() {
  static const schema::MessageSchema& schema = schema::MessageSchema::Of<v1::Customer>();
  return schema;
}

// A row without these is of no use, whatever the policy.
bool IsIndispensable(std::string_view field) { return field == "full_name" || field == "kind"; }

Breach BreachOf(schema::Violation violation) {
  return {std::move(violation.rule), std::move(violation.mend_en), std::move(violation.mend_zh)};
}

void MoveText(std::string* from, std::string* to) {
  if (to->empty()) *to = std::move(*from);
  from->clear();
}

// As TagChanges keeps them.
void SortTags(v1::Customer& customer) {
  std::set<std::string> tags;
  for (const std::string& tag : customer.tags()) tags.insert(NormalizeTag(tag));
  customer.mutable_tags()->Assign(tags.begin(), tags.end());
}

// A landline where the decision maker's mobile belongs (CUS-14), with room where it belongs itself.
bool IsSwitchboard(const v1::Customer& customer) {
  return !customer.phone().empty() &&
         text::KindOfPhone(customer.phone()) == text::PhoneKind::kLandline &&
         (customer.company_phone().empty() || customer.company_phone() == customer.phone());
}

}  // namespace

CustomerRowParser::CustomerRowParser(Archive& archive, const CustomerOwners& owners,
                                     const ImportContext& context, const ColumnPlan& plan)
    : archive_(archive),
      owners_(owners),
      context_(context),
      plan_(plan),
      rules_(archive.rules()),
      schema_(Schema()),
      source_{context.now, context.actor, context.number},
      today_(archive.DayOf(context.now)),
      accept_incomplete_(context.spec.missing() == v1::MISSING_POLICY_ACCEPT_INCOMPLETE),
      cleaner_(archive.lists, archive.staff, context.now, archive.zone) {
  for (const FieldSchema& field : schema_.fields()) {
    if (field.options->sensitivity() != crm::options::v1::SENSITIVITY_UNSPECIFIED) {
      sensitive_.push_back(field.descriptor);
    }
    if (field.options->not_stored()) continue;
    // Numbers that are never unknown have columns without a default.
    const bool number =
        field.kind == schema::FieldKind::kInteger || field.kind == schema::FieldKind::kBool;
    if (!(number && !field.descriptor->has_presence()) && field.name != "number") {
      uncovered_.push_back(&field);
    }
  }
  for (const ColumnPlan::Column& column : plan.columns()) {
    if (!column.imported()) continue;
    const FieldSchema* field = column.field == nullptr ? nullptr : column.field->schema;
    const int32_t weight = WeightOf(column.field_name());
    steps_.push_back({&column, field, weight});
    row_weight_ += weight;
  }
  for (const v1::FieldDefault& value : context.spec.defaults()) {
    defaults_.push_back(
        {schema_.Find(value.field()), std::string(CustomFieldKey(value.field())), value.value()});
  }
}

int32_t CustomerRowParser::WeightOf(std::string_view field) const {
  const CustomerPolicy& policy = rules_->policy();
  const auto in = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), field) != names.end();
  };
  const bool required =
      field == "kind" || in(policy.required_for_organization) || in(policy.required_for_person);
  return required ? kRequiredWeight : 1;
}

std::unique_ptr<CustomerRow> CustomerRowParser::Parse(const tabular::Row& row,
                                                      ParseCounts& counts) {
  auto parsed = std::make_unique<CustomerRow>();
  parsed->line = row.line();
  parsed->raw.Assign(row);
  ReadCells(row, *parsed, counts);
  v1::Customer& customer = parsed->customer.message;
  ApplyDefaults(*parsed, counts);
  DecideKind(*parsed, counts);
  DropTitles(customer, counts);
  MoveFields(customer, counts);
  SortTags(customer);
  GiveOwner(*parsed);
  ApplyRules(*parsed);
  if (!parsed->rejected) Finish(*parsed);
  return parsed;
}

void CustomerRowParser::ReadCells(const tabular::Row& row, CustomerRow& parsed,
                                  ParseCounts& counts) {
  v1::Customer& customer = parsed.customer.message;
  Breach breach;
  for (const Step& step : steps_) {
    const std::string_view cell = row[step.column->index];
    const Outcome outcome = ReadCell(step, cell, customer, counts, breach);
    if (outcome == Outcome::kMissing) continue;
    ++counts.filled[step.column->index];
    parsed.weight_before += step.weight;
    if (outcome == Outcome::kBroken) {
      Refuse(parsed, step.column, step.field, step.column->field_name(), cell, breach);
    }
  }
  for (size_t i = plan_.columns().size(); i < row.size(); ++i) {
    if (text::Trim(row[i]).empty()) continue;
    parsed.rejected = true;
    Refuse(parsed, nullptr, nullptr, "", "",
           {"ROW_TOO_LONG",
            "the row has more cells than the header; quote cells that contain the "
            "delimiter",
            "该行的单元格多于表头，请为含有分隔符的单元格加引号"});
    return;
  }
}

Outcome CustomerRowParser::ReadCell(const Step& step, std::string_view cell, v1::Customer& customer,
                                    ParseCounts& counts, Breach& breach) {
  const int64_t unit = step.column->unit;
  if (step.field != nullptr) {
    return cleaner_.Clean(*step.field, unit, cell, customer, counts.cleanings, breach);
  }
  const std::string_view text = cleaner_.CleanText(cell, true, counts.cleanings);
  if (CellCleaner::IsMissingWord(text)) {
    if (!text.empty()) counts.cleanings.Count(Cleaning::kMissing);
    return Outcome::kMissing;
  }
  if (!step.column->custom_key.empty()) {
    return ReadCustomField(step.column->custom_key, text, customer, breach);
  }
  const std::optional<BudgetBand> band = ParseBudgetBand(text, unit);
  if (!band.has_value()) {
    breach = {"BUDGET_FORMAT", "use a band such as 10万-50万, <1万 or >50万",
              "请填写预算区间，例如 10万-50万、<1万、>50万"};
    return Outcome::kBroken;
  }
  counts.cleanings.Count(Cleaning::kDecimal);
  if (!band->lower.empty()) customer.set_budget_lower(band->lower);
  if (!band->upper.empty()) customer.set_budget_upper(band->upper);
  return Outcome::kSet;
}

Outcome CustomerRowParser::ReadCustomField(const std::string& key, std::string_view text,
                                           v1::Customer& customer, Breach& breach) {
  const CustomFieldRules& rules = rules_->custom_fields();
  const v1::CustomField* field = rules.Find(key);
  if (field == nullptr) {
    breach = {"FIELD_UNKNOWN", "define this custom field first", "请先定义该自定义字段"};
    return Outcome::kBroken;
  }
  pb::Value value;
  if (auto violation = rules.FromText(*field, text, value)) {
    breach = BreachOf(*std::move(violation));
    return Outcome::kBroken;
  }
  if (value.kind_case() == pb::Value::KIND_NOT_SET) return Outcome::kMissing;
  (*customer.mutable_custom_fields()->mutable_fields())[key] = std::move(value);
  return Outcome::kSet;
}

void CustomerRowParser::ApplyDefaults(CustomerRow& parsed, ParseCounts& counts) {
  v1::Customer& customer = parsed.customer.message;
  CleaningCounts ignored;
  Breach breach;
  for (const Default& value : defaults_) {
    if (value.field != nullptr) {
      if (IsSet(customer, *value.field)) continue;
      if (cleaner_.Clean(*value.field, 1, value.value, customer, ignored, breach) ==
          Outcome::kSet) {
        counts.cleanings.Count(Cleaning::kDefault);
        parsed.defaulted.push_back(value.field);
      }
    } else if (!value.custom_key.empty()) {
      if (customer.custom_fields().fields().contains(value.custom_key)) continue;
      if (ReadCustomField(value.custom_key, value.value, customer, breach) == Outcome::kSet) {
        counts.cleanings.Count(Cleaning::kDefault);
      }
    }
  }
}

void CustomerRowParser::DecideKind(CustomerRow& parsed, ParseCounts& counts) {
  v1::Customer& customer = parsed.customer.message;
  const ColumnPlan::Column* column = plan_.Find("kind");
  parsed.kind_is_said = column != nullptr && customer.kind() != v1::CUSTOMER_KIND_UNSPECIFIED;
  if (customer.kind() != v1::CUSTOMER_KIND_UNSPECIFIED || customer.full_name().empty()) return;
  customer.set_kind(GuessKind(customer));
  counts.cleanings.Count(Cleaning::kKindGuessed);
}

// `王小明先生` is a full name and a title; `王先生` is no full name, and refused.
void CustomerRowParser::DropTitles(v1::Customer& customer, ParseCounts& counts) {
  constexpr std::string_view kTitles[] = {"先生", "女士", "小姐"};
  const auto drop = [&](std::string* name) {
    for (std::string_view title : kTitles) {
      if (!name->ends_with(title)) continue;
      const std::string_view rest =
          text::Trim(std::string_view(*name).substr(0, name->size() - title.size()));
      if (text::CodePointLength(rest) < kFullNameLength) return;
      *name = std::string(rest);
      counts.cleanings.Count(Cleaning::kTitle);
      return;
    }
  };
  if (customer.kind() == v1::CUSTOMER_KIND_PERSON) drop(customer.mutable_full_name());
  if (!customer.decision_maker().empty()) drop(customer.mutable_decision_maker());
}

// One column serves both kinds in many lists: `职务` is the decision maker's or the person's own.
void CustomerRowParser::MoveFields(v1::Customer& customer, ParseCounts& counts) {
  if (customer.kind() == v1::CUSTOMER_KIND_ORGANIZATION && !customer.position().empty()) {
    MoveText(customer.mutable_position(), customer.mutable_decision_maker_title());
    counts.cleanings.Count(Cleaning::kFieldOfKind);
  }
  if (customer.kind() == v1::CUSTOMER_KIND_ORGANIZATION && IsSwitchboard(customer)) {
    MoveText(customer.mutable_phone(), customer.mutable_company_phone());
    counts.cleanings.Count(Cleaning::kFieldOfKind);
  }
  if (customer.kind() != v1::CUSTOMER_KIND_PERSON) return;
  if (!customer.decision_maker_title().empty()) {
    MoveText(customer.mutable_decision_maker_title(), customer.mutable_position());
    counts.cleanings.Count(Cleaning::kFieldOfKind);
  }
  if (!customer.decision_maker().empty() && customer.decision_maker() == customer.full_name()) {
    customer.clear_decision_maker();
    counts.cleanings.Count(Cleaning::kFieldOfKind);
  }
}

// As CreateCustomer does: whoever imports owns what has no other owner.
void CustomerRowParser::GiveOwner(CustomerRow& parsed) {
  v1::Customer& customer = parsed.customer.message;
  const FieldSchema* field = schema_.Find("owner");
  const bool said = !customer.owner().empty();
  const auto violation = owners_.Fill(context_.giver, customer);
  if (violation.has_value()) {
    const ColumnPlan::Column* column = plan_.Find("owner");
    Refuse(parsed, column, field, "owner",
           column == nullptr ? std::string_view() : parsed.raw[column->index],
           BreachOf(*violation));
    customer.clear_owner();
    owners_.Fill(context_.giver, customer);
  }
  if (!said || violation.has_value()) parsed.defaulted.push_back(field);
}

void CustomerRowParser::ApplyRules(CustomerRow& parsed) {
  v1::Customer& customer = parsed.customer.message;
  if (customer.full_name().empty()) {
    const bool told = std::any_of(parsed.issues.begin(), parsed.issues.end(),
                                  [](const auto& issue) { return issue.field() == "full_name"; });
    parsed.rejected = true;
    if (!told) {
      Refuse(parsed, plan_.Find("full_name"), nullptr, "full_name", "",
             {"REQUIRED", "give the customer's name", "请填写客户名称"});
    }
    return;
  }
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    std::vector<schema::Violation> violations = rules_->Normalize(customer, nullptr, today_);
    if (violations.empty()) break;
    for (const schema::Violation& violation : violations) {
      const std::string field(BaseName(violation.field));
      const ColumnPlan::Column* column = plan_.Find(
          field == kCustomFields ? std::string_view(violation.field) : std::string_view(field));
      const Breach breach{violation.rule, violation.mend_en, violation.mend_zh};
      Refuse(parsed, column, schema_.Find(field), violation.field,
             column == nullptr ? std::string_view() : parsed.raw[column->index], breach);
      if (!IsIndispensable(field)) ClearField(violation.field, customer);
    }
    if (parsed.rejected) return;
  }
  if (accept_incomplete_) return;
  for (const std::string& field : rules_->Missing(customer)) {
    const bool told = std::any_of(parsed.issues.begin(), parsed.issues.end(),
                                  [&](const auto& issue) { return issue.field() == field; });
    if (told) continue;
    Refuse(parsed, plan_.Find(field), nullptr, field, "",
           {"REQUIRED", "fill this in, or import with ACCEPT_INCOMPLETE",
            "请补充，或选择“接收为资料不全”"});
  }
}

void CustomerRowParser::ClearField(std::string_view path, v1::Customer& customer) {
  const std::string_view key = CustomFieldKey(path);
  if (!key.empty()) {
    customer.mutable_custom_fields()->mutable_fields()->erase(std::string(key));
    if (customer.custom_fields().fields().empty()) customer.clear_custom_fields();
    return;
  }
  const FieldSchema* field = schema_.Find(BaseName(path));
  if (field != nullptr) customer.GetReflection()->ClearField(&customer, field->descriptor);
}

void CustomerRowParser::Refuse(CustomerRow& parsed, const ColumnPlan::Column* column,
                               const FieldSchema* field, std::string_view field_name,
                               std::string_view value, const Breach& breach) {
  if (!accept_incomplete_ || IsIndispensable(field_name)) parsed.rejected = true;
  if (parsed.issues.size() >= kMaxIssuesOfRow) return;
  parsed.issues.push_back(MakeIssue(parsed.line, column, field_name, field, value, breach));
}

// What the row itself has set, and its completeness.
void CustomerRowParser::NoteFields(CustomerRow& parsed) {
  const v1::Customer& customer = parsed.customer.message;
  for (const Step& step : steps_) {
    bool set = false;
    if (step.field != nullptr) {
      set = IsSet(customer, *step.field);
    } else if (step.column->custom_key.empty()) {
      set = !customer.budget_lower().empty() || !customer.budget_upper().empty();
    } else {
      set = customer.custom_fields().fields().contains(step.column->custom_key);
    }
    if (set) parsed.weight_after += step.weight;
  }
  for (const FieldSchema& field : schema_.fields()) {
    if (field.options->output_only() || field.options->not_stored()) continue;
    if (field.name == "kind" && !parsed.kind_is_said) continue;
    const auto& defaulted = parsed.defaulted;
    if (std::find(defaulted.begin(), defaulted.end(), &field) != defaulted.end()) continue;
    if (IsSet(customer, field)) parsed.fields.push_back(&field);
  }
  // Computed later on, and brought along from where they were kept before (CUS-7, CUS-8).
  for (const char* name : {"satisfaction", "nps", "tags"}) {
    const FieldSchema* field = schema_.Find(name);
    if (IsSet(customer, *field)) parsed.fields.push_back(field);
  }
}

// The stage a new customer had where it was kept before; from here on it moves by events (CUS-5).
void CustomerRowParser::Initialize(v1::Customer& customer) const {
  const v1::Stage stage = customer.stage();
  rules_->Initialize(customer);
  if (stage == v1::STAGE_UNSPECIFIED) return;
  customer.set_stage(stage);
  if (stage == v1::STAGE_ACTIVE) customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_WON);
  if (stage == v1::STAGE_DORMANT) customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_DORMANT);
}

void CustomerRowParser::FillOpeningBalance(CustomerRow& parsed) {
  v1::Customer& customer = parsed.customer.message;
  OpeningBalance balance{.amount = customer.opening_amount(),
                         .count = customer.opening_count(),
                         .as_of = customer.opening_as_of(),
                         .source = customer.opening_source()};
  customer.clear_opening_amount();
  customer.clear_opening_count();
  customer.clear_opening_as_of();
  customer.clear_opening_source();
  if (balance.amount.empty() && balance.count == 0) return;
  if (balance.amount.empty()) balance.amount = "0.00";
  if (balance.as_of.empty()) balance.as_of = absl::FormatCivilTime(today_);
  if (balance.source.empty()) {
    balance.source = std::string(text::FirstCodePoints(context_.spec.file_name(), 100));
  }
  ReplaceOpeningBalance(balance, customer);
  parsed.fields.push_back(schema_.Find("opening_amount"));
  parsed.fields.push_back(schema_.Find("opening_count"));
}

void CustomerRowParser::Finish(CustomerRow& parsed) {
  NoteFields(parsed);
  FillOpeningBalance(parsed);
  v1::Customer& customer = parsed.customer.message;
  Initialize(customer);
  parsed.customer =
      archive_.changes.Stamp(archive_.ids.Next(), std::move(customer), *rules_, source_);
  const v1::Customer& ready = parsed.customer.message;
  parsed.identities = IdentitiesOf(ready);
  bool has_phone = false;
  for (const Identity& identity : parsed.identities) {
    parsed.hashes.push_back(archive_.identities.Hash(identity));
    has_phone = has_phone || identity.kind == v1::IDENTITY_KIND_PHONE;
  }
  if (!has_phone) parsed.name_key = NameKeyOf(ready);
}

void CustomerRowParser::Seal(ParsedRows& rows) {
  for (const auto& row : rows) {
    if (!row->rejected) Cover(static_cast<const CustomerRow&>(*row).customer.message);
  }
  const CustomerInsert& insert = CurrentInsert();
  for (const auto& row : rows) {
    if (row->rejected) continue;
    auto& ready = static_cast<CustomerRow&>(*row);
    ready.insert = &insert;
    ready.values = archive_.store.table().InsertValues(insert.plan, ready.customer.key,
                                                       ready.customer.message);
    ready.payload = PayloadOf(ready.customer.message);
  }
}

// A customer has some ninety fields, of which a file has a dozen. What rows have so far is named in
// the statement; it grows seldom, so few statements are prepared.
void CustomerRowParser::Cover(const v1::Customer& customer) {
  const auto fresh =
      std::stable_partition(uncovered_.begin(), uncovered_.end(),
                            [&](const FieldSchema* field) { return !IsSet(customer, *field); });
  if (fresh == uncovered_.end()) return;
  uncovered_.erase(fresh, uncovered_.end());
  covered_more_ = true;
}

const CustomerInsert& CustomerRowParser::CurrentInsert() {
  if (!covered_more_) return *inserts_.back();
  auto insert = std::make_unique<CustomerInsert>();
  insert->plan = archive_.store.table().PlanInsert([&](const FieldSchema& field) {
    return std::find(uncovered_.begin(), uncovered_.end(), &field) == uncovered_.end();
  });
  const auto& columns = insert->plan.spec.columns;
  insert->number_at =
      static_cast<size_t>(std::find(columns.begin(), columns.end(), "number") - columns.begin());
  inserts_.push_back(std::move(insert));
  covered_more_ = false;
  return *inserts_.back();
}

std::string CustomerRowParser::PayloadOf(v1::Customer& customer) {
  const pb::Reflection& reflection = *customer.GetReflection();
  reflection.SwapFields(&customer, &hidden_, sensitive_);
  std::string payload = customer.SerializeAsString();
  reflection.SwapFields(&customer, &hidden_, sensitive_);
  return payload;
}

}  // namespace crm::customer::import
