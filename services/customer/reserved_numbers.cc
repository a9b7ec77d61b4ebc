#include "services/customer/reserved_numbers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "services/customer/customer_store.h"

namespace crm::customer {
namespace {

constexpr db::Query kTake{"reserved_number_take", R"sql(
  DELETE FROM reserved_number
  WHERE number = ?)sql"};

constexpr db::Query kIsUsed{"reserved_number_used", R"sql(
  SELECT 1
  FROM customer
  WHERE number = ?)sql"};

const db::InsertSpec& ReservedSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"reserved_number", {"number", "reserved_by", "reserve_time"}, ""};
  return spec;
}

}  // namespace

void KeepReservedNumbers(db::WriteSet& writes, absl::Span<const std::string> numbers,
                         const resource::ChangeSource& source) {
  for (const std::string& number : numbers) {
    writes.Insert(ReservedSpec(), {number, source.actor, source.time});
  }
}

absl::StatusOr<std::vector<std::string>> FindReservedNumbers(
    db::Connection& db, absl::Span<const std::string> numbers) {
  std::vector<std::string> found;
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    const auto part = numbers.subspan(start, db::kMaxInSize);
    const filter::Fragment where = filter::In("number", db::Values(part.begin(), part.end()));
    const std::string sql = absl::StrCat("SELECT number FROM reserved_number WHERE ", where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"reserved_numbers", sql}, where.values));
    while (rows.Next()) found.push_back(rows.String(0));
  }
  return found;
}

void TakeReservedNumber(db::WriteSet& writes, const std::string& number) {
  writes.Execute(kTake, {number}, db::Expect::kSomeRow);
}

absl::Status NumberRefused(db::Connection& db, const std::string& number, std::string_view field) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kIsUsed, {number}));
  if (rows.Next()) {
    return Error(absl::StatusCode::kAlreadyExists, "NUMBER_USED",
                 "a customer has this number; use another reserved one")
        .Resource(kCustomerType, number);
  }
  return InvalidField(field, "NUMBER_NOT_RESERVED",
                      "use a number that ReserveCustomerNumbers gave, or leave it out");
}

}  // namespace crm::customer
