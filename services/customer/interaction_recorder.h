// Records interactions (CUS-18): the row, its customer, its events, all into one write set. Every
// way in (API, form, import) goes through here.
//
//   std::vector<NewRecord<v1::Interaction>> rows = …;
//   CRM_ASSIGN_OR_RETURN(auto recorded, recorder.Record(db, writes, std::move(rows), context));
//   for (auto& row : recorded) if (!row.status.ok()) …
//
// Thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_INTERACTION_RECORDER_H_
#define CRM_SERVICES_CUSTOMER_INTERACTION_RECORDER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "crm/customer/v1/interaction.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/activity_record.h"

namespace crm::customer {

class InteractionRecorder {
 public:
  using New = NewRecord<v1::Interaction>;
  using Outcome = Recorded<v1::Interaction>;

  explicit InteractionRecorder(ActivityArchive& activity) : activity_(activity) {}

  // Records those of the rows that can be; each has an outcome of its own. Rows are expected to fit
  // their declarations (schema::NormalizeResource). An error of the call itself means that nothing
  // was decided. Commit the write set as one; a conflict there means: do it again.
  absl::StatusOr<std::vector<Outcome>> Record(db::Connection& db, db::WriteSet& writes,
                                              std::vector<New> rows,
                                              const RecordContext& context) const;

  // Writes an interaction that was changed, and the customer's last result with it.
  absl::StatusOr<v1::Interaction> Change(db::Connection& db, db::WriteSet& writes,
                                         const InteractionStore::Stored& before,
                                         v1::Interaction after, const RecordContext& context) const;

 private:
  class Batch;

  void AddEvents(db::WriteSet& writes, std::string_view type, const v1::Interaction& interaction,
                 int64_t version, bool planned, std::vector<std::string> changed_fields,
                 const resource::ChangeSource& source) const;

  ActivityArchive& activity_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INTERACTION_RECORDER_H_
