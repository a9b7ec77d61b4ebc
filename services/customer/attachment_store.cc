#include "services/customer/attachment_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {
namespace {

constexpr db::Query kClaim{"attachment_claim", R"sql(
  UPDATE attachment
  SET customer_id = ?
  WHERE id = ? AND (customer_id IS NULL OR customer_id = ?))sql"};
constexpr db::Query kDeleteUnclaimed{"attachment_delete_unclaimed", R"sql(
  DELETE FROM attachment
  WHERE customer_id IS NULL AND create_time < ?
  ORDER BY create_time
  LIMIT 200)sql"};
}  // namespace

AttachmentStore::AttachmentStore(crypto::Keyring& keyring, IdGenerator& ids)
    : ids_(ids),
      table_(schema::MessageSchema::Of<v1::Attachment>(), keyring, {"customer_id", "request_hash"}),
      select_(absl::StrCat("SELECT ", table_.Columns("attachment"),
                           ", customer.number FROM attachment "
                           "LEFT JOIN customer ON customer.id = attachment.customer_id WHERE ")),
      contents_(keyring, ids) {}

absl::StatusOr<std::vector<StoredAttachment>> AttachmentStore::ReadAll(db::Rows rows) const {
  const std::string columns = table_.Columns();
  const int customer_column = static_cast<int>(std::count(columns.begin(), columns.end(), ',')) + 1;
  std::vector<StoredAttachment> found;
  while (rows.Next()) {
    StoredAttachment& attachment = found.emplace_back();
    resource::RowKey key;
    CRM_RETURN_IF_ERROR(table_.Read(rows, key, attachment.message));
    attachment.id = key.id;
    attachment.customer_id = rows.OptInt(2);
    attachment.message.set_customer(rows.String(customer_column));
  }
  return found;
}

absl::StatusOr<StoredAttachment> AttachmentStore::Get(db::Connection& db, std::string_view number,
                                                      std::string_view caller,
                                                      const auth::RowScope& scope) const {
  filter::Fragment where;
  where.Append("attachment.number = ?", number);
  where.Append(" AND (attachment.customer_id IS NULL AND attachment.creator = ?", caller);
  where.Append(" OR attachment.customer_id IS NOT NULL");
  const filter::Fragment in_scope =
      filter::ScopeCondition(schema::MessageSchema::Of<v1::Customer>(), scope, "customer");
  if (!in_scope.empty()) {
    where.Append(" AND ");
    where.Append(in_scope);
  }
  where.Append(")");
  const std::string sql = absl::StrCat(select_, where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"attachment_by_number", sql}, where.values));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, ReadAll(std::move(rows)));
  if (found.empty()) return NotFound(kAttachmentType, number);
  return std::move(found.front());
}

absl::StatusOr<std::vector<StoredAttachment>> AttachmentStore::Find(
    db::Connection& db, absl::Span<const std::string> numbers) const {
  std::vector<StoredAttachment> all;
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    const auto part = numbers.subspan(start, db::kMaxInSize);
    const filter::Fragment where =
        filter::In("attachment.number", db::Values(part.begin(), part.end()));
    const std::string sql = absl::StrCat(select_, where.sql);
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"attachments_by_number", sql}, where.values));
    CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, ReadAll(std::move(rows)));
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<std::optional<StoredAttachment>> AttachmentStore::FindByRequest(
    db::Connection& db, std::string_view caller, std::string_view request_id) const {
  const std::string sql = absl::StrCat(select_, "attachment.request_hash = ?");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"attachment_by_request", sql},
                                                {contents_.RequestHash(caller, request_id)}));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, ReadAll(std::move(rows)));
  if (found.empty()) return std::optional<StoredAttachment>();
  return std::optional<StoredAttachment>(std::move(found.front()));
}

void AttachmentStore::Insert(db::WriteSet& writes, const v1::Attachment& attachment,
                             std::string_view request_id) const {
  db::Value request_hash;
  if (!request_id.empty()) request_hash = contents_.RequestHash(attachment.creator(), request_id);
  table_.Insert(writes, {ids_.Next(), 1}, attachment, {std::nullopt, std::move(request_hash)});
}

void AttachmentStore::Claim(db::WriteSet& writes, int64_t id, int64_t customer_id) const {
  writes.Execute(kClaim, {customer_id, id, customer_id}, db::Expect::kSomeRow);
}

absl::StatusOr<int64_t> AttachmentStore::Purge(db::Pool& pool, absl::Time before,
                                               absl::Time deadline) const {
  int64_t removed = 0;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool.Acquire(deadline));
    CRM_ASSIGN_OR_RETURN(removed, db->Execute(kDeleteUnclaimed, {before}));
  }
  CRM_ASSIGN_OR_RETURN(const int64_t contents, contents_.Purge(pool, before, deadline));
  return removed + contents;
}

absl::Status AttachmentClaims::Load(db::Connection& db) {
  if (wanted_.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, store_.Find(db, wanted_));
  for (StoredAttachment& attachment : found) {
    std::string number = attachment.message.number();
    found_[std::move(number)] = std::move(attachment);
  }
  return absl::OkStatus();
}

bool AttachmentClaims::MayClaim(const std::string& number, int64_t customer_id,
                                std::string_view actor) const {
  const auto found = found_.find(number);
  if (found == found_.end()) return false;
  const StoredAttachment& attachment = found->second;
  if (attachment.customer_id.has_value()) return *attachment.customer_id == customer_id;
  return attachment.message.creator() == actor;
}

void AttachmentClaims::Claim(db::WriteSet& writes,
                             const google::protobuf::RepeatedPtrField<std::string>& numbers,
                             int64_t customer_id) {
  for (const std::string& number : numbers) {
    const auto found = found_.find(number);
    if (found == found_.end() || found->second.customer_id.has_value()) continue;
    store_.Claim(writes, found->second.id, customer_id);
    // Of two customers' records in one write set only the first may have it.
    found->second.customer_id = customer_id;
  }
}

}  // namespace crm::customer
