#include "services/customer/contact_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kToday(2026, 3, 20);

std::vector<std::string> Rules(const std::vector<schema::Violation>& violations) {
  std::vector<std::string> rules;
  for (const schema::Violation& violation : violations) {
    rules.push_back(violation.field + " " + violation.rule);
  }
  return rules;
}

class ContactRulesTest : public ::testing::Test {
 protected:
  std::vector<std::string> Normalize(v1::Contact& contact, const v1::Contact* before = nullptr) {
    return Rules(NormalizeContact(contact, before, CustomerPolicy(), lists_, kToday));
  }

  ManagedLists lists_;
};

// CUS-13, CUS-2
TEST_F(ContactRulesTest, TakesRealNamesOnly) {
  v1::Contact contact;
  contact.set_name("  阿凡提•买买提 ");
  EXPECT_THAT(Normalize(contact), IsEmpty());
  EXPECT_EQ(contact.name(), "阿凡提·买买提");
  contact.set_name("王总");
  EXPECT_THAT(Normalize(contact), ElementsAre("name NAME_NICKNAME"));
  contact.set_name("先生");
  EXPECT_THAT(Normalize(contact), SizeIs(1));
}

// CUS-13: what was there before is not asked about again.
TEST_F(ContactRulesTest, KeepsAnOldNameThatIsNoLongerAllowed) {
  v1::Contact before;
  before.set_name("王总");
  v1::Contact after = before;
  after.set_title("总经理");
  EXPECT_THAT(Normalize(after, &before), IsEmpty());
}

// CUS-2: preferred channels are codes of a list; labels are taken too.
TEST_F(ContactRulesTest, MapsChannels) {
  v1::Contact contact;
  contact.set_name("张三丰");
  contact.add_preferred_channels("微信");
  contact.add_preferred_channels("phone");
  EXPECT_THAT(Normalize(contact), IsEmpty());
  EXPECT_THAT(contact.preferred_channels(), ElementsAre("wechat", "phone"));
  contact.add_preferred_channels("飞鸽传书");
  EXPECT_THAT(Normalize(contact), ElementsAre("preferred_channels[2] NOT_IN_LIST"));
}

TEST_F(ContactRulesTest, RefusesABirthdayInTheFuture) {
  v1::Contact contact;
  contact.set_name("张三丰");
  contact.set_birthday("2026-03-20");
  EXPECT_THAT(Normalize(contact), IsEmpty());
  contact.set_birthday("2026-03-21");
  EXPECT_THAT(Normalize(contact), ElementsAre("birthday DATE_IN_FUTURE"));
}

// CUS-14: mobiles are identities, landlines are not.
TEST_F(ContactRulesTest, OnlyAMobileIsAnIdentity) {
  v1::Contact contact;
  EXPECT_THAT(IdentitiesOf(contact), IsEmpty());
  contact.set_phone("0755-88886666");
  EXPECT_THAT(IdentitiesOf(contact), IsEmpty());
  contact.set_phone("13812345678");
  EXPECT_THAT(IdentitiesOf(contact), ElementsAre(Identity{v1::IDENTITY_KIND_PHONE, "13812345678"}));
}

}  // namespace
}  // namespace crm::customer
