#include "tools/crmctl/ticket_queue_command.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "crm/ticket/v1/queue_service.pb.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "tools/crmctl/duration_text.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

using ticket::v1::ListTicketsRequest;
using ticket::v1::ListTicketsResponse;
using ticket::v1::Ticket;
using ticket::v1::WatchQueueRequest;
using ticket::v1::WatchQueueResponse;

constexpr char kList[] = "crm.ticket.v1.TicketService/ListTickets";
constexpr char kWatch[] = "/crm.ticket.v1.QueueService/WatchQueue";
// Lines of changes come one by one, so the widths cannot follow from them.
constexpr size_t kNumberWidth = 14;
constexpr size_t kStatusWidth = 18;
constexpr size_t kPriorityWidth = 8;
constexpr size_t kRemainingWidth = 18;
// Of a watch that was cut off, without anything new between them.
constexpr int kTries = 5;
constexpr absl::Duration kPause = absl::Seconds(2);

const std::vector<std::string>& Columns() {
  static const std::vector<std::string>& columns = *new std::vector<std::string>{
      "number", "priority", "status", "due_time", "type", "subject", "customer", "assignee"};
  return columns;
}

absl::Time DueOf(const Ticket& ticket) {
  if (!ticket.has_due_time()) return absl::InfiniteFuture();
  return absl::FromUnixSeconds(ticket.due_time().seconds()) +
         absl::Nanoseconds(ticket.due_time().nanos());
}

std::string TextOf(const Session& session, const Ticket& ticket, std::string_view field) {
  const auto& schema = schema::MessageSchema::Of<Ticket>();
  return FieldText(ticket, *schema.Find(field), session.text_rules());
}

std::string Remaining(Session& session, const Ticket& ticket) {
  if (!ticket.has_due_time()) return "";
  return RemainingText(DueOf(ticket) - session.console().clock.Now(), session.language());
}

// Tickets as a table with the time that is left, or in another output.
class WorkListPrinter {
 public:
  explicit WorkListPrinter(Session& session) : session_(session) {}

  absl::Status Print(const std::vector<Ticket>& tickets) {
    if (session_.output() == Output::kTable) {
      PrintTable(tickets);
      return absl::OkStatus();
    }
    CRM_ASSIGN_OR_RETURN(Records records,
                         Records::Create(session_, schema::MessageSchema::Of<Ticket>(), Columns()));
    for (const Ticket& ticket : tickets) CRM_RETURN_IF_ERROR(records.Add(ticket));
    return records.Flush();
  }

 private:
  void PrintTable(const std::vector<Ticket>& tickets) {
    const auto& schema = schema::MessageSchema::Of<Ticket>();
    std::vector<Column> columns;
    for (const std::string& name : Columns()) {
      columns.push_back({schema.Find(name)->Label(session_.language())});
      if (name == "due_time") columns.push_back({std::string(session_.Say("时限", "time left"))});
    }
    const Console& console = session_.console();
    Table table(std::move(columns), console.out_is_terminal ? console.width : 0, session_.style());
    for (const Ticket& ticket : tickets) {
      std::vector<std::string> cells;
      for (const std::string& name : Columns()) {
        cells.push_back(TextOf(session_, ticket, name));
        if (name == "due_time") cells.push_back(Remaining(session_, ticket));
      }
      table.Add(std::move(cells));
    }
    console.out << table.Flush() << std::flush;
  }

  Session& session_;
};

struct ListArguments {
  std::string filter;
  std::string order_by;
  int page_size = 0;
  bool all = false;
};

absl::StatusOr<int> RunList(Session& session, const ListArguments& arguments) {
  ListTicketsRequest request;
  request.set_filter(arguments.filter);
  request.set_order_by(arguments.order_by);
  request.set_page_size(arguments.page_size);
  std::vector<Ticket> tickets;
  do {
    ListTicketsResponse response;
    CRM_RETURN_IF_ERROR(session.Call(kList, request, response));
    tickets.insert(tickets.end(), response.tickets().begin(), response.tickets().end());
    request.set_page_token(response.next_page_token());
  } while (arguments.all && !request.page_token().empty());
  CRM_RETURN_IF_ERROR(WorkListPrinter(session).Print(tickets));
  if (!request.page_token().empty() && session.output() == Output::kTable) {
    session.console().err << session.Say("还有更多工单；--all 显示全部", "there are more: --all")
                          << "\n";
  }
  return kOk;
}

struct WatchArguments {
  bool mine = false;
  bool unassigned = false;
  bool escalated = false;
  std::string team;
  std::string assignee;
  bool list_only = false;
  int64_t after = 0;
};

ticket::v1::QueueView ViewOf(const WatchArguments& arguments) {
  if (arguments.mine) return ticket::v1::QUEUE_VIEW_MINE;
  if (arguments.unassigned) return ticket::v1::QUEUE_VIEW_UNASSIGNED;
  if (arguments.escalated) return ticket::v1::QUEUE_VIEW_ESCALATED;
  return ticket::v1::QUEUE_VIEW_UNSPECIFIED;
}

// The list first, then a line a change.
class Watcher {
 public:
  Watcher(Session& session, WatchQueueRequest request)
      : session_(session), request_(std::move(request)) {}

  absl::Status Run() {
    CRM_ASSIGN_OR_RETURN(client::Channel * channel, session_.channel());
    bool begun = false;
    int fruitless = 0;
    while (true) {
      bool progress = false;
      const absl::Status status = ReadOnce(*channel, progress);
      begun = begun || progress;
      if (!begun || request_.list_only() || !absl::IsUnavailable(status)) return status;
      // The replica goes: another one continues, at once or when it has started.
      fruitless = progress ? 0 : fruitless + 1;
      if (fruitless > kTries) return status;
      if (fruitless > 0) absl::SleepFor(kPause);
    }
  }

 private:
  absl::Status ReadOnce(client::Channel& channel, bool& progress) {
    // The list comes from its beginning again.
    if (request_.after_position() == 0) first_.clear();
    client::AnyServerStream stream =
        channel.ServerStream(kWatch, request_, session_.stream_options());
    WatchQueueResponse response;
    while (stream.Next(response)) {
      CRM_RETURN_IF_ERROR(Print(response));
      if (response.position() > 0) request_.set_after_position(response.position());
      progress = true;
    }
    return stream.Finish();
  }

  absl::Status Print(const WatchQueueResponse& response) {
    if (session_.output() == Output::kJson) {
      session_.console().out << JsonText(response) << std::endl;
      return absl::OkStatus();
    }
    if (response.position() == 0 || response.list_complete()) {
      first_.insert(first_.end(), response.tickets().begin(), response.tickets().end());
      if (!response.list_complete()) return absl::OkStatus();
      return WorkListPrinter(session_).Print(std::exchange(first_, {}));
    }
    for (const Ticket& ticket : response.tickets()) PrintChange(ticket);
    for (const std::string& number : response.removed()) {
      session_.console().out << "- " << number << std::endl;
    }
    return absl::OkStatus();
  }

  void PrintChange(const Ticket& ticket) {
    const auto cell = [&](std::string_view field, size_t width) {
      return absl::StrCat(Pad(Printable(TextOf(session_, ticket, field)), width, Align::kLeft),
                          "  ");
    };
    session_.console().out << "+ " << cell("number", kNumberWidth)
                           << cell("priority", kPriorityWidth) << cell("status", kStatusWidth)
                           << Pad(Remaining(session_, ticket), kRemainingWidth, Align::kLeft)
                           << "  " << Printable(TextOf(session_, ticket, "subject")) << std::endl;
  }

  Session& session_;
  WatchQueueRequest request_;
  std::vector<Ticket> first_;
};

absl::StatusOr<int> RunWatch(Session& session, const WatchArguments& arguments) {
  WatchQueueRequest request;
  request.set_view(ViewOf(arguments));
  request.set_team(arguments.team);
  request.set_assignee(arguments.assignee);
  request.set_list_only(arguments.list_only);
  request.set_after_position(arguments.after);
  CRM_RETURN_IF_ERROR(Watcher(session, std::move(request)).Run());
  return kOk;
}

void AddList(CommandTree& tree) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App& app =
      tree.Add("ticket list", tree.Say("列出工单，先到期的在前", "list tickets, what is due first"),
               [arguments](Session& session) { return RunList(session, *arguments); });
  app.add_option("--filter", arguments->filter,
                 tree.Say("条件，如 status != CLOSED", "such as status != CLOSED"));
  app.add_option("--order-by", arguments->order_by,
                 tree.Say("顺序，默认 due_time", "order, due_time by default"));
  app.add_option("--page-size", arguments->page_size, tree.Say("每页行数", "tickets on a page"))
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--all", arguments->all, tree.Say("所有页", "every page"));
}

void AddViewOptions(const CommandTree& tree, const std::shared_ptr<WatchArguments>& arguments,
                    CLI::App& app) {
  app.add_flag("--mine", arguments->mine, tree.Say("只看我的工单", "only mine"));
  app.add_flag("--unassigned", arguments->unassigned,
               tree.Say("只看待分配的工单", "only what nobody has"));
  app.add_flag("--escalated", arguments->escalated,
               tree.Say("只看升级给我的工单", "only what was escalated to me"));
  app.add_option("--team", arguments->team, tree.Say("处理团队", "only of this team"));
  app.add_option("--assignee", arguments->assignee, tree.Say("处理人", "only of this assignee"));
}

void AddQueue(CommandTree& tree) {
  auto arguments = std::make_shared<WatchArguments>();
  arguments->list_only = true;
  CLI::App& app = tree.Add("ticket queue", tree.Say("显示工作列表", "show the work list"),
                           [arguments](Session& session) { return RunWatch(session, *arguments); });
  AddViewOptions(tree, arguments, app);
}

void AddWatch(CommandTree& tree) {
  auto arguments = std::make_shared<WatchArguments>();
  CLI::App& app =
      tree.Add("ticket watch",
               tree.Say("显示工作列表及其变化：+ 新增或变化，- 移出",
                        "show the work list and its changes: + came or changed, - gone"),
               [arguments](Session& session) { return RunWatch(session, *arguments); });
  AddViewOptions(tree, arguments, app);
  app.add_flag("--list-only", arguments->list_only,
               tree.Say("只显示列表，不等待变化", "the list, no changes"));
  app.add_option("--after", arguments->after, tree.Say("从此位置继续", "go on after this position"))
      ->check(CLI::NonNegativeNumber);
}

}  // namespace

void AddTicketQueueCommands(CommandTree& tree) {
  AddList(tree);
  AddQueue(tree);
  AddWatch(tree);
}

}  // namespace crm::cli
