#include "tools/crmctl/ticket_report_command.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "tools/crmctl/duration_text.h"
#include "tools/crmctl/progress_bar.h"
#include "tools/crmctl/records.h"
#include "tools/crmctl/report_export.h"

namespace crm::cli {
namespace {

using ticket::v1::FrequentProblem;
using ticket::v1::GetTicketReportRequest;
using ticket::v1::GetTicketReportResponse;
using ticket::v1::ListFrequentProblemsRequest;
using ticket::v1::ListFrequentProblemsResponse;
using ticket::v1::TicketFigures;

constexpr char kReport[] = "crm.ticket.v1.TicketReportService/GetTicketReport";
constexpr char kProblems[] = "crm.ticket.v1.TicketReportService/ListFrequentProblems";
constexpr size_t kBarWidth = 12;

std::string Percent(bool known, double share) {
  return known ? absl::StrFormat("%.1f%%", share * 100) : "";
}

std::string Minutes(bool known, double minutes, Language language) {
  return known ? DurationText(absl::Minutes(minutes), language) : "";
}

Table MakeTable(Session& session, std::vector<Column> columns) {
  const Console& console = session.console();
  return Table(std::move(columns), console.out_is_terminal ? console.width : 0, session.style());
}

// In time of all decided clocks of any kind.
std::string ComplianceText(const TicketFigures& figures) {
  int64_t in_time = 0;
  int64_t all = 0;
  for (const auto& clock : figures.sla()) {
    in_time += clock.in_time();
    all += clock.in_time() + clock.late();
  }
  return Percent(all > 0, static_cast<double>(in_time) / static_cast<double>(all));
}

class ReportPrinter {
 public:
  explicit ReportPrinter(Session& session) : session_(session), language_(session.language()) {}

  void Print(const GetTicketReportResponse& report) {
    PrintTotal(report.total());
    if (!report.months().empty()) {
      PrintParts(Text("月份", "month"), report.months());
      PrintTrend(report.months());
    }
    if (!report.groups().empty()) PrintParts(Text("分组", "group"), report.groups());
  }

 private:
  std::string Text(const char* zh, const char* en) const {
    return std::string(session_.Say(zh, en));
  }

  void PrintTotal(const TicketFigures& total) {
    std::vector<std::pair<std::string, std::string>> lines = {
        {Text("新建", "created"), absl::StrCat(total.created())},
        {Text("已解决", "resolved"), absl::StrCat(total.resolved())},
        {Text("重开", "reopened"),
         WithShare(total.reopened(), total.has_reopen_rate(), total.reopen_rate())},
        {Text("首次解决", "first contact"),
         WithShare(total.first_contact_resolved(), total.has_first_contact_resolution_rate(),
                   total.first_contact_resolution_rate())},
        {Text("首次响应", "first response"), Times(total.first_response())},
        {Text("解决时长", "resolution"), Times(total.resolution())}};
    for (const auto& clock : total.sla()) {
      const auto& schema = schema::MessageSchema::Of<ticket::v1::ClockFigures>();
      lines.push_back(
          {absl::StrCat("SLA ", FieldText(clock, *schema.Find("clock"), session_.text_rules())),
           absl::StrFormat("%s  %d/%d %s", Bar(clock.compliance(), kBarWidth), clock.in_time(),
                           clock.in_time() + clock.late(),
                           Percent(clock.has_compliance(), clock.compliance()))});
    }
    lines.push_back({Text("满意度", "satisfaction"), Satisfaction(total)});
    if (total.compared() > 0) {
      lines.push_back({Text("投诉回访前后", "complaints, before and after"), Comparison(total)});
    }
    lines.push_back({Text("积压", "backlog"), Backlog(total.backlog())});
    const Console& console = session_.console();
    console.out << Details(lines, console.out_is_terminal ? console.width : 0, session_.style());
  }

  static std::string WithShare(int64_t count, bool known, double share) {
    return absl::StrCat(count, known ? "  " : "", Percent(known, share));
  }

  std::string Times(const ticket::v1::TimeFigures& times) const {
    if (times.count() == 0) return Text("无", "none");
    return absl::StrCat(Text("平均 ", "mean "), Minutes(true, times.mean_minutes(), language_),
                        Text("，中位 ", ", median "),
                        Minutes(true, static_cast<double>(times.median_minutes()), language_),
                        Text("，九成 ", ", 90 % "),
                        Minutes(true, static_cast<double>(times.p90_minutes()), language_));
  }

  std::string Satisfaction(const TicketFigures& total) const {
    if (total.rated() == 0) return Text("无", "none");
    return absl::StrFormat("%.2f  %s %s (%d)", total.mean_satisfaction(), Text("满意", "satisfied"),
                           Percent(true, total.satisfied_share()), total.rated());
  }

  std::string Comparison(const TicketFigures& total) const {
    return absl::StrFormat("%+.2f  %s %s (%d)", total.mean_satisfaction_change(),
                           Text("提升", "improved"), Percent(true, total.improved_share()),
                           total.compared());
  }

  std::string Backlog(const ticket::v1::BacklogFigures& backlog) const {
    if (backlog.open() == 0) return "0";
    return absl::StrFormat(
        "%d  %s %s  <1d %d  1-3d %d  3-7d %d  ≥7d %d", backlog.open(), Text("最久", "oldest"),
        DurationText(absl::Hours(backlog.oldest_age_hours()), language_), backlog.under_1_day(),
        backlog.under_3_days(), backlog.under_7_days(), backlog.from_7_days());
  }

  template <typename Parts>
  void PrintParts(const std::string& title, const Parts& parts) {
    Table table = MakeTable(session_, {{title},
                                       {Text("新建", "created"), Align::kRight},
                                       {Text("已解决", "resolved"), Align::kRight},
                                       {Text("积压", "backlog"), Align::kRight},
                                       {Text("首次响应中位", "response"), Align::kRight},
                                       {Text("解决中位", "resolution"), Align::kRight},
                                       {Text("SLA 达标", "SLA"), Align::kRight},
                                       {Text("首次解决率", "first contact"), Align::kRight},
                                       {Text("重开率", "reopened"), Align::kRight},
                                       {Text("满意度", "satisfaction"), Align::kRight}});
    for (const TicketFigures& part : parts) {
      table.Add(
          {GroupText(part.group()), absl::StrCat(part.created()), absl::StrCat(part.resolved()),
           absl::StrCat(part.backlog().open()), Median(part.first_response()),
           Median(part.resolution()), ComplianceText(part),
           Percent(part.has_first_contact_resolution_rate(), part.first_contact_resolution_rate()),
           Percent(part.has_reopen_rate(), part.reopen_rate()),
           part.rated() > 0 ? absl::StrFormat("%.2f", part.mean_satisfaction()) : ""});
    }
    session_.console().out << "\n" << table.Flush();
  }

  template <typename Months>
  void PrintTrend(const Months& months) {
    std::vector<double> created;
    for (const TicketFigures& month : months) {
      created.push_back(static_cast<double>(month.created()));
    }
    session_.console().out << Text("新建 ", "created ") << Sparkline(created) << "\n";
  }

  std::string Median(const ticket::v1::TimeFigures& times) const {
    return Minutes(times.has_median_minutes(), static_cast<double>(times.median_minutes()),
                   language_);
  }

  // Of an enum value, its label.
  std::string GroupText(const std::string& group) const {
    if (group.empty()) return Text("（无）", "(none)");
    for (const auto* type :
         {ticket::v1::TicketType_descriptor(), ticket::v1::TicketPriority_descriptor(),
          customer::v1::Tier_descriptor()}) {
      const auto* value = type->FindValueByName(group);
      if (value != nullptr && value->number() != 0) return schema::EnumLabel(*value, language_);
    }
    return group;
  }

  Session& session_;
  const Language language_;
};

struct ReportArguments {
  std::string from;
  std::string to;
  std::string by;
  std::string team;
  std::string assignee;
  std::string type;
  std::string priority;
  std::string tier;
  bool monthly = false;
  ExportArguments exporting;
};

absl::StatusOr<int> RunReport(Session& session, const ReportArguments& arguments) {
  GetTicketReportRequest request;
  request.set_from_date(arguments.from);
  request.set_to_date(arguments.to);
  request.set_monthly(arguments.monthly);
  const std::pair<const char*, const std::string&> fields[] = {
      {"group_by", arguments.by},       {"team", arguments.team},
      {"assignee", arguments.assignee}, {"type", arguments.type},
      {"priority", arguments.priority}, {"tier", arguments.tier}};
  for (const auto& [field, text] : fields) {
    if (text.empty()) continue;
    CRM_RETURN_IF_ERROR(SetPath(request, field, text, session.input_rules()));
  }
  if (arguments.exporting.wanted()) {
    return ExportReport(session, kReport, request, arguments.exporting);
  }
  GetTicketReportResponse report;
  CRM_RETURN_IF_ERROR(session.Call(kReport, request, report));
  if (session.output() == Output::kTable) {
    ReportPrinter(session).Print(report);
  } else {
    CRM_RETURN_IF_ERROR(PrintMessage(session, report));
  }
  return kOk;
}

struct ProblemArguments {
  std::string from;
  std::string to;
  std::string team;
  std::string type;
  int limit = 10;
  ExportArguments exporting;
};

class ProblemPrinter {
 public:
  explicit ProblemPrinter(Session& session) : session_(session) {}

  void Print(const ticket::v1::ProblemMonth& month) {
    session_.console().out << session_.style().Bold(month.month()) << "  "
                           << session_.Say("新建 ", "created ") << month.created()
                           << session_.Say("，投诉建议 ", ", complaints ") << month.complaints()
                           << "\n";
    PrintAll(session_.Say("问题分类", "category"), month.categories());
    PrintAll(session_.Say("高频词", "term"), month.terms());
    PrintAll(session_.Say("投诉根因", "root cause"), month.root_causes());
  }

 private:
  template <typename Problems>
  void PrintAll(std::string_view title, const Problems& problems) {
    if (problems.empty()) return;
    const auto say = [&](const char* zh, const char* en) {
      return std::string(session_.Say(zh, en));
    };
    Table table = MakeTable(session_, {{std::string(title)},
                                       {say("工单", "tickets"), Align::kRight},
                                       {say("占比", "share"), Align::kRight},
                                       {say("环比", "growth"), Align::kRight},
                                       {say("平均解决", "resolution"), Align::kRight},
                                       {say("满意度", "satisfaction"), Align::kRight}});
    for (const FrequentProblem& problem : problems) {
      table.Add(
          {NameOf(problem.name()), absl::StrCat(problem.tickets()), Percent(true, problem.share()),
           problem.has_growth() ? absl::StrFormat("%+.0f%%", problem.growth() * 100) : "",
           Minutes(problem.has_mean_resolution_minutes(), problem.mean_resolution_minutes(),
                   session_.language()),
           problem.has_mean_satisfaction() ? absl::StrFormat("%.2f", problem.mean_satisfaction())
                                           : ""});
    }
    session_.console().out << table.Flush() << "\n";
  }

  std::string NameOf(const std::string& name) const {
    const auto* cause = ticket::v1::RootCause_descriptor()->FindValueByName(name);
    return cause == nullptr ? name : schema::EnumLabel(*cause, session_.language());
  }

  Session& session_;
};

absl::StatusOr<int> RunProblems(Session& session, const ProblemArguments& arguments) {
  ListFrequentProblemsRequest request;
  request.set_from_month(arguments.from);
  request.set_to_month(arguments.to);
  request.set_team(arguments.team);
  request.set_limit(arguments.limit);
  if (!arguments.type.empty()) {
    CRM_RETURN_IF_ERROR(SetPath(request, "type", arguments.type, session.input_rules()));
  }
  if (arguments.exporting.wanted()) {
    return ExportReport(session, kProblems, request, arguments.exporting);
  }
  ListFrequentProblemsResponse response;
  CRM_RETURN_IF_ERROR(session.Call(kProblems, request, response));
  if (session.output() != Output::kTable) {
    CRM_RETURN_IF_ERROR(PrintMessage(session, response));
    return kOk;
  }
  for (const auto& month : response.months()) ProblemPrinter(session).Print(month);
  return kOk;
}

}  // namespace

void AddTicketReportCommands(CommandTree& tree) {
  auto report = std::make_shared<ReportArguments>();
  CLI::App& figures =
      tree.Add("ticket report", tree.Say("一段时间的工单指标", "figures of a period"),
               [report](Session& session) { return RunReport(session, *report); });
  figures.add_option("from", report->from, tree.Say("开始日期", "first day"))->required();
  figures.add_option("to", report->to, tree.Say("结束日期", "last day"))->required();
  figures.add_option("--by", report->by,
                     tree.Say("分组：team、agent、type、priority、tier",
                              "group by team, agent, type, priority or tier"));
  figures.add_flag("--monthly", report->monthly, tree.Say("按月", "by month, too"));
  figures.add_option("--team", report->team, tree.Say("处理团队", "only of this team"));
  figures.add_option("--assignee", report->assignee, tree.Say("处理人", "only of this assignee"));
  figures.add_option("--type", report->type, tree.Say("工单类型", "only of this type"));
  figures.add_option("--priority", report->priority, tree.Say("优先级", "only of this priority"));
  figures.add_option("--tier", report->tier, tree.Say("客户等级", "only of this customer tier"));
  AddExportOptions(tree, report->exporting, figures);

  auto problems = std::make_shared<ProblemArguments>();
  CLI::App& frequent =
      tree.Add("ticket problems", tree.Say("每月的高频问题", "what tickets are about, by month"),
               [problems](Session& session) { return RunProblems(session, *problems); });
  frequent.add_option("from", problems->from, tree.Say("开始月份", "first month"))->required();
  frequent.add_option("to", problems->to, tree.Say("结束月份", "last month"));
  frequent.add_option("--team", problems->team, tree.Say("处理团队", "only of this team"));
  frequent.add_option("--type", problems->type, tree.Say("工单类型", "only of this type"));
  frequent.add_option("--limit", problems->limit, tree.Say("每类最多行数", "at most so many"))
      ->check(CLI::NonNegativeNumber);
  AddExportOptions(tree, problems->exporting, frequent);
}

}  // namespace crm::cli
