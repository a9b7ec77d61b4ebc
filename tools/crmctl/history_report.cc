#include "tools/crmctl/history_report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/schema/message_schema.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;

constexpr int64_t kShownRows = 20;

const pb::FieldDescriptor* FieldOf(const pb::Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

std::string TextOf(const pb::Message& message, const char* name) {
  return message.GetReflection()->GetString(message, FieldOf(message, name));
}

}  // namespace

absl::Status HistoryReport::Add(const pb::Message& outcome) {
  const std::string& state =
      outcome.GetReflection()->GetEnum(outcome, FieldOf(outcome, "state"))->name();
  if (absl::EndsWith(state, "IMPORTED")) {
    ++imported_;
  } else if (absl::EndsWith(state, "EXISTS")) {
    ++existing_;
  } else {
    ++refused_;
  }
  if (session_.output() != Output::kTable) return AddRecord(outcome);
  if (absl::EndsWith(state, "REFUSED") && shown_ < kShownRows) AddProblems(outcome);
  return absl::OkStatus();
}

absl::Status HistoryReport::AddRecord(const pb::Message& outcome) {
  if (records_ == nullptr) {
    CRM_ASSIGN_OR_RETURN(
        Records records,
        Records::Create(session_, schema::MessageSchema::Of(outcome.GetDescriptor()), {}));
    records_ = std::make_unique<Records>(std::move(records));
  }
  return records_->Add(outcome);
}

void HistoryReport::AddProblems(const pb::Message& outcome) {
  ++shown_;
  const pb::Reflection& reflection = *outcome.GetReflection();
  const int64_t line = reflection.GetInt64(outcome, FieldOf(outcome, "line"));
  const pb::FieldDescriptor* problems = FieldOf(outcome, "problems");
  for (int i = 0; i < reflection.FieldSize(outcome, problems); ++i) {
    const pb::Message& problem = reflection.GetRepeatedMessage(outcome, problems, i);
    problems_.push_back(
        {line, TextOf(problem, "field"), TextOf(problem, "rule"), TextOf(problem, "mend")});
  }
}

absl::Status HistoryReport::Print() {
  if (records_ != nullptr) return records_->Flush();
  if (session_.output() != Output::kTable) return absl::OkStatus();
  const Console& console = session_.console();
  const size_t width = console.out_is_terminal ? console.width : 0;
  PrintCounts(width);
  if (!problems_.empty()) PrintProblems(width);
  console.out << std::flush;
  return absl::OkStatus();
}

void HistoryReport::PrintCounts(size_t width) const {
  Table counts({{Say("结果", "outcome")}, {Say("行数", "rows"), Align::kRight}}, width,
               session_.style());
  counts.Add({dry_run_ ? Say("可导入", "would be imported") : Say("已导入", "imported"),
              absl::StrCat(imported_)});
  counts.Add({Say("之前已导入", "imported before"), absl::StrCat(existing_)});
  counts.Add({Say("被拒绝", "refused"), absl::StrCat(refused_)});
  session_.console().out << counts.Flush();
}

void HistoryReport::PrintProblems(size_t width) {
  // Those that were not even sent came first.
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  Table table({{Say("行", "line"), Align::kRight},
               {Say("字段", "field")},
               {Say("规则", "rule")},
               {Say("如何改正", "how to mend it")}},
              width, session_.style());
  for (const Problem& problem : problems_) {
    table.Add({absl::StrCat(problem.line), problem.field, problem.rule, problem.mend});
  }
  std::ostream& out = session_.console().out;
  out << "\n" << table.Flush();
  if (shown_ == refused_) return;
  out << session_.Say("还有 ", "and ") << refused_ - shown_
      << session_.Say(" 行被拒绝", " more refused rows") << "\n";
}

}  // namespace crm::cli
