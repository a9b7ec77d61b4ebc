#include "services/ticket/sum_changes.h"

#include <algorithm>

namespace crm::ticket {
namespace {

const db::InsertSpec& ChangeSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_sum_change",
                          {"id", "time", "since", "create_time", "figure", "value", "seconds",
                           "count", "type", "priority", "tier", "assignee", "team"},
                          ""};
  return spec;
}

bool Has(const std::vector<Happening>& happenings, const Happening& wanted) {
  return std::find(happenings.begin(), happenings.end(), wanted) != happenings.end();
}

}  // namespace

void SumChanges::Replace(const std::vector<Happening>& before,
                         const std::vector<Happening>& after) {
  for (const Happening& happening : before) {
    if (!Has(after, happening)) Tell(happening, -1);
  }
  for (const Happening& happening : after) {
    if (!Has(before, happening)) Tell(happening, 1);
  }
}

void SumChanges::Tell(const Happening& happening, int64_t count) {
  if (happening.time >= told_until_) return;
  const Tally& tally = happening.tally;
  writes_.Insert(ChangeSpec(),
                 {ids_.Next(), happening.time, happening.since, happening.created, tally.figure,
                  tally.value, tally.seconds * count, count, tally.of.type, tally.of.priority,
                  tally.of.tier, happening.holder.assignee, happening.holder.team});
}

}  // namespace crm::ticket
