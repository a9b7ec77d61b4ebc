// Bulk methods: every row is checked and refused alone, those that are good are one write set.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_ROWS_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_ROWS_H_

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/schema/validate.h"
#include "common/server/call_context.h"
#include "services/customer/activity_archive.h"

namespace crm::customer {

// `message_of(row)` gives the record of a row; `recorder.Record` takes those that fit their
// declarations.
template <typename Response, typename Request, typename MessageOf, typename Recorder>
absl::StatusOr<Response> RecordRows(server::CallContext& call, const Request& request,
                                    std::string_view prefix, MessageOf message_of,
                                    const Recorder& recorder) {
  const RecordContext context = ActivityArchive::ContextOf(call, prefix);
  Response response;
  std::vector<typename Recorder::New> good;
  std::vector<int> places;
  for (int i = 0; i < request.rows_size(); ++i) {
    response.add_outcomes();
    auto row = request.rows(i);
    const auto violations = schema::NormalizeResource(row, call.now());
    if (violations.empty()) {
      good.push_back({message_of(row), row.lookup()});
      places.push_back(i);
    } else {
      SetOutcome(schema::ViolationsToStatus(violations, call.language()), false, "", {},
                 *response.mutable_outcomes(i));
    }
  }
  if (good.empty()) return response;
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto recorded,
                       recorder.Record(*db, call.writes(), std::move(good), context));
  for (size_t i = 0; i < recorded.size(); ++i) {
    *response.mutable_outcomes(places[i]) = ToOutcome(recorded[i]);
  }
  return response;
}

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_ROWS_H_
