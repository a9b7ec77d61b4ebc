// What batch handlers of a server without a database are given: refuses every statement with
// FAILED_PRECONDITION, reason NO_DATABASE.
#ifndef CRM_COMMON_SERVER_NO_CONNECTION_H_
#define CRM_COMMON_SERVER_NO_CONNECTION_H_

#include "common/db/connection.h"
#include "common/error/error.h"

namespace crm::server {

class NoConnection : public db::Connection {
 public:
  absl::StatusOr<db::Rows> Select(const db::Query&, absl::Span<const db::Value>) override {
    return Refusal();
  }
  absl::StatusOr<int64_t> Execute(const db::Query&, absl::Span<const db::Value>) override {
    return Refusal();
  }
  absl::StatusOr<int64_t> ExecuteRows(const db::Query&,
                                      absl::Span<const db::Values* const>) override {
    return Refusal();
  }
  absl::Status ExecuteText(const db::Query&) override { return Refusal(); }
  absl::Status Begin() override { return Refusal(); }
  absl::Status Commit() override { return Refusal(); }
  void Rollback() override {}
  bool in_transaction() const override { return false; }
  void SetDeadline(absl::Time) override {}
  bool usable() const override { return true; }

 private:
  static absl::Status Refusal() {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_DATABASE",
                 "the server has no database");
  }
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_NO_CONNECTION_H_
