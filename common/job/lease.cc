#include "common/job/lease.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/error/error.h"

namespace crm::job {
namespace {

constexpr db::Query kTakeLease{"take_lease", R"sql(
  UPDATE lease
  SET holder = ?, expire_time = ?
  WHERE name = ? AND (holder = ? OR expire_time <= ?))sql"};

// Does nothing if another process made the row meanwhile.
constexpr db::Query kCreateLease{"create_lease", R"sql(
  INSERT INTO lease (name, holder, expire_time, value)
  VALUES (?, '', 0, ?)
  ON DUPLICATE KEY UPDATE name = VALUES(name))sql"};

constexpr db::Query kLeaseValue{"lease_value", R"sql(
  SELECT value
  FROM lease
  WHERE name = ? AND holder = ?)sql"};

constexpr db::Query kAdvanceLease{"advance_lease", R"sql(
  UPDATE lease
  SET value = ?, expire_time = ?
  WHERE name = ? AND holder = ? AND value = ?)sql"};

constexpr db::Query kReleaseLease{"release_lease", R"sql(
  UPDATE lease
  SET holder = '', expire_time = 0
  WHERE name = ? AND holder = ?)sql"};

constexpr size_t kMaxHostName = 40;  // the column holds 64

}  // namespace

std::string ProcessName() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {'h', 'o', 's', 't'};
  absl::BitGen random;
  return absl::StrCat(std::string(host.data()).substr(0, kMaxHostName), "-", getpid(), "-",
                      absl::Hex(absl::Uniform<uint32_t>(random), absl::kZeroPad8));
}

Lease::Lease(LeaseOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

absl::StatusOr<bool> Lease::TryUpdate(db::Connection& connection, absl::Time now) {
  CRM_ASSIGN_OR_RETURN(const int64_t matched,
                       connection.Execute(kTakeLease, {options_.holder, now + options_.term,
                                                       options_.name, options_.holder, now}));
  return matched == 1;
}

absl::StatusOr<bool> Lease::Acquire(db::Connection& connection) {
  const bool was_held = held();
  Forget();
  const absl::Time now = clock_.Now();
  CRM_ASSIGN_OR_RETURN(bool taken, TryUpdate(connection, now));
  if (!taken && !row_exists_) {
    CRM_RETURN_IF_ERROR(
        connection.Execute(kCreateLease, {options_.name, options_.first_value}).status());
    CRM_ASSIGN_OR_RETURN(taken, TryUpdate(connection, now));
  }
  row_exists_ = true;
  if (!taken) return false;
  if (!was_held) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows,
                         connection.Select(kLeaseValue, {options_.name, options_.holder}));
    if (!rows.Next()) return false;
    value_ = rows.Int(0);
  }
  held_until_ = now + options_.term;
  return true;
}

absl::StatusOr<bool> Lease::Hold(db::Connection& connection) {
  if (clock_.Now() + options_.term / 2 < held_until_) return true;
  return Acquire(connection);
}

absl::Status Lease::Release(db::Connection& connection) {
  Forget();
  return connection.Execute(kReleaseLease, {options_.name, options_.holder}).status();
}

absl::Status Lease::Advance(db::Connection& transaction, int64_t value) {
  advanced_until_ = clock_.Now() + options_.term;
  CRM_ASSIGN_OR_RETURN(const int64_t matched,
                       transaction.Execute(kAdvanceLease, {value, advanced_until_, options_.name,
                                                           options_.holder, value_}));
  if (matched == 1) return absl::OkStatus();
  Forget();
  return Error(absl::StatusCode::kAborted, "LEASE_LOST", "another process has taken the lease")
      .Meta("lease", options_.name);
}

void Lease::Advanced(int64_t value) {
  value_ = value;
  held_until_ = advanced_until_;
}

}  // namespace crm::job
