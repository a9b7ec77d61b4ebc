#include "services/sales/insight_handlers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/history.h"
#include "services/sales/dwell_rules.h"
#include "services/sales/insight_store.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

constexpr int kDefaultPage = 50;
constexpr int kMaxPage = 200;
// Whoever wants more works down a list, not a ranking.
constexpr size_t kMaxRank = 1000;
constexpr int kCandidatesAtOnce = 500;

// Both are ISO and compare as text.
absl::Status CheckPeriod(const std::string& from, const std::string& to, const char* field) {
  if (from <= to) return absl::OkStatus();
  return InvalidField(field, "PERIOD_BACKWARDS", "let the period end after it begins");
}

absl::StatusOr<const StoredPipeline*> PipelineNamed(const Pipelines& all, const std::string& code) {
  const StoredPipeline* found = all.Find(code.empty() ? kDefaultPipeline : code);
  if (found == nullptr) return NotFound("crm.sales.v1.Pipeline", code);
  return found;
}

// How many were on the pages before.
absl::StatusOr<size_t> OffsetOf(const std::string& page_token) {
  uint64_t offset = 0;
  if (page_token.empty()) return 0;
  if (absl::SimpleAtoi(page_token, &offset) && offset < kMaxRank) return offset;
  return InvalidField("page_token", "PAGE_TOKEN_INVALID", "use the token of the page before");
}

}  // namespace

void InsightHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::GetBottlenecksRequest, v1::GetBottlenecksResponse>(
      "GetBottlenecks", bind(&InsightHandlers::Bottlenecks));
  table.Unary<v1::GetCalibrationRequest, v1::GetCalibrationResponse>(
      "GetCalibration", bind(&InsightHandlers::Calibration));
  table.Unary<v1::ApplyCalibrationRequest, v1::Pipeline>("ApplyCalibration",
                                                         bind(&InsightHandlers::Apply));
  table.Unary<v1::ListPrioritiesRequest, v1::ListPrioritiesResponse>(
      "ListPriorities", bind(&InsightHandlers::Priorities));
}

absl::StatusOr<v1::GetBottlenecksResponse> InsightHandlers::Bottlenecks(
    CallContext& call, v1::GetBottlenecksRequest request) {
  CRM_RETURN_IF_ERROR(CheckPeriod(request.from_month(), request.to_month(), "to_month"));
  const auto pipelines = sales_.pipelines.Get();
  CRM_ASSIGN_OR_RETURN(const StoredPipeline* const pipeline,
                       PipelineNamed(*pipelines, request.pipeline()));
  request.set_pipeline(pipeline->message.code());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<DwellCell> cells, ReadDwell(*db, request, call.scope()));
  CRM_ASSIGN_OR_RETURN(
      const std::vector<OpenStage> open,
      ReadOpenStages(*db, request, pipeline->message, absl::ToCivilDay(call.now(), sales_.zone),
                     sales_.zone, call.scope()));
  return BuildBottlenecks(pipeline->message, cells, open, call.language());
}

absl::StatusOr<std::vector<v1::CalibrationLine>> InsightHandlers::Lines(
    CallContext& call, const v1::CalibrationPeriod& period, const v1::Pipeline& pipeline,
    const auth::RowScope& scope, CalibrationDetail detail) const {
  CRM_RETURN_IF_ERROR(CheckPeriod(period.from_date(), period.to_date(), "period.to_date"));
  absl::CivilDay from;
  absl::CivilDay to;
  absl::ParseCivilTime(period.from_date(), &from);
  absl::ParseCivilTime(period.to_date(), &to);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  const ClosedPeriod closed{from, to, absl::ToCivilDay(call.now(), sales_.zone), sales_.zone};
  CRM_ASSIGN_OR_RETURN(const std::vector<Outcome> outcomes,
                       ReadOutcomes(*db, pipeline.code(), closed, scope));
  return Calibrate(pipeline, outcomes, period.min_sample(), detail, call.language());
}

absl::StatusOr<v1::GetCalibrationResponse> InsightHandlers::Calibration(
    CallContext& call, const v1::GetCalibrationRequest& request) {
  const auto pipelines = sales_.pipelines.Get();
  CRM_ASSIGN_OR_RETURN(const StoredPipeline* const pipeline,
                       PipelineNamed(*pipelines, request.period().pipeline()));
  CRM_ASSIGN_OR_RETURN(
      std::vector<v1::CalibrationLine> lines,
      Lines(call, request.period(), pipeline->message, call.scope(),
            request.by_source() ? CalibrationDetail::kBySource : CalibrationDetail::kAll));
  v1::GetCalibrationResponse response;
  for (v1::CalibrationLine& line : lines) *response.add_lines() = std::move(line);
  response.set_etag(pipeline->message.etag());
  return response;
}

absl::StatusOr<v1::Pipeline> InsightHandlers::Apply(CallContext& call,
                                                    const v1::ApplyCalibrationRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto pipelines, sales_.pipelines.pipelines.Fresh(*db));
  CRM_ASSIGN_OR_RETURN(const StoredPipeline* const before,
                       PipelineNamed(*pipelines.value, request.period().pipeline()));
  CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before->key, request.etag(), "etag", {"stages"}));
  // A pipeline is for everybody: so is what it is calibrated by.
  CRM_ASSIGN_OR_RETURN(const std::vector<v1::CalibrationLine> lines,
                       Lines(call, request.period(), before->message,
                             {.kind = auth::RowScope::Kind::kAll, .user_id = {}, .teams = {}},
                             CalibrationDetail::kAll));
  v1::Pipeline after = before->message;
  CRM_RETURN_IF_ERROR(ApplySuggestions(lines, request.stages(), after));
  if (call.validate_only()) return after;
  return sales_.pipelines.Save(call, pipelines, *before, std::move(after));
}

Urgent InsightHandlers::JudgeOne(const CallContext& call, const Pipelines& pipelines,
                                 Candidate candidate) const {
  const StoredPipeline* pipeline = pipelines.Find(candidate.pipeline);
  const v1::Stage* stage =
      pipeline == nullptr ? nullptr : FindStage(pipeline->message, candidate.stage);
  return Judge(std::move(candidate), stage, absl::ToCivilDay(call.now(), sales_.zone), sales_.zone,
               call.language());
}

absl::StatusOr<std::vector<Urgent>> InsightHandlers::MostUrgent(
    CallContext& call, const v1::ListPrioritiesRequest& request, size_t count) const {
  const auto pipelines = sales_.pipelines.Get();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  std::vector<Urgent> best;
  CandidateMark mark;
  for (bool first = true;; first = false) {
    CRM_ASSIGN_OR_RETURN(
        std::vector<Candidate> candidates,
        ReadCandidates(*db, request, first ? nullptr : &mark, kCandidatesAtOnce, call.scope()));
    if (candidates.empty()) return best;
    mark = {candidates.back().weighted, candidates.back().id};
    const bool is_last = candidates.size() < kCandidatesAtOnce;
    for (Candidate& candidate : candidates) {
      best.push_back(JudgeOne(call, *pipelines, std::move(candidate)));
    }
    std::sort(best.begin(), best.end(), StandsBefore);
    if (best.size() > count) best.resize(count);
    if (is_last || (best.size() == count && CannotBeOvertaken(best.back(), mark.weighted))) {
      return best;
    }
  }
}

absl::StatusOr<v1::ListPrioritiesResponse> InsightHandlers::Priorities(
    CallContext& call, const v1::ListPrioritiesRequest& request) {
  CRM_ASSIGN_OR_RETURN(const size_t offset, OffsetOf(request.page_token()));
  const int size =
      request.page_size() == 0 ? kDefaultPage : std::min<int>(request.page_size(), kMaxPage);
  const size_t end = std::min(kMaxRank, offset + static_cast<size_t>(size));
  // One more tells whether there is another page.
  CRM_ASSIGN_OR_RETURN(const std::vector<Urgent> best, MostUrgent(call, request, end + 1));
  v1::ListPrioritiesResponse response;
  for (size_t i = offset; i < std::min(end, best.size()); ++i) {
    *response.add_priorities() = ToPriority(best[i], static_cast<int>(i) + 1, call.language());
  }
  if (best.size() > end && end < kMaxRank) response.set_next_page_token(absl::StrCat(end));
  return response;
}

}  // namespace crm::sales
