#include "services/sales/calibration_rules.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "common/error/error.h"
#include "services/sales/dwell_rules.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

constexpr int kUsualSample = 30;
constexpr char kAllSources[] = "";

struct Sample {
  int64_t closed = 0;
  int64_t won = 0;
};

bool HasReached(const v1::Pipeline& pipeline, const v1::Stage& stage, const Outcome& outcome) {
  if (outcome.kind == v1::STAGE_KIND_WON) return true;
  // All of them began in the first one.
  return stage.code() == FirstStage(pipeline).code() ||
         !IsBackwards(pipeline, stage.code(), outcome.furthest_stage);
}

// By source; all of them under the empty one, which comes first.
std::map<std::string, Sample> SamplesOf(const v1::Pipeline& pipeline, const v1::Stage& stage,
                                        const std::vector<Outcome>& outcomes,
                                        CalibrationDetail detail) {
  std::map<std::string, Sample> samples{{kAllSources, {}}};
  for (const Outcome& outcome : outcomes) {
    if (!HasReached(pipeline, stage, outcome)) continue;
    const int64_t won = outcome.kind == v1::STAGE_KIND_WON ? outcome.opportunities : 0;
    const auto add = [&](Sample& sample) {
      sample.closed += outcome.opportunities;
      sample.won += won;
    };
    add(samples[kAllSources]);
    // Of an unknown source there is no line of its own.
    const bool of_source =
        detail == CalibrationDetail::kBySource && !outcome.source_channel.empty();
    if (of_source) add(samples[outcome.source_channel]);
  }
  return samples;
}

// Whole percent, halves up.
int PercentOf(const Sample& sample) {
  return static_cast<int>((sample.won * 200 + sample.closed) / (sample.closed * 2));
}

absl::Status NoSuggestion(const std::string& stage) {
  return Error(absl::StatusCode::kFailedPrecondition, "NO_SUGGESTION",
               "too few opportunities were closed in the period to suggest a probability")
      .Meta("stage", stage)
      .Precondition("SAMPLE_LARGE_ENOUGH", stage,
                    "choose a longer period, a smaller min_sample or other stages");
}

}  // namespace

std::vector<v1::CalibrationLine> Calibrate(const v1::Pipeline& pipeline,
                                           const std::vector<Outcome>& outcomes, int min_sample,
                                           CalibrationDetail detail, schema::Language language) {
  const int64_t enough = min_sample == 0 ? kUsualSample : min_sample;
  std::vector<v1::CalibrationLine> lines;
  for (const v1::Stage& stage : pipeline.stages()) {
    if (stage.kind() != v1::STAGE_KIND_OPEN) continue;
    for (const auto& [source, sample] : SamplesOf(pipeline, stage, outcomes, detail)) {
      v1::CalibrationLine& line = lines.emplace_back();
      line.set_stage(stage.code());
      line.set_name(StageName(stage, language));
      line.set_source_channel(source);
      line.set_closed_count(sample.closed);
      line.set_won_count(sample.won);
      line.set_probability(stage.probability());
      if (sample.closed == 0) continue;
      line.set_win_rate(static_cast<double>(sample.won) / static_cast<double>(sample.closed));
      if (source == kAllSources && sample.closed >= enough) {
        line.set_suggested_probability(PercentOf(sample));
      }
    }
  }
  return lines;
}

absl::Status ApplySuggestions(const std::vector<v1::CalibrationLine>& lines,
                              const google::protobuf::RepeatedPtrField<std::string>& stages,
                              v1::Pipeline& pipeline) {
  std::map<std::string, int> suggested;
  for (const v1::CalibrationLine& line : lines) {
    if (line.has_suggested_probability()) suggested[line.stage()] = line.suggested_probability();
  }
  for (const std::string& stage : stages) {
    if (suggested.count(stage) == 0) return NoSuggestion(stage);
  }
  if (suggested.empty()) return NoSuggestion(pipeline.code());
  for (v1::Stage& stage : *pipeline.mutable_stages()) {
    const auto found = suggested.find(stage.code());
    const bool wanted =
        stages.empty() || std::find(stages.begin(), stages.end(), stage.code()) != stages.end();
    if (found != suggested.end() && wanted) stage.set_probability(found->second);
  }
  return absl::OkStatus();
}

}  // namespace crm::sales
