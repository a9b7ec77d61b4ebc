#include "common/record/followed.h"

namespace crm::record {
namespace {

constexpr db::Query kReadRevision{"record_revision", R"sql(
  SELECT revision
  FROM record_revision
  WHERE name = ?)sql"};

constexpr db::Query kAdvanceRevision{"advance_record_revision", R"sql(
  UPDATE record_revision
  SET revision = revision + 1
  WHERE name = ? AND revision = ?)sql"};

const db::InsertSpec& FirstRevision() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"record_revision", {"name", "revision"}, ""};
  return spec;
}

}  // namespace

absl::StatusOr<int64_t> ReadRevision(db::Connection& db, std::string_view name) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadRevision, {name}));
  return rows.Next() ? rows.Int(0) : 0;
}

void AdvanceRevision(db::WriteSet& writes, std::string_view name, int64_t from) {
  if (from == 0) {
    writes.Insert(FirstRevision(), {name, 1});
  } else {
    writes.Execute(kAdvanceRevision, {name, from}, db::Expect::kSomeRow);
  }
}

}  // namespace crm::record
