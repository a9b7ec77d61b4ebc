#include "services/sales/stage_history.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/record/times.h"

namespace crm::sales {
namespace {

constexpr absl::Duration kLateAfter = absl::Hours(24);

// A stay ends where the next one begins. That is not written a second time: it would cost each move
// of a stage a statement of its own. Past stays that came from elsewhere may have ended before.
void EndStays(std::vector<v1::StageMove>& moves) {
  for (size_t i = 1; i < moves.size(); ++i) {
    v1::StageMove& stay = moves[i - 1];
    const google::protobuf::Timestamp& next = moves[i].enter_time();
    const bool ended_before =
        stay.has_leave_time() && record::TimeOf(stay.leave_time()) <= record::TimeOf(next);
    if (!ended_before) *stay.mutable_leave_time() = next;
  }
}

}  // namespace

StageHistory::StageHistory(crypto::Keyring& keyring, IdGenerator& ids)
    : table_(schema::MessageSchema::Of<v1::StageMove>(), keyring, {"opportunity_id"}),
      select_(absl::StrCat("SELECT ", table_.Columns(), " FROM ", ToAbsl(table_.name()),
                           " WHERE opportunity_id = ? ORDER BY enter_time, id")),
      ids_(ids) {}

void StageHistory::Add(db::WriteSet& writes, const v1::Opportunity& opportunity, Entry entry,
                       const resource::ChangeSource& source) const {
  const absl::Time enter_time = record::TimeOf(opportunity.stage_enter_time());
  v1::StageMove move;
  move.set_from_stage(std::move(entry.from_stage));
  move.set_stage(opportunity.stage());
  move.set_kind(opportunity.stage_kind());
  *move.mutable_enter_time() = opportunity.stage_enter_time();
  record::SetTime(source.time, *move.mutable_record_time());
  move.set_late(source.time - enter_time > kLateAfter);
  move.set_backwards(entry.backwards);
  move.set_reason(std::move(entry.reason));
  move.set_actor(source.actor);
  table_.Insert(writes, {ids_.Next(), 1}, move, {entry.opportunity_id});
}

void StageHistory::AddPast(db::WriteSet& writes, int64_t opportunity_id,
                           const std::vector<v1::StageMove>& moves) const {
  for (const v1::StageMove& move : moves) {
    table_.Insert(writes, {ids_.Next(), 1}, move, {opportunity_id});
  }
}

absl::StatusOr<std::vector<v1::StageMove>> StageHistory::Read(db::Connection& db,
                                                              int64_t opportunity_id) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"stage_moves", select_}, {opportunity_id}));
  std::vector<v1::StageMove> moves;
  while (rows.Next()) {
    resource::RowKey key;
    CRM_RETURN_IF_ERROR(table_.Read(rows, key, moves.emplace_back()));
  }
  EndStays(moves);
  return moves;
}

void FillDwell(absl::TimeZone zone, absl::Time now, v1::StageMove& move) {
  if (move.kind() != v1::STAGE_KIND_OPEN) return;
  const absl::Time enter = record::TimeOf(move.enter_time());
  const absl::Time leave = move.has_leave_time() ? record::TimeOf(move.leave_time()) : now;
  move.set_dwell_days(absl::ToCivilDay(leave, zone) - absl::ToCivilDay(enter, zone));
  move.set_dwell_seconds(absl::ToInt64Seconds(leave - enter));
}

std::string StageOn(const std::vector<v1::StageMove>& moves, absl::CivilDay day,
                    absl::TimeZone zone) {
  const absl::Time end = absl::FromCivil(day + 1, zone);
  std::string stage;
  for (const v1::StageMove& move : moves) {
    if (record::TimeOf(move.enter_time()) < end) stage = move.stage();
  }
  return stage;
}

}  // namespace crm::sales
