#include "services/ticket/problem_report.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "services/ticket/report_rules.h"
#include "services/ticket/term_job.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

// A word of fewer tickets may be somebody's name.
constexpr int kMinTickets = 3;

int64_t SumOf(const auto& problems) {
  int64_t sum = 0;
  for (const auto& [name, counts] : problems) sum += counts.created;
  return sum;
}

Fragment HashIn(const std::vector<std::string>& hashes) {
  Fragment condition;
  for (const std::string& hash : hashes) {
    condition.Append(condition.empty() ? "IN (?" : ", ?", hash);
  }
  condition.Append(")");
  return condition;
}

}  // namespace

absl::StatusOr<v1::ProblemMonth> ProblemReport::Read(absl::CivilMonth month, size_t limit) const {
  const Month period{absl::FromCivil(month - 1, zone_), absl::FromCivil(month, zone_),
                     absl::FromCivil(month + 1, zone_)};
  CRM_ASSIGN_OR_RETURN(Problems categories,
                       Count(period, "ticket_categories", {"f.category", {}}, {}, {}));
  CRM_ASSIGN_OR_RETURN(Problems causes,
                       Count(period, "ticket_root_causes", {"CAST(f.root_cause AS CHAR)", {}}, {},
                             {"f.type = ?", {v1::TICKET_TYPE_COMPLAINT}}));
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> top, TopTerms(period, limit));
  CRM_ASSIGN_OR_RETURN(const Problems terms, CountTerms(period, top));

  v1::ProblemMonth result;
  result.set_month(MonthName(month));
  result.set_created(SumOf(categories));
  result.set_complaints(SumOf(causes));
  categories.erase("");
  Problems named;
  for (const auto& [number, counts] : causes) {
    int cause = 0;
    if (!absl::SimpleAtoi(number, &cause) || cause == v1::ROOT_CAUSE_UNSPECIFIED) continue;
    named.emplace(v1::RootCause_Name(static_cast<v1::RootCause>(cause)), counts);
  }
  for (auto& problem : Ranked(categories, result.created(), limit)) {
    *result.add_categories() = std::move(problem);
  }
  for (auto& problem : Ranked(terms, result.created(), limit)) {
    *result.add_terms() = std::move(problem);
  }
  for (auto& problem : Ranked(named, result.complaints(), named.size())) {
    *result.add_root_causes() = std::move(problem);
  }
  return result;
}

absl::StatusOr<ProblemReport::Problems> ProblemReport::Count(const Month& month,
                                                             std::string_view name,
                                                             const Fragment& expression,
                                                             const Fragment& join,
                                                             const Fragment& condition) const {
  Fragment query;
  query.Append("SELECT ");
  query.Append(expression);
  query.Append(R"sql( AS name, f.kind, f.time >= ? AS this_month, COUNT(*),
           SUM(f.duration) + 0e0, CAST(SUM(f.satisfaction) AS SIGNED)
    FROM ticket_fact f )sql",
               month.from);
  query.Append(join);
  query.Append(Fragment{" WHERE ((f.kind = ? AND f.time >= ? AND f.time < ?)",
                        {FactKind::kCreated, month.before, month.to}});
  query.Append(Fragment{" OR (f.kind IN (?, ?) AND f.time >= ? AND f.time < ?",
                        {FactKind::kDone, FactKind::kRated, month.from, month.to}});
  query.Append(" AND (f.stands = 1 OR f.satisfaction > 0))) AND ");
  query.Append(filter_.Condition("f"));
  if (!condition.empty()) {
    query.Append(" AND ");
    query.Append(condition);
  }
  query.Append(" GROUP BY name, f.kind, this_month");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({name, query.sql}, query.values));
  Problems problems;
  while (rows.Next()) {
    Counts& counts = problems[rows.String(0)];
    const int64_t count = rows.Int(3);
    switch (static_cast<FactKind>(rows.Int(1))) {
      case FactKind::kCreated:
        (rows.Int(2) == 1 ? counts.created : counts.created_before) = count;
        break;
      case FactKind::kDone:
        counts.done = count;
        counts.duration = absl::Microseconds(rows.Double(4));
        break;
      default:
        counts.rated = count;
        counts.satisfaction = rows.Int(5);
        break;
    }
  }
  return problems;
}

absl::StatusOr<std::vector<std::string>> ProblemReport::TopTerms(const Month& month,
                                                                 size_t limit) const {
  Fragment query{R"sql(
    SELECT t.term, COUNT(*) AS tickets
    FROM ticket_fact f
    JOIN ticket_term t ON t.ticket_id = f.ticket_id
    WHERE f.kind = ? AND f.time >= ? AND f.time < ? AND )sql",
                 {static_cast<int>(FactKind::kCreated), month.from, month.to}};
  query.Append(filter_.Condition("f"));
  query.Append(" GROUP BY t.term HAVING tickets >= ?", kMinTickets);
  query.Append(" ORDER BY tickets DESC, t.term LIMIT ?", static_cast<int64_t>(limit));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"ticket_top_terms", query.sql}, query.values));
  std::vector<std::string> hashes;
  while (rows.Next()) hashes.push_back(rows.String(0));
  return hashes;
}

absl::StatusOr<ProblemReport::Problems> ProblemReport::CountTerms(
    const Month& month, const std::vector<std::string>& hashes) const {
  if (hashes.empty()) return Problems();
  Fragment join{"JOIN ticket_term t ON t.ticket_id = f.ticket_id AND t.term ", {}};
  join.Append(HashIn(hashes));
  CRM_ASSIGN_OR_RETURN(const Problems by_hash,
                       Count(month, "ticket_terms_of_month", {"t.term", {}}, join, {}));
  CRM_ASSIGN_OR_RETURN(const auto texts, Texts(hashes));
  Problems by_text;
  for (const auto& [hash, counts] : by_hash) {
    const auto text = texts.find(hash);
    if (text != texts.end() && counts.created >= kMinTickets) by_text[text->second] = counts;
  }
  return by_text;
}

absl::StatusOr<std::map<std::string, std::string>> ProblemReport::Texts(
    const std::vector<std::string>& hashes) const {
  Fragment query{"SELECT hash, text FROM term WHERE hash ", {}};
  query.Append(HashIn(hashes));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"term_texts", query.sql}, query.values));
  std::map<std::string, std::string> texts;
  while (rows.Next()) {
    std::string hash = rows.String(0);
    CRM_ASSIGN_OR_RETURN(texts[hash], keyring_.Decrypt(rows.String(1), TermAad(hash)));
  }
  return texts;
}

std::vector<v1::FrequentProblem> ProblemReport::Ranked(const Problems& problems, int64_t whole,
                                                       size_t limit) {
  std::vector<v1::FrequentProblem> ranked;
  for (const auto& [name, counts] : problems) {
    if (counts.created == 0) continue;
    v1::FrequentProblem& problem = ranked.emplace_back();
    problem.set_name(name);
    problem.set_tickets(counts.created);
    problem.set_share(Share(counts.created, whole).value_or(0));
    if (const auto ratio = Share(counts.created, counts.created_before)) {
      problem.set_growth(*ratio - 1);
    }
    if (counts.done > 0) {
      problem.set_mean_resolution_minutes(absl::ToDoubleMinutes(counts.duration) /
                                          static_cast<double>(counts.done));
    }
    if (const auto mean = Share(counts.satisfaction, counts.rated)) {
      problem.set_mean_satisfaction(*mean);
    }
  }
  // Equally frequent ones by name, as they are.
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.tickets() > b.tickets(); });
  if (ranked.size() > limit) ranked.resize(limit);
  return ranked;
}

}  // namespace crm::ticket
