// The moves of an opportunity and what can be read from them (SAL-3, SAL-4).
#ifndef CRM_SERVICES_SALES_STAGE_HISTORY_H_
#define CRM_SERVICES_SALES_STAGE_HISTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "common/resource/resource_table.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

// The SQL of the table `stage_move`. Thread-safe.
class StageHistory {
 public:
  // Both outlive it.
  StageHistory(crypto::Keyring& keyring, IdGenerator& ids);

  // Notes that the opportunity is now in its stage, which ends the stay before.
  struct Entry {
    int64_t opportunity_id = 0;
    std::string from_stage = {};  // empty for the first one
    bool backwards = false;
    std::string reason = {};
  };
  void Add(db::WriteSet& writes, const v1::Opportunity& opportunity, Entry entry,
           const resource::ChangeSource& source) const;

  // Moves of an older system, as they are: never late.
  void AddPast(db::WriteSet& writes, int64_t opportunity_id,
               const std::vector<v1::StageMove>& moves) const;

  // Oldest first, each ended where the next one begins; without dwell times.
  absl::StatusOr<std::vector<v1::StageMove>> Read(db::Connection& db, int64_t opportunity_id) const;

 private:
  const resource::ResourceTable table_;
  const std::string select_;
  IdGenerator& ids_;
};

// Pure. Fills the dwell times: a stay that has not ended lasts until `now`.
void FillDwell(absl::TimeZone zone, absl::Time now, v1::StageMove& move);
// Code of the stage at the end of the day; empty if there was none yet.
std::string StageOn(const std::vector<v1::StageMove>& moves, absl::CivilDay day,
                    absl::TimeZone zone);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_STAGE_HISTORY_H_
