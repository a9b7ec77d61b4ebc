#include "tools/crmctl/opportunity_rows.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/schema/message_schema.h"
#include "common/tabular/table_writer.h"
#include "common/text/dates.h"
#include "tools/crmctl/console.h"

namespace crm::cli {
namespace {

using sales::v1::HistoricOpportunity;
using schema::FieldSchema;
using schema::MessageSchema;

constexpr char kIgnore[] = "-";
constexpr char kEntered[] = "entered.";

const MessageSchema& Schema() { return MessageSchema::Of<HistoricOpportunity>(); }

// Fields of the one product that a row of a table has.
const std::map<std::string, std::string>& ProductPaths() {
  static const std::map<std::string, std::string>& paths = *new std::map<std::string, std::string>{
      {"product", "products.0.product_name"},
      {"产品", "products.0.product_name"},
      {"产品名称", "products.0.product_name"},
      {"product_code", "products.0.product_code"},
      {"产品编码", "products.0.product_code"},
      {"quantity", "products.0.quantity"},
      {"数量", "products.0.quantity"},
      {"price", "products.0.price"},
      {"单价", "products.0.price"},
  };
  return paths;
}

// The field's own name; nothing if there is none of this name.
std::optional<std::string> FieldNamed(const std::string& name, schema::Language language) {
  if (absl::StartsWith(name, kEntered) || ProductPaths().count(name) > 0) return name;
  const auto field = FindField(Schema(), name, language);
  if (field.ok()) return (*field)->name;
  const auto spaced = FindField(Schema(), absl::StrReplaceAll(name, {{"_", " "}}), language);
  if (spaced.ok()) return (*spaced)->name;
  return std::nullopt;
}

absl::Status UnknownField(const std::string& name, schema::Language language) {
  // With its hint at near ones.
  return FindField(Schema(), name, language).status();
}

// Of a field with a date: any usual form, made ISO. Others, and what is no date, as they are.
std::string WithIsoDate(const FieldSchema* field, std::string_view cell) {
  const bool is_time = field != nullptr && field->kind == schema::FieldKind::kTimestamp;
  const bool is_date =
      field != nullptr && field->options->format() == crm::options::v1::FORMAT_DATE;
  if (!is_time && !is_date) return std::string(cell);
  const auto date = text::ParseLooseDate(cell);
  return date.ok() ? date->ToIso() : std::string(cell);
}

absl::Status AtField(const absl::Status& status, const std::string& field) {
  return Error(absl::StatusCode::kInvalidArgument, "CELL_UNREADABLE", std::string(status.message()))
      .Meta("field", field);
}

}  // namespace

absl::StatusOr<OpportunityRows> OpportunityRows::Create(const std::vector<std::string>& header,
                                                        OpportunityFileSpec spec,
                                                        InputRules rules) {
  OpportunityRows rows(std::move(spec), rules);
  std::set<std::string> mapped;
  for (const auto& [name, field] : rows.spec_.mapping) {
    const auto column = std::find(header.begin(), header.end(), name);
    if (column == header.end()) {
      return UsageError(
          absl::StrCat(ToAbsl(Say(rules.language, "文件中没有列 ", "the file has no column ")),
                       "\"", name, "\""));
    }
    mapped.insert(name);
    if (field == kIgnore) continue;
    const auto known = FieldNamed(field, rules.language);
    if (!known.has_value()) return UnknownField(field, rules.language);
    rows.targets_.push_back({static_cast<size_t>(column - header.begin()), *known});
  }
  for (const auto& [field, value] : rows.spec_.defaults) {
    if (!FieldNamed(field, rules.language)) return UnknownField(field, rules.language);
  }
  for (size_t i = 0; i < header.size(); ++i) {
    if (mapped.count(header[i]) > 0) continue;
    if (const auto known = FieldNamed(header[i], rules.language)) {
      rows.targets_.push_back({i, *known});
    } else {
      rows.ignored_.push_back(header[i]);
    }
  }
  return rows;
}

absl::Status OpportunityRows::Set(const std::string& field, std::string_view cell,
                                  HistoricOpportunity& row) const {
  std::string value(cell);
  if (const auto meant = spec_.values.find({field, value}); meant != spec_.values.end()) {
    value = meant->second;
  }
  if (absl::StartsWith(field, kEntered)) {
    const std::string stage(absl::StripPrefix(field, kEntered));
    const FieldSchema* time = MessageSchema::Of<sales::v1::HistoricStay>().Find("enter_time");
    sales::v1::HistoricStay& stay = *row.add_stays();
    stay.set_stage(stage);
    return SetPath(stay, "enter_time", WithIsoDate(time, value), rules_);
  }
  const auto product = ProductPaths().find(field);
  if (product != ProductPaths().end()) return SetPath(row, product->second, value, rules_);
  return SetPath(row, field, WithIsoDate(Schema().Find(field), value), rules_);
}

absl::StatusOr<HistoricOpportunity> OpportunityRows::Read(const tabular::Row& cells) const {
  HistoricOpportunity row;
  row.set_line(cells.line());
  std::set<std::string> filled;
  for (const Target& target : targets_) {
    const std::string_view cell = ToStd(
        absl::StripAsciiWhitespace(ToAbsl(tabular::RemoveFormulaGuard(cells[target.column]))));
    if (cell.empty()) continue;
    if (absl::Status set = Set(target.field, cell, row); !set.ok()) {
      return AtField(set, target.field);
    }
    filled.insert(target.field);
  }
  for (const auto& [field, value] : spec_.defaults) {
    if (filled.count(*FieldNamed(field, rules_.language)) > 0) continue;
    if (absl::Status set = Set(*FieldNamed(field, rules_.language), value, row); !set.ok()) {
      return AtField(set, field);
    }
  }
  std::stable_sort(row.mutable_stays()->begin(), row.mutable_stays()->end(),
                   [](const sales::v1::HistoricStay& a, const sales::v1::HistoricStay& b) {
                     return a.enter_time().seconds() < b.enter_time().seconds();
                   });
  return row;
}

}  // namespace crm::cli
