#include "bench/filled_service.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/group_committer.h"
#include "common/replica/customer_copy.h"
#include "common/replica/staff_copy.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;

constexpr char kUser[] = "bench";
// Rows made by calls.
constexpr int64_t kModels = 50'000;
// Rows that benchmarks may have added before the database is filled afresh.
constexpr double kMostGrowth = 1.25;
constexpr int kOutstanding = 64;
// Ids hold a time in their upper bits: this moves them by days, far from any that the service
// makes.
constexpr int64_t kIdShift = int64_t{1} << 50;

absl::Status CommitAlone(db::Pool& pool, const db::WriteSet& writes) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(absl::InfiniteFuture()));
  const db::WriteSet* const all[] = {&writes};
  return db::CommitOn(*connection, all, [](auto, auto&) {});
}

v1::StaffUser MakeUser(const std::string& id, const std::string& role) {
  v1::StaffUser user;
  user.set_user_id(id);
  user.set_name(id);
  user.set_status(v1::STAFF_STATUS_ACTIVE);
  user.set_team(kBenchTeam);
  user.add_roles(role);
  return user;
}

}  // namespace

std::string BenchCustomer(uint64_t index) {
  return absl::StrFormat("CRM2026%06d", index % kBenchCustomers);
}

FilledService::FilledService(std::unique_ptr<TestedService> service, const Filling& filling)
    : service_(std::move(service)),
      filling_(filling),
      token_(service_->Token(kUser, {filling.role}, kBenchTeam)) {}

absl::StatusOr<std::unique_ptr<FilledService>> FilledService::Open(const Settings& settings,
                                                                   const Filling& filling) {
  CRM_ASSIGN_OR_RETURN(auto service, TestedService::Make(settings, filling.program,
                                                         absl::StrCat("crm_bench_", filling.name,
                                                                      "_", settings.rows)));
  std::unique_ptr<FilledService> filled(new FilledService(std::move(service), filling));
  if (!filled->IsFilled()) CRM_RETURN_IF_ERROR(filled->Fill());
  CRM_RETURN_IF_ERROR(filled->service_->Migrate());
  CRM_RETURN_IF_ERROR(filled->service_->Start());
  return filled;
}

absl::StatusOr<Clients> FilledService::Connect() const {
  return ConnectClients(service_->address(), token_, service_->settings().connections);
}

bool FilledService::IsFilled() {
  const int64_t rows = service_->settings().rows;
  const auto count = service_->Count(filling_.table);
  // Doubling makes up to twice as many as asked for.
  return count.ok() && *count >= rows &&
         static_cast<double>(*count) <= 2 * static_cast<double>(rows) * kMostGrowth;
}

absl::Status FilledService::Fill() {
  const absl::Time begin = absl::Now();
  std::cerr << "filling " << filling_.program << std::flush;
  CRM_RETURN_IF_ERROR(service_->MakeDatabase());
  CRM_RETURN_IF_ERROR(service_->Migrate());
  CRM_RETURN_IF_ERROR(WriteCopies());
  for (const std::string& sql : filling_.sql) CRM_RETURN_IF_ERROR(Run(sql));
  CRM_RETURN_IF_ERROR(service_->Start());
  CRM_RETURN_IF_ERROR(MakeModels());
  service_->Stop();
  for (const std::string& table : filling_.emptied)
    CRM_RETURN_IF_ERROR(Run("DELETE FROM " + table));
  CRM_ASSIGN_OR_RETURN(int64_t rows, service_->Count(filling_.table));
  for (int step = 0; rows < service_->settings().rows; ++step, rows *= 2) {
    CRM_RETURN_IF_ERROR(Double(step));
  }
  const absl::Duration took = absl::Now() - begin;
  std::cerr << " with " << rows
            << " rows: " << absl::FormatDuration(absl::Trunc(took, absl::Seconds(1))) << "\n";
  return absl::OkStatus();
}

absl::Status FilledService::WriteCopies() {
  db::WriteSet writes;
  for (int i = 0; i < kBenchCustomers; ++i) {
    v1::Customer customer;
    customer.set_number(BenchCustomer(static_cast<uint64_t>(i)));
    customer.set_etag("v1");
    customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name(absl::StrCat("测试", i, "有限公司"));
    customer.set_owner(kUser);
    customer.set_team(kBenchTeam);
    replica::KeepCustomer(customer, writes);
  }
  for (const std::string& user : filling_.staff) {
    replica::StaffCopy::Keep(MakeUser(user, filling_.staff_role), 1, writes);
  }
  replica::StaffCopy::MarkChanged(writes);
  return CommitAlone(service_->pool(), writes);
}

absl::Status FilledService::MakeModels() {
  CRM_ASSIGN_OR_RETURN(const Clients clients, Connect());
  const CallKind create = filling_.create();
  for (int64_t rows = 0; rows < kModels;) {
    const LoadResult result =
        KeepOutstanding(clients, kOutstanding, service_->settings().time, create);
    if (result.failed > 0) return result.first_failure;
    CRM_ASSIGN_OR_RETURN(rows, service_->Count(filling_.table));
  }
  return absl::OkStatus();
}

absl::Status FilledService::Double(int step) {
  for (const CopiedTable& table : filling_.copies) {
    CRM_RETURN_IF_ERROR(Copy(table, step));
  }
  for (const std::string& table : filling_.sums) CRM_RETURN_IF_ERROR(DoubleSums(table));
  return absl::OkStatus();
}

absl::Status FilledService::Copy(const CopiedTable& table, int step) {
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> columns, Columns(table.name, false));
  std::vector<std::string> values = columns;
  for (std::string& value : values) {
    const std::string column = value;
    if (std::find(table.ids.begin(), table.ids.end(), column) != table.ids.end()) {
      value = absl::StrCat(column, " + ", kIdShift << step);
    }
    const auto replaced = table.replace.find(column);
    if (replaced != table.replace.end()) {
      value = absl::StrReplaceAll(replaced->second, {{"?", absl::StrCat(step)}});
    }
  }
  return Run(absl::StrCat("INSERT INTO ", table.name, " (", absl::StrJoin(columns, ", "),
                          ") SELECT ", absl::StrJoin(values, ", "), " FROM ", table.name));
}

absl::Status FilledService::DoubleSums(const std::string& table) {
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> all, Columns(table, false));
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> keys, Columns(table, true));
  std::vector<std::string> changes;
  for (const std::string& column : all) {
    if (std::find(keys.begin(), keys.end(), column) != keys.end()) continue;
    changes.push_back(absl::StrCat(column, " = 2 * ", column));
  }
  return Run(absl::StrCat("UPDATE ", table, " SET ", absl::StrJoin(changes, ", ")));
}

absl::StatusOr<std::vector<std::string>> FilledService::Columns(const std::string& table,
                                                                bool keys) {
  constexpr db::Query kColumns{"columns", R"sql(
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = ? AND extra NOT LIKE '%GENERATED%'
      AND (? = 0 OR column_key = 'PRI')
    ORDER BY ordinal_position)sql"};
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection,
                       service_->pool().Acquire(absl::InfiniteFuture()));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select(kColumns, {table, keys ? 1 : 0}));
  std::vector<std::string> columns;
  while (rows.Next()) columns.push_back(rows.String(0));
  return columns;
}

absl::Status FilledService::Run(const std::string& sql) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection,
                       service_->pool().Acquire(absl::InfiniteFuture()));
  return connection->ExecuteText({"fill", sql});
}

absl::StatusOr<std::vector<std::string>> FilledService::Numbers(int64_t first, int64_t count) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection,
                       service_->pool().Acquire(absl::InfiniteFuture()));
  const std::string sql = absl::StrCat("SELECT number FROM ", filling_.table,
                                       " ORDER BY number LIMIT ", count, " OFFSET ", first);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select({"numbers", sql}, {}));
  std::vector<std::string> numbers;
  while (rows.Next()) numbers.push_back(rows.String(0));
  return numbers;
}

}  // namespace crm::bench
