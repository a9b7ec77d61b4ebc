#include "services/customer/custom_field_report.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/value.h"
#include "common/schema/message_schema.h"
#include "common/text/decimal.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/custom_field_rules.h"
#include "services/customer/customer_rules.h"

namespace crm::customer {
namespace {

// One counted field.
struct Counted {
  std::string name;
  std::string label;
  std::string condition;  // SQL: the customer has it
  std::string json_path;  // bound in it, if not empty
  bool for_organizations = true;
  bool for_persons = true;
  bool retired = false;
};

bool IsFilledInByHand(const schema::FieldSchema& field) {
  return !field.options->output_only() && !field.options->not_stored() &&
         field.kind != schema::FieldKind::kStruct && field.name != "kind";
}

std::vector<Counted> StandardFields(schema::Language language) {
  std::vector<Counted> fields;
  for (const schema::FieldSchema& field : schema::MessageSchema::Of<v1::Customer>().fields()) {
    if (!IsFilledInByHand(field)) continue;
    fields.push_back(
        {.name = field.name,
         .label = field.Label(language),
         .condition = absl::StrCat(field.name, " IS NOT NULL"),
         .json_path = "",
         .for_organizations = IsFieldOfKind(field.name, v1::CUSTOMER_KIND_ORGANIZATION),
         .for_persons = IsFieldOfKind(field.name, v1::CUSTOMER_KIND_PERSON)});
  }
  return fields;
}

Counted CustomField(const v1::CustomField& field, schema::Language language) {
  return {.name = absl::StrCat("custom_fields.", field.field_key()),
          .label = record::InLanguage(language, field.label_zh(), field.label_en()),
          .condition = "JSON_EXTRACT(custom_fields, ?) IS NOT NULL",
          .json_path = absl::StrCat("$.\"", field.field_key(), "\""),
          .for_organizations = IsFor(field, v1::CUSTOMER_KIND_ORGANIZATION),
          .for_persons = IsFor(field, v1::CUSTOMER_KIND_PERSON),
          .retired = field.retired()};
}

struct Counts {
  int64_t customers = 0;
  std::vector<int64_t> filled;
};

// The whole archive in one pass, by kind.
absl::StatusOr<std::map<int64_t, Counts>> CountFilled(db::Connection& db,
                                                      const std::vector<Counted>& fields) {
  std::string sql = "SELECT kind, COUNT(*)";
  db::Values params;
  for (const Counted& field : fields) {
    absl::StrAppend(&sql, ", SUM(", field.condition, ")");
    if (!field.json_path.empty()) params.emplace_back(field.json_path);
  }
  absl::StrAppend(&sql, " FROM customer GROUP BY kind");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"fill_rates", sql}, params));
  std::map<int64_t, Counts> by_kind;
  while (rows.Next()) {
    Counts& counts = by_kind[rows.Int(0)];
    counts.customers = rows.Int(1);
    for (size_t i = 0; i < fields.size(); ++i) {
      counts.filled.push_back(rows.Int(static_cast<int>(i) + 2));
    }
  }
  return by_kind;
}

std::string Percent(int64_t filled, int64_t customers) {
  constexpr int kDigits = 2;
  constexpr int64_t kHundred = 100 * 100;  // percent with two digits
  return text::FormatDecimal((filled * kHundred * 2 + customers) / (customers * 2), kDigits);
}

}  // namespace

void CustomFieldReport::Register(server::MethodTable& table) {
  table.Unary<v1::GetFillRatesRequest, v1::GetFillRatesResponse>(
      "GetFillRates", [this](server::CallContext& call, const v1::GetFillRatesRequest& request) {
        return FillRates(call, request);
      });
}

absl::StatusOr<v1::GetFillRatesResponse> CustomFieldReport::FillRates(
    server::CallContext& call, const v1::GetFillRatesRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto definitions, store_.fields.Fresh(*db));
  std::vector<Counted> fields;
  if (!request.custom_only()) fields = StandardFields(call.language());
  const CustomFieldRules rules(DefinitionsOf(*definitions.value));
  for (const v1::CustomField& field : rules.definitions()) {
    fields.push_back(CustomField(field, call.language()));
  }
  CRM_ASSIGN_OR_RETURN(const auto by_kind, CountFilled(*db, fields));

  v1::GetFillRatesResponse response;
  for (size_t i = 0; i < fields.size(); ++i) {
    v1::FillRate rate;
    bool any_kind = false;
    for (const auto kind : {v1::CUSTOMER_KIND_ORGANIZATION, v1::CUSTOMER_KIND_PERSON}) {
      const bool has_it =
          kind == v1::CUSTOMER_KIND_PERSON ? fields[i].for_persons : fields[i].for_organizations;
      const bool wanted = request.kind() == v1::CUSTOMER_KIND_UNSPECIFIED || request.kind() == kind;
      if (!has_it || !wanted) continue;
      any_kind = true;
      const auto counts = by_kind.find(kind);
      if (counts == by_kind.end()) continue;
      rate.set_customers(rate.customers() + counts->second.customers);
      rate.set_filled(rate.filled() + counts->second.filled[i]);
    }
    if (!any_kind) continue;
    rate.set_field(fields[i].name);
    rate.set_label(fields[i].label);
    rate.set_retired(fields[i].retired);
    if (rate.customers() > 0) rate.set_percent(Percent(rate.filled(), rate.customers()));
    *response.add_fields() = std::move(rate);
  }
  return response;
}

}  // namespace crm::customer
