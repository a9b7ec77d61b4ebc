#include "tools/examples/dirt.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace crm::examples {
namespace {

constexpr DirtShare kShares[] = {
    {Dirt::kFullWidthPhone, "full_width_phone", 30},
    {Dirt::kSeparatedPhone, "separated_phone", 100},
    {Dirt::kCountryCodePhone, "country_code_phone", 50},
    {Dirt::kMissingPhone, "missing_phone", 20},
    {Dirt::kShortDate, "short_date", 80},
    {Dirt::kSlashDate, "slash_date", 50},
    {Dirt::kChineseDate, "chinese_date", 50},
    {Dirt::kUnmappedIndustry, "unmapped_industry", 20},
    {Dirt::kMissingIndustry, "missing_industry", 40},
    {Dirt::kSpacedName, "spaced_name", 50},
    {Dirt::kTitledName, "titled_name", 100},
    {Dirt::kMissingEmail, "missing_email", 60},
    {Dirt::kWrongCreditCode, "wrong_credit_code", 20},
};

// Kinds of dirt of one field share its rows; each row has at most one of them.
enum class Field { kPhone, kDate, kIndustry, kName, kEmail, kCreditCode };

Field FieldOf(Dirt dirt) {
  switch (dirt) {
    case Dirt::kFullWidthPhone:
    case Dirt::kSeparatedPhone:
    case Dirt::kCountryCodePhone:
    case Dirt::kMissingPhone:
      return Field::kPhone;
    case Dirt::kShortDate:
    case Dirt::kSlashDate:
    case Dirt::kChineseDate:
      return Field::kDate;
    case Dirt::kUnmappedIndustry:
    case Dirt::kMissingIndustry:
      return Field::kIndustry;
    case Dirt::kSpacedName:
    case Dirt::kTitledName:
      return Field::kName;
    case Dirt::kMissingEmail:
      return Field::kEmail;
    case Dirt::kWrongCreditCode:
      return Field::kCreditCode;
  }
  return Field::kName;
}

bool CanHave(const Customer& customer, Dirt dirt) {
  if (dirt == Dirt::kWrongCreditCode) return customer.kind == Kind::kOrganization;
  if (dirt == Dirt::kTitledName) return customer.kind == Kind::kPerson;
  if (dirt == Dirt::kSpacedName) return customer.kind == Kind::kOrganization;
  return true;
}

std::string FullWidth(const std::string& digits) {
  std::string wide;
  for (const char digit : digits) {
    wide += "\xEF\xBC";  // U+FF10 … U+FF19
    wide += static_cast<char>(0x90 + (digit - '0'));
  }
  return wide;
}

}  // namespace

absl::Span<const DirtShare> DirtShares() { return kShares; }

int64_t DirtCount(const DirtShare& share, size_t eligible) {
  return (static_cast<int64_t>(eligible) * share.per_mille + 500) / 1000;
}

TypedCustomer TypeCleanly(const Customer& customer) {
  const absl::CivilDay day = customer.created;
  return {customer,
          customer.name,
          customer.credit_code,
          std::string(customer.industry),
          customer.phone,
          customer.email,
          absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day())};
}

void Spoil(TypedCustomer& customer, Dirt dirt) {
  const absl::CivilDay day = customer.clean.created;
  const std::string phone = customer.phone;
  switch (dirt) {
    case Dirt::kFullWidthPhone:
      customer.phone = FullWidth(phone);
      break;
    case Dirt::kSeparatedPhone:
      customer.phone =
          absl::StrCat(phone.substr(0, 3), "-", phone.substr(3, 4), "-", phone.substr(7));
      break;
    case Dirt::kCountryCodePhone:
      customer.phone = absl::StrCat("+86 ", phone);
      break;
    case Dirt::kMissingPhone:
      customer.phone.clear();
      break;
    case Dirt::kShortDate:
      customer.created = absl::StrCat(day.year() % 100, "-", day.month(), "-", day.day());
      break;
    case Dirt::kSlashDate:
      customer.created = absl::StrCat(day.year(), "/", day.month(), "/", day.day());
      break;
    case Dirt::kChineseDate:
      customer.created = absl::StrCat(day.year(), "年", day.month(), "月", day.day(), "日");
      break;
    case Dirt::kUnmappedIndustry:
      customer.industry = "综合类其他业态";
      break;
    case Dirt::kMissingIndustry:
      customer.industry.clear();
      break;
    case Dirt::kSpacedName:
      customer.name = absl::StrCat(" ", customer.name, "　");
      break;
    case Dirt::kTitledName:
      customer.name += day.day() % 2 == 0 ? "先生" : "女士";
      break;
    case Dirt::kMissingEmail:
      customer.email.clear();
      break;
    case Dirt::kWrongCreditCode: {
      char& check = customer.credit_code.back();
      check = check == '7' ? '8' : '7';
      break;
    }
  }
}

std::map<std::string, int64_t> SpoilAll(std::vector<TypedCustomer>& customers, Random& random) {
  std::map<std::string, int64_t> counts;
  std::map<Field, std::vector<bool>> taken;
  for (const DirtShare& share : kShares) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < customers.size(); ++i) {
      if (CanHave(customers[i].clean, share.dirt)) rows.push_back(i);
    }
    const int64_t wanted = DirtCount(share, rows.size());
    std::vector<bool>& used = taken[FieldOf(share.dirt)];
    used.resize(customers.size());
    random.Shuffle(rows);
    int64_t& done = counts[std::string(share.name)];
    for (size_t i = 0; i < rows.size() && done < wanted; ++i) {
      if (used[rows[i]]) continue;
      used[rows[i]] = true;
      Spoil(customers[rows[i]], share.dirt);
      ++done;
    }
  }
  return counts;
}

}  // namespace crm::examples
