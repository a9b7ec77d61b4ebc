#include "services/sales/pipeline_rules.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/schema/message_schema.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {
namespace {

using schema::Violation;

class Check {
 public:
  Check(const Pipelines& others, const v1::Pipeline& pipeline)
      : others_(others), pipeline_(pipeline) {}

  std::vector<Violation> Run() && {
    CheckCodes();
    CheckKinds();
    CheckProbabilities();
    for (int i = 0; i < pipeline_.stages_size(); ++i) {
      CheckMoves(i);
      CheckRequiredFields(i);
    }
    CheckTeams();
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string rule, std::string en, std::string zh) {
    violations_.push_back({std::move(field), std::move(rule), std::move(en), std::move(zh)});
  }
  static std::string Path(int stage, std::string_view field) {
    return absl::StrCat("stages[", stage, "].", std::string(field));
  }

  void CheckCodes() {
    for (int i = 0; i < pipeline_.stages_size(); ++i) {
      if (!kinds_.emplace(pipeline_.stages(i).code(), pipeline_.stages(i).kind()).second) {
        Add(Path(i, "code"), "STAGE_DUPLICATE", "use a code once", "阶段代码重复");
      }
    }
  }

  void CheckKinds() {
    std::map<v1::StageKind, int> count;
    bool closed = false;
    for (const v1::Stage& stage : pipeline_.stages()) {
      ++count[stage.kind()];
      if (stage.kind() != v1::STAGE_KIND_OPEN) {
        closed = true;
      } else if (closed) {
        Add("stages", "STAGE_ORDER", "put the open stages before won and lost",
            "进行中的阶段应排在赢单、输单之前");
      }
    }
    if (count[v1::STAGE_KIND_OPEN] == 0 || count[v1::STAGE_KIND_WON] != 1 ||
        count[v1::STAGE_KIND_LOST] != 1) {
      Add("stages", "STAGE_KINDS", "have open stages, one that is won and one that is lost",
          "须有进行中的阶段，以及赢单、输单各一个");
    }
  }

  void CheckProbabilities() {
    for (int i = 0; i < pipeline_.stages_size(); ++i) {
      const v1::Stage& stage = pipeline_.stages(i);
      const bool wrong = (stage.kind() == v1::STAGE_KIND_WON && stage.probability() != 100) ||
                         (stage.kind() == v1::STAGE_KIND_LOST && stage.probability() != 0);
      if (wrong) {
        Add(Path(i, "probability"), "PROBABILITY_FIXED", "use 100 for won and 0 for lost",
            "赢单为100，输单为0");
      }
    }
  }

  void CheckMoves(int stage) {
    for (const std::string& next : pipeline_.stages(stage).next_stages()) {
      const auto found = kinds_.find(next);
      if (found != kinds_.end() && found->second == v1::STAGE_KIND_OPEN) continue;
      Add(Path(stage, "next_stages"), "STAGE_UNKNOWN", "name open stages of this pipeline",
          "请填写本管道中进行中的阶段");
    }
  }

  void CheckRequiredFields(int stage) {
    const auto& schema = schema::MessageSchema::Of<v1::Opportunity>();
    for (const std::string& name : pipeline_.stages(stage).required_fields()) {
      const schema::FieldSchema* field = schema.Find(name);
      if (field != nullptr && !field->options->output_only()) continue;
      Add(Path(stage, "required_fields"), "FIELD_UNKNOWN",
          "name fields that a request can set on an opportunity", "请填写商机中可填写的字段名");
    }
  }

  void CheckTeams() {
    for (int i = 0; i < pipeline_.teams_size(); ++i) {
      for (const auto& [code, other] : others_.all()) {
        const auto& teams = other.message.teams();
        const bool has = std::find(teams.begin(), teams.end(), pipeline_.teams(i)) != teams.end();
        if (code == pipeline_.code() || !has) continue;
        Add(absl::StrCat("teams[", i, "]"), "TEAM_TAKEN",
            "take the team out of its other pipeline first", "该团队已使用其他管道");
      }
    }
  }

  const Pipelines& others_;
  const v1::Pipeline& pipeline_;
  std::map<std::string, v1::StageKind> kinds_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> CheckPipeline(const Pipelines& others, const v1::Pipeline& pipeline) {
  return Check(others, pipeline).Run();
}

}  // namespace crm::sales
