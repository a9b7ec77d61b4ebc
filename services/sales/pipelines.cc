#include "services/sales/pipelines.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"

namespace crm::sales {
namespace {

struct BuiltInStage {
  const char* code;
  const char* name_zh;
  const char* name_en;
  v1::StageKind kind;
  int probability;
};

constexpr BuiltInStage kDefaultStages[] = {
    {"lead_confirmed", "线索确认", "lead confirmed", v1::STAGE_KIND_OPEN, 10},
    {"needs_analysis", "需求分析", "needs analysis", v1::STAGE_KIND_OPEN, 30},
    {"solution_demo", "方案演示", "solution demo", v1::STAGE_KIND_OPEN, 50},
    {"negotiation", "商务谈判", "negotiation", v1::STAGE_KIND_OPEN, 70},
    {"contract_signing", "合同签订", "contract signing", v1::STAGE_KIND_OPEN, 90},
    {"won", "赢单", "won", v1::STAGE_KIND_WON, 100},
    {"lost", "输单", "lost", v1::STAGE_KIND_LOST, 0},
};

constexpr int kDefaultMaxDwellDays = 30;

StoredPipeline DefaultPipeline() {
  StoredPipeline stored{{0, 1}, {}};
  v1::Pipeline& pipeline = stored.message;
  pipeline.set_code(kDefaultPipeline);
  pipeline.set_name("默认管道");
  pipeline.set_etag(resource::EtagOf(stored.key.version));
  for (const BuiltInStage& each : kDefaultStages) {
    v1::Stage& stage = *pipeline.add_stages();
    stage.set_code(each.code);
    stage.set_name_zh(each.name_zh);
    stage.set_name_en(each.name_en);
    stage.set_kind(each.kind);
    stage.set_probability(each.probability);
    if (each.kind == v1::STAGE_KIND_OPEN) stage.set_max_dwell_days(kDefaultMaxDwellDays);
  }
  v1::EntryAction& demo = *pipeline.mutable_stages(2)->add_entry_actions();
  demo.set_assignee_role("product_manager");
  demo.set_text("准备方案演示");
  pipeline.mutable_stages(4)->set_contract(true);
  return stored;
}

}  // namespace

Pipelines::Pipelines() { Put(DefaultPipeline()); }

void Pipelines::Put(StoredPipeline pipeline) {
  std::string code = pipeline.message.code();
  pipelines_.insert_or_assign(std::move(code), std::move(pipeline));
}

const StoredPipeline* Pipelines::Find(std::string_view code) const {
  const auto found = pipelines_.find(code);
  return found == pipelines_.end() ? nullptr : &found->second;
}

const v1::Pipeline& Pipelines::ForTeam(std::string_view team) const {
  for (const auto& [code, pipeline] : pipelines_) {
    const auto& teams = pipeline.message.teams();
    if (std::find(teams.begin(), teams.end(), team) != teams.end()) return pipeline.message;
  }
  return pipelines_.find(std::string_view(kDefaultPipeline))->second.message;
}

PipelineStore::PipelineStore(crypto::Keyring& keyring, IdGenerator& ids)
    : table(v1::Pipeline::descriptor(), keyring, ids, "pipeline"),
      pipelines(
          "pipeline", [this](db::Connection& db) { return Load(db); },
          [](const std::shared_ptr<const Pipelines>&) {}) {}

absl::StatusOr<Pipelines> PipelineStore::Load(db::Connection& db) const {
  Pipelines loaded;
  CRM_ASSIGN_OR_RETURN(std::vector<StoredPipeline> stored, table.LoadAll<v1::Pipeline>(db));
  for (StoredPipeline& pipeline : stored) loaded.Put(std::move(pipeline));
  return loaded;
}

v1::Pipeline PipelineStore::Save(server::CallContext& call,
                                 const record::Followed<Pipelines>::Snapshot& all,
                                 const StoredPipeline& before, v1::Pipeline after) {
  StoredPipeline saved{before.key, std::move(after)};
  const resource::ChangeSource source = record::SourceOf(call);
  if (before.key.id != 0) {
    saved.key = table.Change(call.writes(), before.key, before.message, saved.message, source);
  } else if (!table.table().Diff(before.message, saved.message).changes().empty()) {
    // The first change of one that came with the program.
    saved.key = table.Create(call.writes(), saved.message, source, before.key.version + 1);
    table.AddHistory(call.writes(), saved.key, before.message, saved.message, source);
  }
  if (saved.key.version == before.key.version) return before.message;
  Pipelines changed = *all.value;
  changed.Put(saved);
  pipelines.Change(call, all, std::move(changed));
  return std::move(saved.message);
}

}  // namespace crm::sales
