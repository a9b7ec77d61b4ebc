#include "services/ticket/sla_handlers.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "common/record/times.h"
#include "common/resource/resource_table.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/ticket/sla/explain.h"
#include "services/ticket/sla_terms.h"

namespace crm::ticket {
namespace {

constexpr char kConfigurationType[] = "crm.ticket.v1.SlaConfiguration";
constexpr char kClockType[] = "crm.ticket.v1.SlaReading";

v1::SlaConfiguration WithEtag(const SlaVersion& version) {
  v1::SlaConfiguration configuration = version.sla.configuration();
  configuration.set_etag(resource::EtagOf(version.version));
  return configuration;
}

// The configuration is written as a whole, so any change since it was read is one too many.
absl::Status CheckSeen(const SlaVersion& current, const std::string& etag) {
  if (etag.empty()) {
    return InvalidField("configuration.etag", "REQUIRED",
                        "send the etag that the configuration was read with");
  }
  CRM_ASSIGN_OR_RETURN(const int64_t version, resource::ParseEtag(etag, "configuration.etag"));
  if (version == current.version) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "ETAG_STALE",
               "the configuration was changed since it was read; read it again")
      .Meta("current_etag", resource::EtagOf(current.version));
}

}  // namespace

void SlaHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::GetSlaConfigurationRequest, v1::SlaConfiguration>("GetSlaConfiguration",
                                                                    bind(&SlaHandlers::Get));
  table.Unary<v1::UpdateSlaConfigurationRequest, v1::SlaConfiguration>("UpdateSlaConfiguration",
                                                                       bind(&SlaHandlers::Update));
  table.Unary<v1::ListSlaVersionsRequest, v1::ListSlaVersionsResponse>(
      "ListSlaVersions", bind(&SlaHandlers::Versions));
  table.Unary<v1::GetTicketSlaRequest, v1::TicketSla>("GetTicketSla",
                                                      bind(&SlaHandlers::TicketClocks));
  table.Unary<v1::ExplainSlaRequest, v1::ExplainSlaResponse>("ExplainSla",
                                                             bind(&SlaHandlers::Explain));
}

absl::StatusOr<v1::SlaConfiguration> SlaHandlers::Get(
    CallContext& call, const v1::GetSlaConfigurationRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto book, desk_.sla.book.Fresh(*db));
  if (request.version() == 0) return WithEtag(book.value->newest());
  const SlaVersion* version = book.value->Find(request.version());
  if (version == nullptr) return NotFound(kConfigurationType, absl::StrCat(request.version()));
  return WithEtag(*version);
}

absl::StatusOr<v1::SlaConfiguration> SlaHandlers::Update(
    CallContext& call, const v1::UpdateSlaConfigurationRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto current, desk_.sla.book.Fresh(*db));
  const SlaVersion& newest = current.value->newest();
  CRM_RETURN_IF_ERROR(CheckSeen(newest, request.configuration().etag()));
  v1::SlaConfiguration configuration = request.configuration();
  configuration.clear_etag();
  CRM_RETURN_IF_ERROR(
      record::RefuseIn("configuration", CheckSlaConfiguration(configuration), call.language()));
  if (google::protobuf::util::MessageDifferencer::Equals(configuration,
                                                         newest.sla.configuration())) {
    return WithEtag(newest);
  }
  CRM_ASSIGN_OR_RETURN(CompiledSla sla, CompiledSla::Compile(std::move(configuration)));
  SlaVersion next{newest.version + 1, std::move(sla), call.caller().id, request.reason(),
                  call.now()};
  v1::SlaConfiguration answer = WithEtag(next);
  CRM_RETURN_IF_ERROR(SlaStore::Insert(call.writes(), next));
  SlaBook after = *current.value;
  after.Add(std::move(next));
  desk_.sla.book.Change(call, current, std::move(after));
  return answer;
}

absl::StatusOr<v1::ListSlaVersionsResponse> SlaHandlers::Versions(
    CallContext& call, const v1::ListSlaVersionsRequest& /*request*/) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto book, desk_.sla.book.Fresh(*db));
  v1::ListSlaVersionsResponse response;
  const auto& versions = book.value->versions();
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    v1::SlaVersion& out = *response.add_versions();
    out.set_version(version->first);
    out.set_author(version->second.author);
    out.set_reason(version->second.reason);
    if (version->first > 1) record::SetTime(version->second.time, *out.mutable_time());
  }
  return response;
}

absl::StatusOr<v1::TicketSla> SlaHandlers::TicketClocks(CallContext& call,
                                                        const v1::GetTicketSlaRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.Read(call, request.ticket()));
  const absl::Time now = state.Instant(call.now());
  const sla::Evaluation evaluation = sla::Evaluate(state.history.SlaEvents(), now);
  v1::TicketSla answer;
  answer.set_ticket(state.ticket.message.number());
  record::SetTime(now, *answer.mutable_time());
  answer.set_sla_version(state.ticket.message.sla_version());
  answer.set_sla_policy(state.ticket.message.sla_policy());
  for (const sla::Reading& reading : evaluation.clocks) {
    if (reading.state != sla::State::kInactive) *answer.add_clocks() = FromSla(reading);
  }
  for (const sla::Reading& reading : evaluation.earlier) {
    if (reading.state != sla::State::kInactive) *answer.add_earlier() = FromSla(reading);
  }
  return answer;
}

absl::StatusOr<v1::ExplainSlaResponse> SlaHandlers::Explain(CallContext& call,
                                                            const v1::ExplainSlaRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.Read(call, request.ticket()));
  const std::vector<sla::Event> events = state.history.SlaEvents();
  const std::optional<sla::Explanation> explanation =
      sla::Explain(events, ToSla(request.clock()), state.Instant(call.now()), request.cycle());
  if (!explanation.has_value()) {
    return NotFound(kClockType,
                    absl::StrCat(request.ticket(), "/", NameOf(ToSla(request.clock()))));
  }
  v1::ExplainSlaResponse response;
  *response.mutable_reading() = FromSla(explanation->reading);
  for (const sla::Segment& segment : explanation->segments) {
    *response.add_segments() = FromSla(segment);
  }
  return response;
}

}  // namespace crm::ticket
