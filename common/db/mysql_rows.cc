#include "common/db/mysql_rows.h"

#include "common/base/clock.h"

namespace crm::db {
namespace {

// The driver counts columns from 1.
uint32_t Index(int column) { return static_cast<uint32_t>(column + 1); }

}  // namespace

Rows::Rows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

bool Rows::Next() noexcept { return impl_->result().next(); }

size_t Rows::size() const noexcept { return impl_->result().rowsCount(); }

bool Rows::IsNull(int column) const noexcept { return impl_->result().isNull(Index(column)); }

int64_t Rows::Int(int column) const noexcept { return impl_->result().getInt64(Index(column)); }

double Rows::Double(int column) const noexcept {
  return static_cast<double>(impl_->result().getDouble(Index(column)));
}

std::string Rows::String(int column) const noexcept {
  sql::SQLString value = impl_->result().getString(Index(column));
  return std::move(*value.operator->());
}

std::optional<std::string> Rows::OptString(int column) const noexcept {
  if (IsNull(column)) return std::nullopt;
  return String(column);
}

std::optional<int64_t> Rows::OptInt(int column) const noexcept {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

absl::Time Rows::Time(int column) const noexcept { return FromMicros(Int(column)); }

}  // namespace crm::db
