#include "services/ticket/sla_book.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "google/protobuf/util/json_util.h"

namespace crm::ticket {
namespace {

constexpr std::string_view kName = "sla";

constexpr db::Query kVersions{"sla_versions", R"sql(
  SELECT version, value, author, reason, create_time
  FROM setting
  WHERE name = ?
  ORDER BY version)sql"};

const db::InsertSpec& SettingSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "setting", {"name", "version", "value", "author", "reason", "create_time"}, ""};
  return spec;
}

absl::StatusOr<SlaVersion> ReadRow(const db::Rows& row) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // of a newer release
  v1::SlaConfiguration configuration;
  if (!google::protobuf::util::JsonStringToMessage(row.String(1), &configuration, options).ok()) {
    return Error(absl::StatusCode::kDataLoss, "STORED_VALUE_MALFORMED",
                 "a stored SLA configuration cannot be read");
  }
  CRM_ASSIGN_OR_RETURN(CompiledSla sla, CompiledSla::Compile(std::move(configuration)));
  return SlaVersion{row.Int(0), std::move(sla), row.String(2), row.String(3), row.Time(4)};
}

absl::StatusOr<SlaBook> Load(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(SlaBook book, SlaBook::Make());
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kVersions, {kName}));
  while (rows.Next()) {
    CRM_ASSIGN_OR_RETURN(SlaVersion version, ReadRow(rows));
    book.Add(std::move(version));
  }
  return book;
}

}  // namespace

absl::StatusOr<SlaBook> SlaBook::Make() {
  SlaBook book;
  CRM_ASSIGN_OR_RETURN(CompiledSla first, CompiledSla::Compile(DefaultSlaConfiguration()));
  book.Add({.version = 1, .sla = std::move(first)});
  return book;
}

void SlaBook::Add(SlaVersion version) {
  const int64_t number = version.version;
  versions_.insert_or_assign(number, std::move(version));
}

const SlaVersion* SlaBook::Find(int64_t version) const {
  const auto found = versions_.find(version);
  return found == versions_.end() ? nullptr : &found->second;
}

const sla::Policy* SlaBook::Find(int64_t version, std::string_view policy_id,
                                 v1::TicketPriority priority) const {
  const SlaVersion* found = Find(version);
  return found == nullptr ? nullptr : found->sla.Find(policy_id, priority);
}

SlaStore::SlaStore() : book("sla", Load, [](const SlaBookPtr&) {}) {}

absl::StatusOr<SlaBookPtr> SlaStore::Current(db::Connection& db, int64_t version) const {
  SlaBookPtr current = book.Current().value;
  if (current != nullptr && current->newest().version >= version) return current;
  CRM_ASSIGN_OR_RETURN(auto fresh, book.Fresh(db));
  return fresh.value;
}

absl::Status SlaStore::Insert(db::WriteSet& writes, const SlaVersion& version) {
  v1::SlaConfiguration stored = version.sla.configuration();
  stored.clear_etag();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(stored, &json, options).ok()) {
    return absl::InternalError("an SLA configuration does not print");
  }
  writes.Insert(SettingSpec(),
                {kName, version.version, json, version.author, version.reason, version.time});
  return absl::OkStatus();
}

}  // namespace crm::ticket
