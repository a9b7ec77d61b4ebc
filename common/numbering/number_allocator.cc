#include "common/numbering/number_allocator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/db/query.h"
#include "common/error/error.h"
#include "common/job/database_wait.h"

namespace crm::numbering {
namespace {

constexpr db::Query kNextValue{"next_sequence_value", R"sql(
  SELECT next_value
  FROM number_sequence
  WHERE name = ? AND period = ?)sql"};

constexpr db::Query kCreateSequence{"create_sequence", R"sql(
  INSERT INTO number_sequence (name, period, next_value)
  VALUES (?, ?, 1)
  ON DUPLICATE KEY UPDATE name = VALUES(name))sql"};

// Only from the value that was read: of two replicas at once, one takes the block and the other
// tries again. Needs no transaction and no lock.
constexpr db::Query kTakeBlock{"take_sequence_block", R"sql(
  UPDATE number_sequence
  SET next_value = ?
  WHERE name = ? AND period = ? AND next_value = ?)sql"};

// Each failure means that another replica took a block, so this many in a row do not happen.
constexpr int kMaxAttempts = 100;
// Stocks of past dates and rare types are dropped beyond this: their values become gaps.
constexpr size_t kMaxStocks = 32;
// A new block is fetched when less than this share of one is left.
constexpr int64_t kRefillDivisor = 4;

absl::Status Contention() {
  return Error(absl::StatusCode::kAborted, "NUMBER_CONTENTION",
               "too many replicas take numbers at once; try again")
      .RetryAfter(absl::Milliseconds(100));
}

}  // namespace

NumberAllocator::NumberAllocator(NumberAllocatorOptions options, db::Pool& pool)
    : options_(std::move(options)),
      block_(options_.pattern.has_sequence() ? options_.block : 1),
      pool_(pool) {}

int64_t NumberAllocator::Stock::size() const {
  int64_t total = 0;
  for (const Range& range : ranges) total += range.end - range.next;
  return total;
}

int64_t NumberAllocator::Stock::Take() {
  Range& range = ranges.front();
  const int64_t value = range.next++;
  if (range.next == range.end) ranges.pop_front();
  return value;
}

std::shared_ptr<NumberAllocator::Stock> NumberAllocator::StockOf(const std::string& period) {
  std::shared_ptr<Stock>& stock = stocks_[period];
  if (stock != nullptr) return stock;
  stock = std::make_shared<Stock>();
  const std::shared_ptr<Stock> made = stock;
  // The oldest date first. A thread that is using a dropped one keeps it alive.
  for (auto it = stocks_.begin(); stocks_.size() > kMaxStocks && it != stocks_.end();) {
    it = it->second == made ? std::next(it) : stocks_.erase(it);
  }
  return made;
}

absl::StatusOr<NumberAllocator::Range> NumberAllocator::Lease(const std::string& period,
                                                              int64_t count) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select(kNextValue, {options_.name, period}));
    if (!rows.Next()) {
      const absl::Status created =
          connection->Execute(kCreateSequence, {options_.name, period}).status();
      if (!created.ok() && db::ClassOf(created) != db::DbErrorClass::kRetryable) return created;
      continue;
    }
    const int64_t first = rows.Int(0);
    const absl::StatusOr<int64_t> matched =
        connection->Execute(kTakeBlock, {first + count, options_.name, period, first});
    if (!matched.ok() && db::ClassOf(matched.status()) != db::DbErrorClass::kRetryable) {
      return matched.status();  // if the block was taken all the same, it is a gap
    }
    if (matched.ok() && *matched == 1) return Range{first, first + count};
  }
  return Contention();
}

absl::Status NumberAllocator::Fetch(const std::string& period, Stock& stock) {
  const absl::StatusOr<Range> range = Lease(period, block_);
  MutexLock lock(&mutex_);
  stock.fetching = false;
  if (range.ok()) stock.ranges.push_back(*range);
  return range.status();
}

absl::StatusOr<int64_t> NumberAllocator::NextValue(const std::string& period) {
  while (true) {
    std::shared_ptr<Stock> stock;
    int64_t value = 0;
    {
      MutexLock lock(&mutex_);
      stock = StockOf(period);
      const auto can_go_on = [&] {
        mutex_.AssertReaderHeld();
        return !stock->ranges.empty() || !stock->fetching;
      };
      mutex_.Await(absl::Condition(&can_go_on));
      if (!stock->ranges.empty()) value = stock->Take();
      const bool plenty = block_ == 1 || stock->size() > block_ / kRefillDivisor;
      if (value != 0 && (plenty || stock->fetching)) return value;
      stock->fetching = true;
    }
    // This thread refills the stock. If that fails, those who find it empty will see why.
    const absl::Status fetched = Fetch(period, *stock);
    if (value != 0) return value;
    CRM_RETURN_IF_ERROR(fetched);
  }
}

absl::StatusOr<std::string> NumberAllocator::Next(absl::Time now, std::string_view type) {
  CRM_RETURN_IF_ERROR(options_.pattern.CheckType(type));
  const std::string period = options_.pattern.Period(now, options_.zone, type);
  CRM_ASSIGN_OR_RETURN(const int64_t value, NextValue(period));
  return options_.pattern.Render(now, options_.zone, type, value);
}

absl::StatusOr<std::vector<std::string>> NumberAllocator::ReserveBlock(absl::Time now,
                                                                       int64_t count,
                                                                       std::string_view type) {
  CRM_RETURN_IF_ERROR(options_.pattern.CheckType(type));
  if (count < 1 || count > kMaxReserve) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_BLOCK_SIZE",
                 absl::StrCat("a block has 1 to ", kMaxReserve, " numbers"));
  }
  const std::string period = options_.pattern.Period(now, options_.zone, type);
  CRM_ASSIGN_OR_RETURN(const Range range, Lease(period, count));
  std::vector<std::string> numbers;
  numbers.reserve(static_cast<size_t>(count));
  for (int64_t value = range.next; value < range.end; ++value) {
    numbers.push_back(options_.pattern.Render(now, options_.zone, type, value));
  }
  return numbers;
}

absl::Status NumberAllocator::Prepare(absl::Time now, int64_t count, std::string_view type) {
  CRM_RETURN_IF_ERROR(options_.pattern.CheckType(type));
  if (count < 1 || count > kMaxReserve) {
    return Error(absl::StatusCode::kInvalidArgument, "BAD_BLOCK_SIZE",
                 absl::StrCat("a block has 1 to ", kMaxReserve, " numbers"));
  }
  const std::string period = options_.pattern.Period(now, options_.zone, type);
  CRM_ASSIGN_OR_RETURN(const Range range, Lease(period, count));
  MutexLock lock(&mutex_);
  StockOf(period)->ranges.push_back(range);
  return absl::OkStatus();
}

}  // namespace crm::numbering
