// Typed errors (PLT-7). An Error becomes an absl::Status that carries google.rpc details; the
// server turns it into `grpc-status-details-bin`.
//
//   return Error(absl::StatusCode::kFailedPrecondition, "CUSTOMER_DELETED",
//                "the customer is deleted")
//       .Resource("crm.customer.v1.Customer", number)
//       .Precondition("CUSTOMER_LIVE", number, "undelete the customer first");
//
// Messages are for a developer: no personal data, no SQL, no value the caller sent.
#ifndef CRM_COMMON_ERROR_ERROR_H_
#define CRM_COMMON_ERROR_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace crm {

class Error {
 public:
  // `reason`: UPPER_SNAKE_CASE, stable.
  Error(absl::StatusCode code, std::string_view reason, std::string_view message);

  // A fact for programs in ErrorInfo.metadata.
  Error&& Meta(std::string_view key, std::string_view value) &&;
  // A wrong field: its path from the request, the broken rule, how to mend it.
  Error&& Field(std::string_view path, std::string_view rule, std::string_view description) &&;
  Error&& Field(google::rpc::BadRequest::FieldViolation violation) &&;
  Error&& Precondition(std::string_view type, std::string_view subject,
                       std::string_view description) &&;
  Error&& Resource(std::string_view type, std::string_view name) &&;
  Error&& RetryAfter(absl::Duration delay) &&;

  bool has_field_violations() const { return bad_request_.field_violations_size() > 0; }

  operator absl::Status() const;  // NOLINT(google-explicit-constructor): errors are returned as is

 private:
  absl::StatusCode code_;
  std::string message_;
  google::rpc::ErrorInfo info_;
  google::rpc::BadRequest bad_request_;
  google::rpc::PreconditionFailure precondition_;
  google::rpc::ResourceInfo resource_;
  google::rpc::RetryInfo retry_;
};

// The common ones.
Error InvalidField(std::string_view path, std::string_view rule, std::string_view description);
Error NotFound(std::string_view resource_type, std::string_view name);

// The wire form of a status; a plain status gets an ErrorInfo made from its code.
google::rpc::Status ToRpcStatus(const absl::Status& status);
// The reverse, for clients.
absl::Status FromRpcStatus(const google::rpc::Status& status);

// The reason in a status' ErrorInfo, empty if it has none.
std::string ErrorReason(const absl::Status& status);

}  // namespace crm

#endif  // CRM_COMMON_ERROR_ERROR_H_
