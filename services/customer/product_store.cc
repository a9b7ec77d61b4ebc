#include "services/customer/product_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/text/unicode.h"
#include "services/customer/product_rules.h"

namespace crm::customer {
namespace {

constexpr size_t kMaxNameLength = 100;
constexpr size_t kMaxSourceLength = 40;

const db::InsertSpec& NewNameSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"product_name", {"folded", "product_code", "own"}, ""};
  return spec;
}

const db::InsertSpec& MappingSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "product_name",
      {"folded", "product_code", "own"},
      "ON DUPLICATE KEY UPDATE product_code = IF(own = 1, product_code, VALUES(product_code))"};
  return spec;
}

constexpr db::Query kForgetUnmapped{"unmapped_product_forget", R"sql(
  DELETE FROM unmapped_product
  WHERE folded = ?)sql"};

// The rows that `select` has with any of the keys in a column, a statement at a time.
template <typename Key, typename Read>
absl::Status SelectIn(db::Connection& db, const db::Query& select, std::string_view column,
                      absl::Span<const Key> keys, Read read) {
  for (size_t start = 0; start < keys.size(); start += db::kMaxInSize) {
    const auto part = keys.subspan(start, db::kMaxInSize);
    const filter::Fragment where = filter::In(column, db::Values(part.begin(), part.end()));
    const std::string sql = absl::StrCat(ToAbsl(select.sql), where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({select.name, sql}, where.values));
    while (rows.Next()) CRM_RETURN_IF_ERROR(read(rows));
  }
  return absl::OkStatus();
}

}  // namespace

ProductStore::ProductStore(crypto::Keyring& keyring, IdGenerator& ids)
    : ids_(ids),
      table_(schema::MessageSchema::Of<v1::Product>(), keyring),
      unmapped_table_(schema::MessageSchema::Of<v1::UnmappedProduct>(), keyring),
      note_unmapped_(unmapped_table_.insert_spec()),
      select_(absl::StrCat("SELECT ", table_.Columns(), " FROM product WHERE ")) {
  note_unmapped_.on_duplicate =
      "ON DUPLICATE KEY UPDATE name = VALUES(name), count = count + VALUES(count), "
      "last_seen = GREATEST(last_seen, VALUES(last_seen))";
}

absl::StatusOr<StoredProduct> ProductStore::Get(db::Connection& db, std::string_view code) const {
  const std::string sql = absl::StrCat(select_, "code = ?");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"product_by_code", sql}, {code}));
  if (!rows.Next()) return NotFound(kProductType, code);
  StoredProduct product;
  CRM_RETURN_IF_ERROR(table_.Read(rows, product.key, product.message));
  return product;
}

template <typename Key>
absl::StatusOr<std::vector<StoredProduct>> ProductStore::ReadIn(db::Connection& db,
                                                                std::string_view name,
                                                                std::string_view column,
                                                                absl::Span<const Key> keys) const {
  std::vector<StoredProduct> found;
  CRM_RETURN_IF_ERROR(SelectIn(db, {name, select_}, column, keys, [&](const db::Rows& row) {
    StoredProduct& product = found.emplace_back();
    return table_.Read(row, product.key, product.message);
  }));
  return found;
}

absl::StatusOr<std::vector<StoredProduct>> ProductStore::GetMany(
    db::Connection& db, absl::Span<const std::string> codes) const {
  return ReadIn(db, "products_by_code", "code", codes);
}

absl::StatusOr<std::vector<StoredProduct>> ProductStore::GetByIds(
    db::Connection& db, absl::Span<const int64_t> ids) const {
  return ReadIn(db, "products_by_id", "id", ids);
}

absl::StatusOr<std::vector<std::string>> ProductStore::Existing(
    db::Connection& db, absl::Span<const std::string> codes) const {
  std::vector<std::string> existing;
  CRM_RETURN_IF_ERROR(SelectIn(db, {"products_existing", "SELECT code FROM product WHERE "}, "code",
                               codes, [&](const db::Rows& row) {
                                 existing.push_back(row.String(0));
                                 return absl::OkStatus();
                               }));
  return existing;
}

absl::StatusOr<ProductStore::Meanings> ProductStore::Resolve(
    db::Connection& db, absl::Span<const std::string> folded) const {
  Meanings meanings;
  CRM_RETURN_IF_ERROR(SelectIn(
      db, {"product_meanings", "SELECT folded, product_code, own FROM product_name WHERE "},
      "folded", folded, [&](const db::Rows& row) {
        meanings[row.String(0)] = {row.String(1), row.Int(2) != 0};
        return absl::OkStatus();
      }));
  return meanings;
}

void ProductStore::AddOwnNames(db::WriteSet& writes, absl::Span<const std::string> fresh,
                               std::string_view code) const {
  for (const std::string& folded : fresh) {
    writes.Insert(NewNameSpec(), {folded, code, true});
    writes.Execute(kForgetUnmapped, {folded});
  }
}

void ProductStore::MapName(db::WriteSet& writes, std::string_view folded,
                           std::string_view code) const {
  writes.Insert(MappingSpec(), {folded, code, false});
  writes.Execute(kForgetUnmapped, {folded});
}

void ProductStore::NoteUnmapped(db::WriteSet& writes, std::string_view name,
                                std::string_view source, absl::Time now) const {
  v1::UnmappedProduct note;
  note.set_folded(FoldProductName(name));
  if (note.folded().empty()) return;
  note.set_name(std::string(text::FirstCodePoints(name, kMaxNameLength)));
  note.set_source(std::string(text::FirstCodePoints(source, kMaxSourceLength)));
  note.set_count(1);
  const int64_t micros = ToMicros(now);
  note.mutable_last_seen()->set_seconds(micros / 1'000'000);
  note.mutable_last_seen()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
  writes.Insert(note_unmapped_, unmapped_table_.InsertValues({ids_.Next(), 1}, note));
}

}  // namespace crm::customer
