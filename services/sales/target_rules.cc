#include "services/sales/target_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;
constexpr int kMonthsInQuarter = 3;

std::string Money(int64_t cents) { return text::FormatDecimal(cents, kMoneyScale); }

double ShareOf(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Months MonthsOf(const std::string& period) {
  int year = 0;
  int part = 0;
  (void)absl::SimpleAtoi(period.substr(0, 4), &year);
  const int base = year * 100;
  if (period.size() == 4) return {base + 1, base + 12};
  if (period[5] == 'Q') {
    (void)absl::SimpleAtoi(period.substr(6), &part);
    return {base + (part - 1) * kMonthsInQuarter + 1, base + part * kMonthsInQuarter};
  }
  (void)absl::SimpleAtoi(period.substr(5), &part);
  return {base + part, base + part};
}

v1::Attainment Attain(const v1::Target& target, const std::vector<std::string>& members,
                      const std::vector<Prospect>& prospects, std::string name) {
  const bool of_person = target.kind() == v1::TARGET_KIND_PERSON;
  Prospect sum;
  for (const Prospect& each : prospects) {
    const std::string& member = of_person ? each.owner : each.team;
    if (std::find(members.begin(), members.end(), member) == members.end()) continue;
    sum.expected += each.expected;
    sum.weighted += each.weighted;
    sum.committed += each.committed;
    sum.closed += each.closed;
  }
  const int64_t weighted = *text::RoundHalfUp(sum.weighted, kWeightedScale, kMoneyScale);
  const int64_t aim = CentsOf(target.amount());
  v1::Attainment line;
  line.set_kind(target.kind());
  line.set_subject(target.subject());
  line.set_name(std::move(name));
  line.set_target(target.amount());
  line.set_closed(Money(sum.closed));
  line.set_attainment(ShareOf(sum.closed, aim));
  line.set_gap(Money(aim - sum.closed));
  line.set_committed(Money(sum.committed));
  line.set_weighted(Money(weighted));
  line.set_expected(Money(sum.expected));
  line.set_forecast(Money(sum.closed + weighted));
  line.set_forecast_attainment(ShareOf(sum.closed + weighted, aim));
  return line;
}

}  // namespace crm::sales
