#include "tools/crmctl/import_report.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "tools/crmctl/command_spec.h"
#include "tools/crmctl/progress_bar.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

namespace v1 = customer::v1;

constexpr size_t kBarWidth = 20;
constexpr int kShownProducts = 10;

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// Rounded so that 0 % is none and 100 % is all.
std::string Percent(double share) {
  constexpr double kStep = 0.001;
  if (share > 0 && share < kStep) return "<0.1%";
  return absl::StrFormat("%.1f%%", std::floor(share / kStep + 1e-9) / 10);
}

class ReportText {
 public:
  ReportText(const Session& session, size_t width, const v1::ImportJob& job)
      : session_(session), style_(session.style()), width_(width), job_(job) {}

  std::string Make(const std::vector<v1::ImportIssue>& issues) {
    AddHead();
    AddCounts();
    AddQuality();
    AddColumns();
    AddCleanings();
    AddUnknownProducts();
    AddIssues(issues);
    return std::move(text_);
  }

 private:
  std::string Say(std::string_view zh, std::string_view en) const {
    return std::string(session_.Say(zh, en));
  }

  void AddHead() {
    const auto& schema = schema::MessageSchema::Of<v1::ImportJob>();
    const TextRules rules = session_.text_rules();
    std::string state = FieldText(job_, *schema.Find("state"), rules);
    state = job_.state() == v1::IMPORT_STATE_SUCCEEDED ? style_.Green(state) : style_.Red(state);
    absl::StrAppend(&text_, style_.Bold(job_.number()), "  ", state, "  ",
                    FieldText(job_, *schema.Find("kind"), rules), "  ", Printable(job_.file_name()),
                    "  ", ByteSize(job_.file_bytes()));
    if (job_.dry_run())
      absl::StrAppend(&text_, "  ",
                      style_.Yellow(Say("试导入，未写入", "dry run, nothing written")));
    const int64_t seconds = job_.end_time().seconds() - job_.start_time().seconds();
    if (job_.has_end_time() && job_.has_start_time() && seconds >= 0) {
      absl::StrAppend(&text_, "  ", Say("用时 ", "took "), ClockTime(absl::Seconds(seconds)));
    }
    text_ += "\n";
    if (job_.error_reason().empty()) return;
    absl::StrAppend(&text_, style_.Red(Printable(job_.error_message())), "  ",
                    style_.Dim(job_.error_reason()), "\n");
  }

  void AddTitle(const std::string& title) {
    absl::StrAppend(&text_, "\n", style_.Bold(title), "\n");
  }

  void AddCounts() {
    const auto& schema = schema::MessageSchema::Of<v1::ImportJob>();
    Table table(
        {{Say("行", "ROWS")}, {Say("数量", "COUNT"), Align::kRight}, {Say("占比", "SHARE")}},
        width_, style_);
    const auto add = [&](const char* field, int64_t count) {
      const double share = Share(count, job_.rows_read());
      table.Add({schema.Find(field)->Label(session_.language()), Grouped(count),
                 absl::StrCat(Bar(share, kBarWidth), " ", Percent(share))});
    };
    add("rows_read", job_.rows_read());
    add("created", job_.created());
    add("updated", job_.updated());
    add("merged", job_.merged());
    add("skipped", job_.skipped());
    add("rejected", job_.rejected());
    absl::StrAppend(&text_, "\n", table.Flush());
  }

  void AddQuality() {
    const v1::ImportReport& report = job_.report();
    std::vector<std::pair<std::string, std::string>> lines;
    lines.emplace_back(Say("完整度", "completeness"),
                       absl::StrFormat("%.1f%% → %.1f%%", report.completeness_before(),
                                       report.completeness_after()));
    lines.emplace_back(
        Say("重复", "duplicates"),
        absl::StrCat(Say("文件内 ", "in the file "), Grouped(report.duplicates_in_file()),
                     Say("，档案中 ", ", in the archive "),
                     Grouped(report.duplicates_in_archive())));
    if (report.values_left_out() > 0) {
      lines.emplace_back(Say("未导入的值", "values left out"), Grouped(report.values_left_out()));
    }
    if (report.incomplete() > 0) {
      lines.emplace_back(Say("资料不全", "incomplete"), Grouped(report.incomplete()));
    }
    if (job_.has_verification())
      lines.emplace_back(Say("抽样核对", "sample check"), Verification());
    absl::StrAppend(&text_, "\n", Details(lines, width_, style_));
  }

  std::string Verification() const {
    const v1::ImportVerification& check = job_.verification();
    return absl::StrCat(Bar(check.accuracy(), kBarWidth), " ", Percent(check.accuracy()), "  ",
                        Grouped(check.equal_fields()), "/", Grouped(check.fields()),
                        Say(" 个字段，", " fields of "), Grouped(check.rows()),
                        Say(" 行", " rows"));
  }

  std::string FieldLabel(const std::string& name) const {
    std::string kind =
        v1::ImportKind_Name(job_.kind()).substr(std::string_view("IMPORT_KIND_").size());
    for (size_t i = 1; i < kind.size(); ++i) {
      kind[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(kind[i])));
    }
    if (const auto label = LabelOf(kind, name)) return *label;
    // Columns beside the fields of the kind: of an order's products, of the customer of a row.
    if (const auto label = LabelOf("PurchaseItem", name == "item_amount" ? "amount" : name)) {
      return *label;
    }
    constexpr std::string_view kOfCustomer = "customer_";
    if (name.rfind(kOfCustomer, 0) != 0) return name;
    const std::string field = name.substr(kOfCustomer.size());
    const auto label = LabelOf("Customer", field == "name" ? "full_name" : field);
    return label.has_value() ? absl::StrCat(ToAbsl(session_.Say("客户：", "customer: ")), *label)
                             : name;
  }

  std::optional<std::string> LabelOf(const std::string& message, const std::string& name) const {
    const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        FullName(message));
    const auto* field = type == nullptr ? nullptr : schema::MessageSchema::Of(type).Find(name);
    if (field == nullptr) return std::nullopt;
    return field->Label(session_.language());
  }

  std::string OriginText(v1::ImportColumn::Origin origin) const {
    switch (origin) {
      case v1::ImportColumn::ORIGIN_RECOGNIZED:
        return Say("自动识别", "recognised");
      case v1::ImportColumn::ORIGIN_MAPPED:
        return Say("指定", "mapped");
      case v1::ImportColumn::ORIGIN_IGNORED:
        return Say("忽略", "left out");
      case v1::ImportColumn::ORIGIN_UNMAPPED:
        return Say("未识别", "unknown");
      default:
        return "";
    }
  }

  void AddColumns() {
    const v1::ImportReport& report = job_.report();
    if (report.columns().empty()) return;
    Table table({{Say("表头", "HEADER")},
                 {Say("字段", "FIELD")},
                 {Say("有值的行", "FILLED")},
                 {Say("识别", "HOW")}},
                width_, style_);
    bool unmapped = false;
    for (const v1::ImportColumn& column : report.columns()) {
      const double share = Share(column.filled(), job_.rows_read());
      table.Add({column.header(), column.field().empty() ? "" : FieldLabel(column.field()),
                 absl::StrCat(Bar(share, kBarWidth / 2), " ", Percent(share)),
                 OriginText(column.origin())});
      unmapped = unmapped || column.origin() == v1::ImportColumn::ORIGIN_UNMAPPED;
    }
    AddTitle(Say("列", "Columns"));
    text_ += table.Flush();
    if (!unmapped) return;
    absl::StrAppend(
        &text_, style_.Yellow("→ "),
        Say("未识别的列没有导入：用 --map 表头=字段 指定",
            "unknown columns were not imported: say what they are with --map HEADER=FIELD"),
        "\n");
  }

  void AddCleanings() {
    if (job_.report().cleanings().empty()) return;
    std::vector<v1::CleaningCount> counts(job_.report().cleanings().begin(),
                                          job_.report().cleanings().end());
    std::stable_sort(counts.begin(), counts.end(),
                     [](const auto& a, const auto& b) { return a.count() > b.count(); });
    Table table({{Say("清洗规则", "CLEANING")}, {Say("单元格", "CELLS"), Align::kRight}, {""}},
                width_, style_);
    for (const v1::CleaningCount& each : counts) {
      table.Add({each.rule(), Grouped(each.count()),
                 Bar(Share(each.count(), counts.front().count()), kBarWidth)});
    }
    AddTitle(Say("清洗", "Cleaning"));
    text_ += table.Flush();
  }

  void AddUnknownProducts() {
    const auto& products = job_.report().unknown_products();
    if (products.empty()) return;
    const int shown = std::min(products.size(), kShownProducts);
    AddTitle(Say("未知产品", "Unknown products"));
    absl::StrAppend(
        &text_,
        Printable(absl::StrJoin(products.begin(), products.begin() + shown, Say("、", ", "))),
        shown < products.size() ? " …" : "", "\n");
  }

  void AddIssues(const std::vector<v1::ImportIssue>& issues) {
    if (issues.empty()) return;
    Table table({{Say("行", "LINE"), Align::kRight},
                 {Say("表头", "HEADER")},
                 {Say("值", "VALUE")},
                 {Say("规则", "RULE")},
                 {Say("如何改正", "HOW TO MEND")}},
                width_, style_);
    for (const v1::ImportIssue& issue : issues) {
      table.Add({absl::StrCat(issue.line()), issue.header(), issue.value(), issue.rule(),
                 session_.language() == Language::kChinese ? issue.mend_zh() : issue.mend_en()});
    }
    AddTitle(Say("被拒绝的行（前几行）", "Rejected rows (the first ones)"));
    absl::StrAppend(
        &text_, table.Flush(), style_.Yellow("→ "),
        Say("下载全部：crmctl imports rejected ", "all of them: crmctl imports rejected "),
        job_.number(), " rejected.csv\n");
  }

  const Session& session_;
  const Style& style_;
  const size_t width_;
  const v1::ImportJob& job_;
  std::string text_;
};

}  // namespace

std::string ImportReportText(const Session& session, size_t width, const v1::ImportJob& job,
                             const std::vector<v1::ImportIssue>& issues) {
  return ReportText(session, width, job).Make(issues);
}

bool HasEnded(v1::ImportState state) {
  switch (state) {
    case v1::IMPORT_STATE_SUCCEEDED:
    case v1::IMPORT_STATE_FAILED:
    case v1::IMPORT_STATE_CANCELLED:
    case v1::IMPORT_STATE_FAILED_VERIFICATION:
      return true;
    default:
      return false;
  }
}

int ExitCodeOf(const v1::ImportJob& job) {
  if (job.state() != v1::IMPORT_STATE_SUCCEEDED) return kCallFailed;
  return job.rejected() > 0 ? kPartial : kOk;
}

}  // namespace crm::cli
