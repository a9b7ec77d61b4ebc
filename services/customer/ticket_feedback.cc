#include "services/customer/ticket_feedback.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "services/customer/activity_customers.h"

namespace crm::customer {
namespace {

using crm::event::v1::Event;
using crm::ticket::v1::TicketFeedback;

constexpr char kTicket[] = "ticket";

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

// Nothing was decided, and the same may go well in a moment: all the events wait.
bool MayPass(const absl::Status& status) {
  return !absl::IsNotFound(status) && !absl::IsInvalidArgument(status) &&
         !absl::IsFailedPrecondition(status);
}

}  // namespace

v1::Interaction InteractionOf(const TicketFeedback& feedback) {
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
  interaction.set_content(std::move(content));
  return interaction;
}

TicketFeedbackFile::TicketFeedbackFile(runtime::ServiceRuntime& runtime, ActivityArchive& activity)
    : runtime_(runtime),
      recorder_(activity),
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
}

absl::Status TicketFeedbackFile::Apply(absl::Span<const Event* const> events, db::Connection& db,
                                       db::WriteSet& writes) {
  std::vector<Feedback> fresh;
  std::vector<InteractionRecorder::New> rows;
  for (const Event* event : events) {
    Feedback feedback;
    if (!event->payload().UnpackTo(&feedback) || feedback.customer().empty()) continue;
    CRM_ASSIGN_OR_RETURN(const bool recorded, IsRecorded(db, feedback));
    if (recorded) continue;
    rows.push_back({InteractionOf(feedback), {}});
    fresh.push_back(std::move(feedback));
  }
  if (rows.empty()) return absl::OkStatus();
  const RecordContext context{.source = {runtime_.clock().Now(), kTicket, kTicket},
                              .scope = ActivityArchive::Everything()};
  CRM_ASSIGN_OR_RETURN(const auto outcomes, recorder_.Record(db, writes, std::move(rows), context));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const absl::Status& status = outcomes[i].status;
    if (status.ok()) {
      writes.Insert(RecordedSpec(), KeyOf(fresh[i]));
    } else if (MayPass(status)) {
      return status;
    } else {
      Log(fresh[i], status);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TicketFeedbackFile::IsRecorded(db::Connection& db,
                                                    const Feedback& feedback) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kIsRecorded, KeyOf(feedback)));
  return rows.Next();
}

void TicketFeedbackFile::Log(const Feedback& feedback, const absl::Status& status) const {
  runtime_.log().Write(log::Level::kWarning, "feedback does not go into the customer's file",
                       {{"ticket", feedback.ticket()}, {"reason", ErrorReason(status)}});
}

}  // namespace crm::customer
