#include "services/customer/contact_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/text/phone.h"
#include "common/text/real_name.h"
#include "services/customer/reach.h"

namespace crm::customer {
namespace {

using schema::Violation;

constexpr char kChannelList[] = "contact_channel";

void CheckName(v1::Contact& contact, const CustomerPolicy& policy, std::vector<Violation>& out) {
  const text::RealNameRules names(policy.nicknames);
  auto normal = names.Normalize(contact.name());
  if (normal.ok()) {
    contact.set_name(*std::move(normal));
    return;
  }
  const text::Problem& problem = normal.problem();
  out.push_back({"name", std::string(problem.rule), std::string(problem.mend_en),
                 std::string(problem.mend_zh)});
}

void CheckChannels(v1::Contact& contact, const ManagedLists& lists, std::vector<Violation>& out) {
  for (int i = 0; i < contact.preferred_channels_size(); ++i) {
    ListMatch match = lists.Resolve(kChannelList, contact.preferred_channels(i));
    if (!match.code.empty()) {
      contact.set_preferred_channels(i, std::move(match.code));
      continue;
    }
    schema::Breach breach = NotInList(match.candidates);
    out.push_back({absl::StrCat("preferred_channels[", i, "]"), std::move(breach.rule),
                   std::move(breach.mend_en), std::move(breach.mend_zh)});
  }
}

bool SameChannels(const v1::Contact& a, const v1::Contact& b) {
  return std::equal(a.preferred_channels().begin(), a.preferred_channels().end(),
                    b.preferred_channels().begin(), b.preferred_channels().end());
}

}  // namespace

std::vector<Violation> NormalizeContact(v1::Contact& contact, const v1::Contact* before,
                                        const CustomerPolicy& policy, const ManagedLists& lists,
                                        absl::CivilDay today) {
  std::vector<Violation> violations;
  if (before == nullptr || before->name() != contact.name()) {
    CheckName(contact, policy, violations);
  }
  if (before == nullptr || !SameChannels(*before, contact)) {
    CheckChannels(contact, lists, violations);
  }
  ResetReach(contact, before);
  // ISO dates compare as text.
  if (contact.birthday() > absl::FormatCivilTime(today)) {
    violations.push_back({"birthday", "DATE_IN_FUTURE", "use a date in the past", "不得晚于今天"});
  }
  return violations;
}

std::vector<Identity> IdentitiesOf(const v1::Contact& contact) {
  if (contact.phone().empty() || text::KindOfPhone(contact.phone()) == text::PhoneKind::kLandline) {
    return {};
  }
  return {{v1::IDENTITY_KIND_PHONE, contact.phone()}};
}

}  // namespace crm::customer
