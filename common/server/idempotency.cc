#include "common/server/idempotency.h"

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace crm::server {
namespace {

constexpr db::Query kAnswerByKey{"idempotency_by_key", R"sql(
  SELECT request_hash, create_time, response
  FROM idempotency
  WHERE key_hash = ?)sql"};

constexpr db::Query kReplaceExpired{"idempotency_replace_expired", R"sql(
  UPDATE idempotency
  SET request_hash = ?, create_time = ?, response = ?
  WHERE key_hash = ? AND create_time = ?)sql"};

const db::InsertSpec& InsertAnswer() {
  static const auto* const kSpec = new db::InsertSpec{
      "idempotency", {"key_hash", "request_hash", "create_time", "response"}, ""};
  return *kSpec;
}

// The same bytes for the same content, whatever the order of map entries in memory.
std::string Canonical(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// Ties a stored answer to its row.
std::string Place(const std::string& key_hash) { return absl::StrCat("idempotency/", key_hash); }

}  // namespace

IdempotencyStore::Key IdempotencyStore::MakeKey(const auth::Caller& caller,
                                                const ServedMethod& method,
                                                const std::string& request_id,
                                                const google::protobuf::Message& request) const {
  const char* const kind = caller.kind == auth::CallerKind::kService ? "service" : "user";
  const std::string subject =
      absl::StrCat(kind, absl::string_view("\0", 1), caller.id, absl::string_view("\0", 1),
                   method.path, absl::string_view("\0", 1), request_id);
  return {keyring_.LookupHash("idempotency_key", subject),
          keyring_.LookupHash("idempotency_request", Canonical(request))};
}

void IdempotencyStore::Remember(const Key& key, const google::protobuf::Message& response,
                                absl::Time now, std::optional<int64_t> replaces,
                                db::WriteSet& writes) const {
  std::string answer = keyring_.Encrypt(response.SerializeAsString(), Place(key.key_hash));
  if (replaces.has_value()) {
    writes.Execute(kReplaceExpired,
                   {key.request_hash, now, std::move(answer), key.key_hash, *replaces},
                   db::Expect::kSomeRow);
  } else {
    writes.Insert(InsertAnswer(), {key.key_hash, key.request_hash, now, std::move(answer)});
  }
}

absl::StatusOr<IdempotencyStore::Found> IdempotencyStore::Find(const Key& key, absl::Time now,
                                                               db::Connection& connection) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select(kAnswerByKey, {key.key_hash}));
  Found found;
  if (!rows.Next()) return found;
  found.create_time = rows.Int(1);
  if (FromMicros(found.create_time) + kLifetime <= now) {
    found.outcome = Outcome::kExpired;
  } else if (rows.String(0) != key.request_hash) {
    found.outcome = Outcome::kReused;
  } else {
    found.outcome = Outcome::kStored;
    CRM_ASSIGN_OR_RETURN(found.response, keyring_.Decrypt(rows.String(2), Place(key.key_hash)));
  }
  return found;
}

}  // namespace crm::server
