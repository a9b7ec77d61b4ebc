// Records purchases, cancellations and refunds (CUS-20): the row, the sums of its customer, the
// events, all into one write set. Every way in (API, connector, import) goes through here.
//
//   PurchaseRecorder recorder(activity);
//   CRM_ASSIGN_OR_RETURN(auto recorded, recorder.Record(db, writes, std::move(rows), context));
//   for (auto& row : recorded) if (!row.status.ok()) …
//
// The customer's row is versioned: of two write sets that change one customer's sums the second
// fails its commit with WRITE_CONFLICT and has to be made again from fresh reads. Thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_PURCHASE_RECORDER_H_
#define CRM_SERVICES_CUSTOMER_PURCHASE_RECORDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "crm/customer/v1/purchase.pb.h"
#include "services/customer/activity_archive.h"
#include "services/customer/activity_record.h"

namespace crm::customer {

class PurchaseRecorder {
 public:
  using New = NewRecord<v1::Purchase>;
  using Outcome = Recorded<v1::Purchase>;
  using Stored = PurchaseStore::Stored;

  explicit PurchaseRecorder(ActivityArchive& activity) : activity_(activity) {}

  // Records those of the rows that can be; each has an outcome of its own. An order that is there
  // with the same content is `unchanged`; with another content it is refused, ALREADY_EXISTS
  // ORDER_DIFFERS. Rows are expected to fit their declarations (schema::NormalizeResource). An
  // error of the call itself means that nothing was decided. Commit the write set as one.
  absl::StatusOr<std::vector<Outcome>> Record(db::Connection& db, db::WriteSet& writes,
                                              std::vector<New> rows,
                                              const RecordContext& context) const;

  absl::StatusOr<v1::Purchase> Cancel(db::Connection& db, db::WriteSet& writes,
                                      const Stored& before, const std::string& reason,
                                      const RecordContext& context) const;
  absl::StatusOr<v1::Purchase> Refund(db::Connection& db, db::WriteSet& writes,
                                      const Stored& before, const v1::Refund& refund,
                                      const RecordContext& context) const;

 private:
  class Batch;

  // The purchases of a customer that count, but for one.
  static absl::StatusOr<std::optional<PurchaseSpan>> SpanWithout(db::Connection& db,
                                                                 int64_t customer_id,
                                                                 int64_t purchase_id);
  v1::Purchase Write(db::WriteSet& writes, std::string_view event, const Stored& before,
                     v1::Purchase after, resource::ChangeSource source) const;
  static void AddEvent(db::WriteSet& writes, std::string_view type, const v1::Purchase& purchase,
                       int64_t version, std::vector<std::string> changed_fields,
                       const resource::ChangeSource& source);

  ActivityArchive& activity_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PURCHASE_RECORDER_H_
