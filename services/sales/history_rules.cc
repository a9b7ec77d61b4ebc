#include "services/sales/history_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "common/base/absl_view.h"
#include "common/record/times.h"
#include "common/schema/message_schema.h"
#include "services/sales/amount_rules.h"
#include "services/sales/stage_rules.h"
#include "services/sales/time_rules.h"

namespace crm::sales {
namespace {

using schema::Violation;

Violation Missing(std::string field) {
  return {std::move(field), "REQUIRED", "set this field", "必填"};
}

std::string StageList(const v1::Pipeline& pipeline) {
  return absl::StrJoin(pipeline.stages(), ", ", [](std::string* out, const v1::Stage& stage) {
    absl::StrAppend(out, stage.code());
  });
}

std::string DayOf(absl::Time time, absl::TimeZone zone) {
  return absl::FormatCivilTime(absl::ToCivilDay(time, zone));
}

// One row.
class Take {
 public:
  Take(const v1::HistoricOpportunity& row, const v1::Pipeline& pipeline, const HistoryRules& rules)
      : row_(row), pipeline_(pipeline), rules_(rules) {}

  TakenOver Run() && {
    CopyFields();
    CheckComplete();
    if (const v1::Stage* stage = StageOf(row_.stage(), "stage")) {
      AddStays();
      if (stage->kind() == v1::STAGE_KIND_OPEN) {
        EndOpen(*stage);
      } else {
        EndClosed(*stage);
      }
      if (violations().empty()) Finish(*stage);
    }
    NameIt();
    return std::move(taken_);
  }

 private:
  v1::Opportunity& opportunity() { return taken_.opportunity; }
  std::vector<Violation>& violations() { return taken_.violations; }

  void CopyFields() {
    v1::Opportunity& to = opportunity();
    to.set_source_system(row_.source_system());
    to.set_external_number(row_.external_number());
    to.set_customer(row_.customer());
    to.set_owner(row_.owner());
    to.set_team(row_.team());
    to.set_amount(row_.amount());
    to.set_currency(row_.currency());
    to.set_exchange_rate(row_.exchange_rate());
    to.set_expected_close_date(row_.expected_close_date());
    to.set_source_channel(row_.source_channel());
    if (row_.has_lead_time()) *to.mutable_lead_time() = row_.lead_time();
    *to.mutable_products() = row_.products();
    *to.mutable_competitors() = row_.competitors();
    to.set_risk(row_.risk());
    to.set_pipeline(pipeline_.code());
    to.set_follow_up_unknown(true);  // there, it may have been
    CheckLeadTime(rules_.now, to, violations());
    for (Violation& violation : NormalizeHistoricAmounts(to)) {
      violations().push_back(std::move(violation));
    }
  }

  void CheckComplete() {
    if (rules_.missing == v1::MISSING_FIELDS_ACCEPT) return;
    const v1::Opportunity& known = opportunity();
    if (row_.customer_name().empty()) Require(!known.customer().empty(), "customer");
    Require(!known.owner().empty(), "owner");
    Require(!known.amount().empty(), "amount");
    Require(!known.source_channel().empty(), "source_channel");
    Require(known.has_lead_time(), "lead_time");
    Require(!known.expected_close_date().empty() || row_.has_close_time(), "expected_close_date");
  }

  void Require(bool is_set, const char* field) {
    if (!is_set) violations().push_back(Missing(field));
  }

  const v1::Stage* StageOf(const std::string& text, const std::string& field) {
    const v1::Stage* stage = StageNamed(pipeline_, text);
    if (stage == nullptr && !text.empty()) {
      violations().push_back({field, "STAGE_UNKNOWN",
                              absl::StrCat("use a stage of the pipeline: ", StageList(pipeline_)),
                              absl::StrCat("请使用管道中的阶段：", StageList(pipeline_))});
    }
    return stage;
  }

  // Not in the future, and not before what came before.
  void CheckTime(absl::Time time, const std::string& field) {
    if (time > rules_.now) {
      violations().push_back(
          {field, "TIME_IN_FUTURE", "use a time that has passed", "不得晚于当前时间"});
    } else if (time < last_) {
      violations().push_back({field, "TIME_BEFORE_LAST_MOVE",
                              "use a time from the entry of the stage before on",
                              "不得早于前一阶段的进入时间"});
    }
    last_ = std::max(last_, time);
  }

  void AddMove(const v1::Stage& stage, absl::Time time, const std::string& reason) {
    v1::StageMove* const before = taken_.moves.empty() ? nullptr : &taken_.moves.back();
    v1::StageMove move;
    if (before != nullptr) {
      record::SetTime(time, *before->mutable_leave_time());
      move.set_from_stage(before->stage());
      move.set_backwards(IsBackwards(pipeline_, before->stage(), stage.code()) &&
                         stage.kind() == v1::STAGE_KIND_OPEN);
    }
    move.set_stage(stage.code());
    move.set_kind(stage.kind());
    record::SetTime(time, *move.mutable_enter_time());
    record::SetTime(rules_.now, *move.mutable_record_time());
    move.set_reason(reason);
    move.set_actor(std::string(rules_.actor));
    taken_.moves.push_back(std::move(move));
    const bool further = IsBackwards(pipeline_, stage.code(), opportunity().furthest_stage());
    if (stage.kind() != v1::STAGE_KIND_LOST && further) {
      opportunity().set_furthest_stage(stage.code());
    }
  }

  void AddStays() {
    for (int i = 0; i < row_.stays_size(); ++i) {
      const v1::HistoricStay& stay = row_.stays(i);
      const std::string at = absl::StrCat("stays[", i, "].");
      const v1::Stage* stage = StageOf(stay.stage(), absl::StrCat(at, "stage"));
      if (!stay.has_enter_time()) violations().push_back(Missing(absl::StrCat(at, "enter_time")));
      if (stay.stage().empty()) violations().push_back(Missing(absl::StrCat(at, "stage")));
      if (stage == nullptr || !stay.has_enter_time()) continue;
      if (stage->kind() != v1::STAGE_KIND_OPEN) {
        violations().push_back({absl::StrCat(at, "stage"), "STAY_NOT_OPEN",
                                "name open stages here; stage and close_time say how it ended",
                                "此处只填进行中的阶段"});
        continue;
      }
      CheckTime(record::TimeOf(stay.enter_time()), absl::StrCat(at, "enter_time"));
      AddMove(*stage, record::TimeOf(stay.enter_time()), stay.reason());
    }
  }

  void EndOpen(const v1::Stage& stage) {
    if (row_.has_close_time()) {
      violations().push_back({"close_time", "CLOSE_TIME_OF_OPEN",
                              "leave it out, or use a stage that is won or lost",
                              "进行中的商机没有关闭时间"});
    }
    if (!taken_.moves.empty() && taken_.moves.back().stage() == stage.code()) {
      const bool same =
          !row_.has_stage_enter_time() || record::TimeOf(row_.stage_enter_time()) == last_;
      if (!same) AddEndsElsewhere();
      return;
    }
    const bool must_say = rules_.missing != v1::MISSING_FIELDS_ACCEPT;
    if (!row_.has_stage_enter_time() && !taken_.moves.empty() && must_say) {
      return AddEndsElsewhere();
    }
    const absl::Time enter = LastKnownTime();
    if (row_.has_stage_enter_time()) CheckTime(enter, "stage_enter_time");
    AddMove(stage, enter, "");
  }

  absl::Time LastKnownTime() const {
    if (row_.has_stage_enter_time()) return record::TimeOf(row_.stage_enter_time());
    if (!taken_.moves.empty()) return last_;
    return row_.has_lead_time() ? record::TimeOf(row_.lead_time()) : rules_.now;
  }

  void AddEndsElsewhere() {
    violations().push_back({"stage_enter_time", "STAYS_END_ELSEWHERE",
                            "say when it entered the stage it is in, once",
                            "请填写进入当前阶段的时间"});
  }

  void EndClosed(const v1::Stage& stage) {
    if (!row_.has_close_time()) return violations().push_back(Missing("close_time"));
    const absl::Time time = record::TimeOf(row_.close_time());
    if (row_.has_lead_time()) last_ = std::max(last_, record::TimeOf(row_.lead_time()));
    CheckTime(time, "close_time");
    if (stage.kind() == v1::STAGE_KIND_LOST && !taken_.moves.empty()) {
      opportunity().set_last_open_stage(taken_.moves.back().stage());
    }
    AddMove(stage, time, row_.close_note());
    Close(stage, time);
  }

  void Close(const v1::Stage& stage, absl::Time time) {
    v1::Opportunity& to = opportunity();
    record::SetTime(time, *to.mutable_close_time());
    to.set_close_note(row_.close_note());
    to.set_closed_before_import(true);
    // Where it has been before is not known: it says nothing about the stages.
    if (row_.stays().empty()) to.clear_furthest_stage();
    const std::string day = DayOf(time, rules_.zone);
    if (to.expected_close_date().empty()) to.set_expected_close_date(day);
    if (stage.kind() == v1::STAGE_KIND_LOST) {
      to.set_loss_reason(row_.loss_reason());
      to.set_lost_to(row_.lost_to());
      return;
    }
    to.set_win_reason(row_.win_reason());
    to.set_contract_amount(row_.contract_amount().empty() ? to.amount() : row_.contract_amount());
    to.set_contract_date(row_.contract_date().empty() ? day : row_.contract_date());
    // What a won one counts is its contract.
    if (to.contract_amount().empty() || !violations().empty()) return;
    if (auto base = InBaseCurrency(to, to.contract_amount())) {
      to.set_base_amount(*std::move(base));
    } else {
      violations().push_back({"contract_amount", "AMOUNT_OUT_OF_RANGE",
                              "use a contract amount up to 999999999999.99 CNY", "金额超出范围"});
    }
  }

  // An open one goes on from here like any other, with approvals still to be asked for.
  void Finish(const v1::Stage& stage) {
    v1::Opportunity& to = opportunity();
    const google::protobuf::Timestamp& entered = taken_.moves.back().enter_time();
    if (stage.kind() == v1::STAGE_KIND_OPEN) {
      return EnterStage(pipeline_, stage, record::TimeOf(entered), to);
    }
    to.set_stage(stage.code());
    to.set_stage_kind(stage.kind());
    *to.mutable_stage_enter_time() = entered;
    to.set_probability(stage.probability());
  }

  void NameIt() {
    v1::Opportunity& to = opportunity();
    if (!row_.name().empty()) return to.set_name(row_.name());
    std::string name = to.main_product();
    if (!row_.customer_name().empty()) {
      absl::StrAppend(&name, name.empty() ? "" : " · ", row_.customer_name());
    }
    constexpr size_t kLongest = 100;  // bytes, so characters too
    to.set_name(name.empty() || name.size() > kLongest ? row_.external_number() : name);
  }

  const v1::HistoricOpportunity& row_;
  const v1::Pipeline& pipeline_;
  const HistoryRules& rules_;
  TakenOver taken_;
  absl::Time last_ = absl::InfinitePast();
};

bool SameText(std::string_view a, std::string_view b) {
  return !a.empty() && absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

}  // namespace

const v1::Stage* StageNamed(const v1::Pipeline& pipeline, std::string_view text) {
  for (const v1::Stage& stage : pipeline.stages()) {
    if (SameText(stage.code(), text) || SameText(stage.name_zh(), text) ||
        SameText(stage.name_en(), text)) {
      return &stage;
    }
  }
  const auto* kind = schema::FindEnumValue(*v1::StageKind_descriptor(), text);
  if (kind == nullptr || kind->number() == v1::STAGE_KIND_OPEN) return nullptr;
  return &StageOfKind(pipeline, static_cast<v1::StageKind>(kind->number()));
}

std::vector<Violation> CheckIdentified(const v1::HistoricOpportunity& row) {
  std::vector<Violation> violations;
  if (row.source_system().empty()) violations.push_back(Missing("source_system"));
  if (row.external_number().empty()) violations.push_back(Missing("external_number"));
  if (row.stage().empty()) violations.push_back(Missing("stage"));
  return violations;
}

TakenOver TakeOver(const v1::HistoricOpportunity& row, const v1::Pipeline& pipeline,
                   const HistoryRules& rules) {
  return Take(row, pipeline, rules).Run();
}

}  // namespace crm::sales
