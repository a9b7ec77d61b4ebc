// Shows in a customer's file what they said of our service, once (TIC-10, TIC-3): follows the
// events `ticket.feedback` of the ticket service, if the setting `peers` names one, and records
// each as an interaction.
//
//   TicketFeedbackFile file(runtime, activity);
//   file.Open();
//
// Table `ticket_feedback` says which answers are in the file already. An answer of a customer that
// the archive does not have (yet) waits (waiting_records.h) for a month at most, counted in
// crm_ticket_feedback_unrecorded.
#ifndef CRM_SERVICES_CUSTOMER_TICKET_FEEDBACK_H_
#define CRM_SERVICES_CUSTOMER_TICKET_FEEDBACK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/event/reader.h"
#include "common/replica/remote_events.h"
#include "common/runtime/service_runtime.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/interaction_recorder.h"
#include "services/customer/waiting_records.h"

namespace crm::customer {

// What the file says of an answer that came with these words. Pure.
v1::Interaction InteractionOf(const crm::ticket::v1::TicketFeedback& feedback,
                              const std::string& words);

class TicketFeedbackFile {
 public:
  // Both outlive it.
  TicketFeedbackFile(runtime::ServiceRuntime& runtime, ActivityArchive& activity);

  // Adds the jobs; before the runtime starts.
  void Open();

 private:
  using Feedback = crm::ticket::v1::TicketFeedback;

  absl::Status Apply(absl::Span<const crm::event::v1::Event* const> events, db::Connection& db,
                     db::WriteSet& writes);
  // What became of each that is not in the file already.
  struct Outcome {
    Feedback feedback;
    absl::Status status;
  };
  absl::StatusOr<std::vector<Outcome>> Record(std::vector<Feedback> answers, db::Connection& db,
                                              db::WriteSet& writes) const;
  absl::Status RecordWaiting(const WaitingRecord& waiting, db::Connection& db,
                             db::WriteSet& writes) const;
  // What the customer said with it: not in the event, but in the ticket's history. Empty if there
  // are none, or the ticket service does not tell: the score goes into the file all the same. The
  // error of a ticket service that is away.
  absl::StatusOr<std::string> WordsOf(const Feedback& feedback) const;
  absl::StatusOr<bool> IsRecorded(db::Connection& db, const Feedback& feedback) const;

  runtime::ServiceRuntime& runtime_;
  const InteractionRecorder recorder_;
  WaitingRecords waiting_;
  replica::RemoteEvents events_;
  event::EventReader reader_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TICKET_FEEDBACK_H_
