#include "services/ticket/problem_counter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {
namespace {

constexpr char kHashPurpose[] = "ticket.term";

constexpr db::Query kDeleteTerm{"ticket_term_delete", R"sql(
  DELETE FROM ticket_term
  WHERE ticket_id = ? AND term = ?)sql"};
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

using CountsByTicket = std::map<int64_t, StoredProblem>;

// `keys` is not empty and has at most db::kMaxInSize.
absl::StatusOr<db::Rows> SelectIn(db::Connection& db, std::string_view name,
                                  std::string_view select, db::Values keys) {
  keys.resize(db::PaddedInSize(keys.size()), db::Value(keys.back()));
  std::string sql = absl::StrCat(ToAbsl(select), " IN (?");
  for (size_t i = 1; i < keys.size(); ++i) absl::StrAppend(&sql, ", ?");
  sql += ")";
  return db.Select({name, sql}, keys);
}

absl::StatusOr<CountsByTicket> ReadCounts(db::Connection& db, const db::Values& ids) {
  CountsByTicket counts;
  CRM_ASSIGN_OR_RETURN(db::Rows rows, SelectIn(db, "ticket_problems",
                                               "SELECT ticket_id, revision, created_month, "
                                               "done_month, seconds, rated_month, satisfaction, "
                                               "team, type, category, root_cause "
                                               "FROM ticket_problem WHERE ticket_id",
                                               ids));
  while (rows.Next()) {
    counts[rows.Int(0)] = {.revision = rows.Int(1),
                           .counted = {.created_month = rows.OptInt(2),
                                       .done_month = rows.OptInt(3),
                                       .seconds = rows.Int(4),
                                       .rated_month = rows.OptInt(5),
                                       .satisfaction = rows.Int(6),
                                       .team = rows.String(7),
                                       .type = rows.Int(8),
                                       .category = rows.String(9),
                                       .root_cause = rows.Int(10)},
                           .terms = {}};
  }
  CRM_ASSIGN_OR_RETURN(
      rows,
      SelectIn(db, "ticket_terms", "SELECT ticket_id, term FROM ticket_term WHERE ticket_id", ids));
  while (rows.Next()) counts[rows.Int(0)].terms.insert(rows.String(1));
  return counts;
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

void WriteCounted(db::WriteSet& writes, int64_t ticket_id, int64_t revision,
                  const CountedProblem& after) {
  db::Values values = ValuesOf(after);
  values.emplace_back(ticket_id);
  if (revision > 0) {
    values.emplace_back(revision);
    writes.Execute(kRecount, std::move(values), db::Expect::kSomeRow);
  } else {
    values.emplace_back(1);
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

ProblemCounter::TextsByTerm ProblemCounter::TermsOf(const v1::Ticket& ticket) const {
  TextsByTerm terms;
  for (std::string& term : finder_.TermsOf(ticket)) {
    std::string hash = TermHash(keyring_, term);
    terms.emplace(std::move(hash), std::move(term));
  }
  return terms;
}

absl::Status ProblemCounter::AddTerms(db::Connection& db, TextsByTerm fresh,
                                      db::WriteSet& writes) const {
  const db::Values hashes = [&] {
    db::Values all;
    for (const auto& [hash, text] : fresh) all.emplace_back(hash);
    return all;
  }();
  for (size_t start = 0; start < hashes.size(); start += db::kMaxInSize) {
    const size_t end = std::min(start + db::kMaxInSize, hashes.size());
    CRM_ASSIGN_OR_RETURN(db::Rows known,
                         SelectIn(db, "terms_known", "SELECT hash FROM term WHERE hash",
                                  db::Values(hashes.begin() + static_cast<ptrdiff_t>(start),
                                             hashes.begin() + static_cast<ptrdiff_t>(end))));
    while (known.Next()) fresh.erase(known.String(0));
  }
  for (const auto& [hash, text] : fresh) {
    writes.Insert(TermSpec(), {hash, keyring_.Encrypt(text, TermAad(hash))});
  }
  return absl::OkStatus();
}

absl::Status ProblemCounter::Count(db::Connection& db, absl::Span<const TicketToCount> tickets,
                                   db::WriteSet& writes, ProblemAddition& addition) const {
  TextsByTerm fresh;
  while (!tickets.empty()) {
    const auto some = tickets.first(std::min(tickets.size(), db::kMaxInSize));
    db::Values ids;
    for (const TicketToCount& each : some) ids.emplace_back(each.ticket->key.id);
    CRM_ASSIGN_OR_RETURN(const CountsByTicket counts, ReadCounts(db, ids));
    for (const TicketToCount& each : some) {
      const auto before = counts.find(each.ticket->key.id);
      CountOne(each, before == counts.end() ? StoredProblem() : before->second, writes, addition,
               fresh);
    }
    tickets.remove_prefix(some.size());
  }
  return AddTerms(db, std::move(fresh), writes);
}

void ProblemCounter::CountOne(const TicketToCount& each, const StoredProblem& before,
                              db::WriteSet& writes, ProblemAddition& addition,
                              TextsByTerm& fresh) const {
  const int64_t id = each.ticket->key.id;
  const CountedProblem after = CountedOf(each.ticket->message, *each.events, zone_);
  Terms terms;
  for (auto& [hash, text] : TermsOf(each.ticket->message)) {
    terms.insert(hash);
    if (before.terms.contains(hash)) continue;
    writes.Insert(TicketTermSpec(), {id, hash});
    fresh.emplace(hash, std::move(text));
  }
  for (const std::string& hash : before.terms) {
    if (!terms.contains(hash)) writes.Execute(kDeleteTerm, {id, hash});
  }
  const bool counted = before.revision > 0;
  if (counted && before.counted == after && terms == before.terms) return;
  if (counted) addition.Add(before.counted, before.terms, -1);
  addition.Add(after, terms, 1);
  WriteCounted(writes, id, before.revision, after);
}

}  // namespace crm::ticket
