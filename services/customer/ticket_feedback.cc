#include "services/customer/ticket_feedback.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "services/customer/activity_customers.h"

namespace crm::customer {
namespace {

using crm::event::v1::Event;
using crm::ticket::v1::TicketFeedback;

constexpr char kTicket[] = "ticket";
constexpr char kListTicketEvents[] = "/crm.ticket.v1.TicketService/ListTicketEvents";
constexpr absl::Duration kKeep = absl::Hours(30 * 24);
constexpr absl::Duration kWordsTimeout = absl::Seconds(5);

constexpr metrics::Definition kUnrecorded{"crm_ticket_feedback_unrecorded", metrics::Type::kGauge,
                                          "",
                                          "Answers of customers to the ticket service that could "
                                          "not go into the customer's file, counted "
                                          "every minute; the same on every replica."};

constexpr db::Query kIsRecorded{"ticket_feedback_recorded", R"sql(
  SELECT 1
  FROM ticket_feedback
  WHERE ticket = ? AND time = ? AND follow_up = ?)sql"};

const db::InsertSpec& RecordedSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_feedback", {"ticket", "time", "follow_up"}, ""};
  return spec;
}

db::Values KeyOf(const TicketFeedback& feedback) {
  return {feedback.ticket(), TimeOf(feedback.time()), feedback.follow_up() ? 1 : 0};
}

std::string NumberOf(const TicketFeedback& feedback) {
  return absl::StrCat(feedback.ticket(), "/", absl::ToUnixMicros(TimeOf(feedback.time())),
                      feedback.follow_up() ? "/follow-up" : "");
}

bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

}  // namespace

v1::Interaction InteractionOf(const TicketFeedback& feedback, const std::string& words) {
  v1::Interaction interaction;
  interaction.set_customer(feedback.customer());
  interaction.set_direction(v1::DIRECTION_INBOUND);
  interaction.set_staff(feedback.assignee());
  *interaction.mutable_time() = feedback.time();
  const std::string score = absl::StrCat("满意度 ", feedback.satisfaction(), "/5");
  interaction.set_result(score);
  std::string content = absl::StrCat("工单 ", feedback.ticket(),
                                     feedback.follow_up() ? " 投诉回访：" : " 服务评价：", score);
  if (feedback.has_satisfaction_change()) {
    const int64_t change = feedback.satisfaction_change();
    absl::StrAppend(&content, "（较上次 ", change > 0 ? "+" : "", change, "）");
  }
  if (!feedback.subject().empty()) absl::StrAppend(&content, "，", feedback.subject());
  if (!words.empty()) absl::StrAppend(&content, "\n", words);
  interaction.set_content(std::move(content));
  return interaction;
}

TicketFeedbackFile::TicketFeedbackFile(runtime::ServiceRuntime& runtime, ActivityArchive& activity)
    : runtime_(runtime),
      recorder_(activity),
      waiting_(runtime,
               {.kind = "ticket_feedback",
                .job = "record-ticket-feedback",
                .count = kUnrecorded,
                .keep = kKeep},
               [this](const WaitingRecord& waiting, db::Connection& db, db::WriteSet& writes) {
                 return RecordWaiting(waiting, db, writes);
               }),
      events_(runtime.peers(), kTicket),
      reader_({.source = kTicket,
               .types = {"ticket.feedback"},
               .holder = runtime.holder(),
               // Too far behind to follow: what is said from now on.
               .rebuild = [this](const event::GoOn&) { return events_.NewestPosition(); }},
              runtime.pool(), runtime.clock(), events_,
              event::MakeOutboxHook(runtime.ids(), runtime.clock()),
              [this](absl::Span<const Event* const> events, db::Connection& db,
                     db::WriteSet& writes) { return Apply(events, db, writes); }) {}

void TicketFeedbackFile::Open() {
  if (!runtime_.options().peers.contains(kTicket)) return;
  runtime_.jobs().Add(reader_.DefaultJobOptions(), reader_.Job());
  runtime_.AddReader(kTicket, reader_);
  waiting_.Open();
}

absl::Status TicketFeedbackFile::Apply(absl::Span<const Event* const> events, db::Connection& db,
                                       db::WriteSet& writes) {
  std::vector<Feedback> answers;
  for (const Event* event : events) {
    Feedback feedback;
    if (!event->payload().UnpackTo(&feedback) || feedback.customer().empty()) continue;
    answers.push_back(std::move(feedback));
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<Outcome> outcomes, Record(std::move(answers), db, writes));
  for (const auto& [feedback, status] : outcomes) {
    if (status.ok()) continue;
    if (MayPass(status)) return status;
    waiting_.Keep(writes, {NumberOf(feedback), feedback.SerializeAsString()}, status);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TicketFeedbackFile::Outcome>> TicketFeedbackFile::Record(
    std::vector<Feedback> answers, db::Connection& db, db::WriteSet& writes) const {
  std::vector<Outcome> outcomes;
  std::vector<InteractionRecorder::New> rows;
  for (Feedback& feedback : answers) {
    CRM_ASSIGN_OR_RETURN(const bool is_recorded, IsRecorded(db, feedback));
    if (is_recorded) continue;
    CRM_ASSIGN_OR_RETURN(const std::string words, WordsOf(feedback));
    rows.push_back({InteractionOf(feedback, words), {}});
    outcomes.push_back({std::move(feedback), absl::OkStatus()});
  }
  if (rows.empty()) return outcomes;
  const RecordContext context{.source = {runtime_.clock().Now(), kTicket, kTicket},
                              .scope = ActivityArchive::Everything()};
  CRM_ASSIGN_OR_RETURN(const auto recorded, recorder_.Record(db, writes, std::move(rows), context));
  for (size_t i = 0; i < recorded.size(); ++i) {
    outcomes[i].status = recorded[i].status;
    if (recorded[i].status.ok()) writes.Insert(RecordedSpec(), KeyOf(outcomes[i].feedback));
  }
  return outcomes;
}

absl::Status TicketFeedbackFile::RecordWaiting(const WaitingRecord& waiting, db::Connection& db,
                                               db::WriteSet& writes) const {
  Feedback feedback;
  if (!feedback.ParseFromString(waiting.payload)) {
    return Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_UNREADABLE", "this is no feedback");
  }
  std::vector<Feedback> answers;
  answers.push_back(std::move(feedback));
  CRM_ASSIGN_OR_RETURN(const std::vector<Outcome> outcomes, Record(std::move(answers), db, writes));
  return outcomes.empty() ? absl::OkStatus() : outcomes.front().status;
}

absl::StatusOr<std::string> TicketFeedbackFile::WordsOf(const Feedback& feedback) const {
  if (feedback.words_entry() == 0) return "";
  CRM_ASSIGN_OR_RETURN(client::Channel* const tickets, runtime_.peers().Find(kTicket));
  crm::ticket::v1::ListTicketEventsRequest request;
  request.set_ticket(feedback.ticket());
  request.set_filter(absl::StrCat("sequence = ", feedback.words_entry()));
  using Response = crm::ticket::v1::ListTicketEventsResponse;
  const absl::StatusOr<Response> found =
      tickets->Call<crm::ticket::v1::ListTicketEventsRequest, Response>(
          kListTicketEvents, request, runtime_.peers().Options(kWordsTimeout));
  if (found.ok()) return found->events_size() == 1 ? found->events(0).text() : "";
  if (IsAway(found.status())) return found.status();
  runtime_.log().Write(log::Level::kWarning, "the words of a customer's answer cannot be read",
                       {{"ticket", feedback.ticket()}, {"reason", ErrorReason(found.status())}});
  return "";
}

absl::StatusOr<bool> TicketFeedbackFile::IsRecorded(db::Connection& db,
                                                    const Feedback& feedback) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kIsRecorded, KeyOf(feedback)));
  return rows.Next();
}

}  // namespace crm::customer
