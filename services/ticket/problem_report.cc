#include "services/ticket/problem_report.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "services/ticket/problem_counter.h"
#include "services/ticket/report_rules.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

// A word of fewer tickets may be somebody's name.
constexpr int64_t kMinTickets = 3;

int64_t SumOf(const auto& problems) {
  int64_t sum = 0;
  for (const auto& [name, counts] : problems) sum += counts.created;
  return sum;
}

}  // namespace

absl::StatusOr<v1::ProblemMonth> ProblemReport::Read(absl::CivilMonth month, size_t limit) {
  CRM_ASSIGN_OR_RETURN(ProblemsByName categories, source_.Count(month, ProblemKind::kCategory, {}));
  CRM_ASSIGN_OR_RETURN(const ProblemsByName causes,
                       source_.Count(month, ProblemKind::kRootCause, {}));
  CRM_ASSIGN_OR_RETURN(const ProblemsByName terms, Terms(month, limit));

  v1::ProblemMonth result;
  result.set_month(MonthName(month));
  result.set_created(SumOf(categories));
  result.set_complaints(SumOf(causes));
  categories.erase("");
  ProblemsByName named;
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

absl::StatusOr<ProblemsByName> ProblemReport::Terms(absl::CivilMonth month, size_t limit) {
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> top,
                       source_.TopTerms(month, kMinTickets, limit));
  if (top.empty()) return ProblemsByName();
  CRM_ASSIGN_OR_RETURN(const ProblemsByName by_hash, source_.Count(month, ProblemKind::kTerm, top));
  CRM_ASSIGN_OR_RETURN(const auto texts, Texts(top));
  ProblemsByName by_text;
  for (const auto& [hash, counts] : by_hash) {
    const auto text = texts.find(hash);
    if (text != texts.end() && counts.created >= kMinTickets) by_text[text->second] = counts;
  }
  return by_text;
}

absl::StatusOr<std::map<std::string, std::string>> ProblemReport::Texts(
    const std::vector<std::string>& hashes) const {
  Fragment query{"SELECT hash, text FROM term WHERE ", {}};
  query.Append(filter::In("hash", db::Values(hashes.begin(), hashes.end())));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"term_texts", query.sql}, query.values));
  std::map<std::string, std::string> texts;
  while (rows.Next()) {
    std::string hash = rows.String(0);
    CRM_ASSIGN_OR_RETURN(texts[hash], keyring_.Decrypt(rows.String(1), TermAad(hash)));
  }
  return texts;
}

std::vector<v1::FrequentProblem> ProblemReport::Ranked(const ProblemsByName& problems,
                                                       int64_t whole, size_t limit) {
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
      problem.set_mean_resolution_minutes(static_cast<double>(counts.seconds) / 60 /
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
