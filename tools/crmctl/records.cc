#include "tools/crmctl/records.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "tools/crmctl/field_label.h"
#include "tools/crmctl/progress_bar.h"

namespace crm::cli {
namespace {

using google::protobuf::Message;
using schema::FieldSchema;
using schema::MessageSchema;

// A field of this name is drawn as a bar, too.
constexpr char kPercent[] = "percent";
constexpr size_t kBarWidth = 10;
// Units of numbers that are not whole: parts of a whole, and lengths of time.
constexpr char kShareUnit[] = "share";
constexpr char kDaysUnit[] = "days";

// As people read it: 0.631518 of a whole is 63.2%.
std::string NumberText(const Message& message, const FieldSchema& field) {
  const double number = message.GetReflection()->GetDouble(message, field.descriptor);
  if (field.options->unit() == kShareUnit) return absl::StrFormat("%.1f%%", number * 100);
  if (field.options->unit() == kDaysUnit) return absl::StrFormat("%.1f", number);
  return absl::StrCat(number);
}

}  // namespace

absl::StatusOr<Records> Records::Create(Session& session, const MessageSchema& schema,
                                        const std::vector<std::string>& columns,
                                        const MessageSchema* subject) {
  Records records(session, session.text_rules(subject));
  for (const std::string& column : columns) {
    CRM_RETURN_IF_ERROR(records.AddColumn(schema, column));
  }
  if (columns.empty()) {
    for (const FieldSchema& field : schema.fields()) {
      CRM_RETURN_IF_ERROR(records.AddColumn(schema, field.name));
    }
  }
  CRM_RETURN_IF_ERROR(records.Open());
  return records;
}

absl::Status Records::AddColumn(const MessageSchema& schema, const std::string& path) {
  const FieldSchema* field = FindAt(schema, path);
  std::string name = path;
  if (field == nullptr) {
    CRM_ASSIGN_OR_RETURN(field, FindField(schema, path, session_->language()));
    name = field->name;
  }
  paths_.push_back(std::move(name));
  columns_.push_back({Printable(FieldLabel(*field, session_->language())),
                      IsNumeric(*field) ? Align::kRight : Align::kLeft});
  return absl::OkStatus();
}

absl::Status Records::Open() {
  Console& console = session_->console();
  if (session_->output() == Output::kTable) {
    table_.emplace(columns_, console.out_is_terminal ? console.width : 0, session_->style());
    return absl::OkStatus();
  }
  if (session_->output() != Output::kCsv) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(OpenCsv());
  std::vector<std::string_view> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  return csv_->Write(titles);
}

absl::Status Records::OpenCsv() {
  Console& console = session_->console();
  CRM_ASSIGN_OR_RETURN(csv_, tabular::NewCsvWriter(
                                 [&console](std::string_view chunk) {
                                   console.out << chunk;
                                   return console.out.good()
                                              ? absl::OkStatus()
                                              : absl::DataLossError("the output cannot be written");
                                 },
                                 {.charset = tabular::CsvWriterOptions::Charset::kUtf8}));
  return absl::OkStatus();
}

absl::Status Records::Add(const Message& message) {
  ++count_;
  if (session_->output() == Output::kJson) {
    session_->console().out << JsonText(message) << "\n";
    return absl::OkStatus();
  }
  std::vector<std::string> cells = Cells(message);
  if (table_) {
    table_->Add(std::move(cells));
    return absl::OkStatus();
  }
  return csv_->Write(std::vector<std::string_view>(cells.begin(), cells.end()));
}

absl::Status Records::Flush() {
  if (table_ && !table_->empty()) session_->console().out << table_->Flush();
  if (csv_ != nullptr) {
    // A writer gives up what it holds only when it is closed; rows may go on after it.
    CRM_RETURN_IF_ERROR(csv_->Close());
    CRM_RETURN_IF_ERROR(OpenCsv());
  }
  session_->console().out << std::flush;
  return absl::OkStatus();
}

std::vector<std::string> Records::Cells(const Message& message) const {
  std::vector<std::string> cells;
  for (const std::string& path : paths_) {
    const FieldAt at = FindAt(message, path);
    cells.push_back(at.field == nullptr ? "" : CellText(at));
  }
  return cells;
}

std::string Records::CellText(const FieldAt& at) const {
  const bool absent = at.field->descriptor->has_presence() &&
                      !at.message->GetReflection()->HasField(*at.message, at.field->descriptor);
  if (table_ && at.field->kind == schema::FieldKind::kDouble && !at.field->repeated && !absent) {
    return NumberText(*at.message, *at.field);
  }
  std::string text = FieldText(*at.message, *at.field, rules_);
  // Nothing is a count too, unless the field can be absent.
  const bool counted =
      at.field->kind == schema::FieldKind::kInteger && !at.field->descriptor->has_presence();
  if (text.empty() && counted && !at.field->repeated) return "0";
  double percent = 0;
  if (table_ && at.field->name == kPercent && absl::SimpleAtod(text, &percent)) {
    return absl::StrCat(Bar(percent / 100, kBarWidth), " ", text);
  }
  return text;
}

absl::Status PrintMessage(Session& session, const Message& message) {
  Console& console = session.console();
  switch (session.output()) {
    case Output::kJson:
      console.out << PrettyJsonText(message);
      return absl::OkStatus();
    case Output::kTable:
      console.out << Details(FieldTexts(message, session.text_rules()),
                             console.out_is_terminal ? console.width : 0, session.style());
      return absl::OkStatus();
    case Output::kCsv:
      break;
  }
  CRM_ASSIGN_OR_RETURN(Records records,
                       Records::Create(session, MessageSchema::Of(message.GetDescriptor()), {}));
  CRM_RETURN_IF_ERROR(records.Add(message));
  return records.Flush();
}

}  // namespace crm::cli
