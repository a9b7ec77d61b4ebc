#include "services/customer/duplicate_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/event/outbox.h"
#include "common/filter/scope.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/customer_changes.h"

namespace crm::customer {
namespace {

constexpr db::Query kPairExists{"duplicate_pair_exists", R"sql(
  SELECT 1
  FROM duplicate_candidate
  WHERE customer_id = ? AND other_customer_id = ?)sql"};

}  // namespace

DuplicateStore::DuplicateStore(crypto::Keyring& keyring, IdGenerator& ids,
                               numbering::NumberAllocator& numbers)
    : ids_(ids),
      numbers_(numbers),
      table_(schema::MessageSchema::Of<v1::DuplicateCandidate>(), keyring,
             {"customer_id", "other_customer_id"}),
      columns_(absl::StrCat(table_.Columns(kAlias), ", one.number, other.number")) {}

absl::Status DuplicateStore::Open(db::Connection& db, db::WriteSet& writes, DuplicatePair pair,
                                  const resource::ChangeSource& source) const {
  if (pair.other_id < pair.customer_id) {
    std::swap(pair.customer_id, pair.other_id);
    std::swap(pair.customer, pair.other);
  }
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kPairExists, {pair.customer_id, pair.other_id}));
  if (rows.Next()) return absl::OkStatus();

  v1::DuplicateCandidate candidate;
  CRM_ASSIGN_OR_RETURN(*candidate.mutable_number(), numbers_.Next(source.time));
  candidate.set_customer(std::move(pair.customer));
  candidate.set_other_customer(std::move(pair.other));
  candidate.set_state(v1::DUPLICATE_STATE_OPEN);
  candidate.set_score(pair.score);
  for (std::string& reason : pair.reasons) candidate.add_reasons(std::move(reason));
  candidate.set_found_by(source.actor);
  SetTime(source.time, *candidate.mutable_create_time());
  table_.Insert(writes, {ids_.Next(), 1}, candidate, {pair.customer_id, pair.other_id});
  writes.AddEvent(event::MakeEvent({.type = "duplicate.opened",
                                    .subject = candidate.number(),
                                    .version = 1,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &candidate}));
  return absl::OkStatus();
}

filter::Fragment DuplicateStore::ScopeOf(const auth::RowScope& scope) {
  const schema::MessageSchema& customer = schema::MessageSchema::Of<v1::Customer>();
  filter::Fragment both = filter::ScopeCondition(customer, scope, "one");
  both.And(filter::ScopeCondition(customer, scope, "other"));
  return both;
}

absl::Status DuplicateStore::Read(const db::Rows& row, v1::DuplicateCandidate& candidate) const {
  resource::RowKey key;
  CRM_RETURN_IF_ERROR(table_.Read(row, key, candidate));
  candidate.set_customer(row.String(table_.column_count()));
  candidate.set_other_customer(row.String(table_.column_count() + 1));
  return absl::OkStatus();
}

}  // namespace crm::customer
