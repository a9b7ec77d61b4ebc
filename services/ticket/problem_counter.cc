#include "services/ticket/problem_counter.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {
namespace {

constexpr char kHashPurpose[] = "ticket.term";

constexpr db::Query kStoredTerms{"ticket_terms", R"sql(
  SELECT term
  FROM ticket_term
  WHERE ticket_id = ?)sql"};
constexpr db::Query kDeleteTerm{"ticket_term_delete", R"sql(
  DELETE FROM ticket_term
  WHERE ticket_id = ? AND term = ?)sql"};
constexpr db::Query kCounted{"ticket_problem", R"sql(
  SELECT revision, created_month, done_month, seconds, rated_month, satisfaction, team, type,
         category, root_cause
  FROM ticket_problem
  WHERE ticket_id = ?)sql"};
constexpr db::Query kRecount{"ticket_problem_set", R"sql(
  UPDATE ticket_problem
  SET created_month = ?, done_month = ?, seconds = ?, rated_month = ?, satisfaction = ?, team = ?,
      type = ?, category = ?, root_cause = ?, revision = revision + 1
  WHERE ticket_id = ? AND revision = ?)sql"};

const db::InsertSpec& TicketTermSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "ticket_term", {"ticket_id", "term"}, "ON DUPLICATE KEY UPDATE term = VALUES(term)"};
  return spec;
}

const db::InsertSpec& TermSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"term", {"hash", "text"}, "ON DUPLICATE KEY UPDATE hash = VALUES(hash)"};
  return spec;
}

const db::InsertSpec& CountedSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_problem",
                          {"created_month", "done_month", "seconds", "rated_month", "satisfaction",
                           "team", "type", "category", "root_cause", "ticket_id", "revision"},
                          ""};
  return spec;
}

const db::InsertSpec& SumSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "problem_sum",
      {"month", "kind", "name", "team", "type", "created", "done", "seconds", "rated",
       "satisfaction"},
      "ON DUPLICATE KEY UPDATE created = created + VALUES(created), done = done + VALUES(done), "
      "seconds = seconds + VALUES(seconds), rated = rated + VALUES(rated), "
      "satisfaction = satisfaction + VALUES(satisfaction)"};
  return spec;
}

db::Values ValuesOf(const CountedProblem& counted) {
  return {counted.created_month, counted.done_month,   counted.seconds,
          counted.rated_month,   counted.satisfaction, counted.team,
          counted.type,          counted.category,     counted.root_cause};
}

struct StoredCount {
  int64_t revision = 0;
  CountedProblem counted;
};

absl::StatusOr<std::optional<StoredCount>> ReadCounted(db::Connection& db, int64_t ticket_id) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kCounted, {ticket_id}));
  if (!rows.Next()) return std::nullopt;
  return StoredCount{.revision = rows.Int(0),
                     .counted = {.created_month = rows.OptInt(1),
                                 .done_month = rows.OptInt(2),
                                 .seconds = rows.Int(3),
                                 .rated_month = rows.OptInt(4),
                                 .satisfaction = rows.Int(5),
                                 .team = rows.String(6),
                                 .type = rows.Int(7),
                                 .category = rows.String(8),
                                 .root_cause = rows.Int(9)}};
}

CountedProblem CountedOf(const v1::Ticket& ticket, const TicketEvents& events,
                         absl::TimeZone zone) {
  CountedProblem counted{.team = ticket.team(),
                         .type = ticket.type(),
                         .category = ticket.category(),
                         .root_cause = ticket.root_cause()};
  for (const Fact& fact : FactsOf(ticket, events)) {
    const int64_t month = MonthNumber(absl::CivilMonth(absl::ToCivilSecond(fact.time, zone)));
    if (fact.kind == FactKind::kCreated) counted.created_month = month;
    if (fact.kind == FactKind::kDone && fact.stands) {
      counted.done_month = month;
      counted.seconds = absl::ToInt64Seconds(fact.duration.value_or(absl::ZeroDuration()));
    }
    if (fact.kind == FactKind::kRated) {
      counted.rated_month = month;
      counted.satisfaction = fact.satisfaction;
    }
  }
  return counted;
}

void WriteCounted(db::WriteSet& writes, int64_t ticket_id, const std::optional<StoredCount>& before,
                  const CountedProblem& after) {
  db::Values values = ValuesOf(after);
  values.emplace_back(ticket_id);
  values.emplace_back(before.has_value() ? before->revision : 1);
  if (before.has_value()) {
    writes.Execute(kRecount, std::move(values), db::Expect::kSomeRow);
  } else {
    writes.Insert(CountedSpec(), std::move(values));
  }
}

}  // namespace

std::string TermHash(crypto::Keyring& keyring, std::string_view term) {
  return keyring.LookupHash(kHashPurpose, term);
}

std::string TermAad(std::string_view hash) {
  return absl::StrCat("term.text|", absl::BytesToHexString(ToAbsl(hash)));
}

void ProblemAddition::Add(const CountedProblem& counted, const std::set<std::string>& terms,
                          int64_t sign) {
  AddName(counted, ProblemKind::kCategory, counted.category, sign);
  if (counted.type == v1::TICKET_TYPE_COMPLAINT) {
    AddName(counted, ProblemKind::kRootCause, absl::StrCat(counted.root_cause), sign);
  }
  for (const std::string& term : terms) AddName(counted, ProblemKind::kTerm, term, sign);
}

void ProblemAddition::AddName(const CountedProblem& counted, ProblemKind kind,
                              const std::string& name, int64_t sign) {
  const auto in = [&](int64_t month) -> Sum& {
    return sums_[{month, kind, name, counted.team, counted.type}];
  };
  if (counted.created_month.has_value()) in(*counted.created_month).created += sign;
  if (counted.done_month.has_value()) {
    Sum& sum = in(*counted.done_month);
    sum.done += sign;
    sum.seconds += sign * counted.seconds;
  }
  if (counted.rated_month.has_value()) {
    Sum& sum = in(*counted.rated_month);
    sum.rated += sign;
    sum.satisfaction += sign * counted.satisfaction;
  }
}

void ProblemAddition::Write(db::WriteSet& writes) const {
  for (const auto& [key, sum] : sums_) {
    if (sum == Sum()) continue;
    const auto& [month, kind, name, team, type] = key;
    writes.Insert(SumSpec(), {month, kind, name, team, type, sum.created, sum.done, sum.seconds,
                              sum.rated, sum.satisfaction});
  }
}

ProblemCounter::Terms ProblemCounter::TakeTerms(const StoredTicket& ticket, const Terms& stored,
                                                db::WriteSet& writes) const {
  Terms wanted;
  for (const std::string& term : finder_.TermsOf(ticket.message)) {
    const std::string hash = TermHash(keyring_, term);
    if (!wanted.insert(hash).second || stored.contains(hash)) continue;
    writes.Insert(TermSpec(), {hash, keyring_.Encrypt(term, TermAad(hash))});
    writes.Insert(TicketTermSpec(), {ticket.key.id, hash});
  }
  for (const std::string& hash : stored) {
    if (!wanted.contains(hash)) writes.Execute(kDeleteTerm, {ticket.key.id, hash});
  }
  return wanted;
}

absl::Status ProblemCounter::Count(db::Connection& db, const StoredTicket& ticket,
                                   const TicketEvents& events, db::WriteSet& writes,
                                   ProblemAddition& addition) const {
  CRM_ASSIGN_OR_RETURN(const auto before, ReadCounted(db, ticket.key.id));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kStoredTerms, {ticket.key.id}));
  Terms stored;
  while (rows.Next()) stored.insert(rows.String(0));
  const CountedProblem after = CountedOf(ticket.message, events, zone_);
  const Terms terms = TakeTerms(ticket, stored, writes);
  if (before.has_value() && before->counted == after && terms == stored) return absl::OkStatus();
  if (before.has_value()) addition.Add(before->counted, stored, -1);
  addition.Add(after, terms, 1);
  WriteCounted(writes, ticket.key.id, before, after);
  return absl::OkStatus();
}

}  // namespace crm::ticket
