#include "services/ticket/sla_book.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/record/setting_versions.h"

namespace crm::ticket {
namespace {

constexpr std::string_view kName = "sla";

absl::StatusOr<SlaBook> Load(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(SlaBook book, SlaBook::Make());
  CRM_ASSIGN_OR_RETURN(auto stored, record::ReadSettings<v1::SlaConfiguration>(db, kName));
  for (auto& [version, configuration, author, reason, time] : stored) {
    CRM_ASSIGN_OR_RETURN(CompiledSla sla, CompiledSla::Compile(std::move(configuration)));
    book.Add({version, std::move(sla), std::move(author), std::move(reason), time});
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
  return record::InsertSetting<v1::SlaConfiguration>(
      writes, kName,
      {version.version, version.sla.configuration(), version.author, version.reason, version.time});
}

}  // namespace crm::ticket
