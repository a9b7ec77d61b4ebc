#include "services/customer/resolve_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kToday(2026, 3, 20);

class ResolveRulesTest : public ::testing::Test {
 protected:
  void Claim(v1::IdentityKind kind, const std::string& value,
             const std::string& authorization = "") {
    v1::IdentityValue& claim = *request_.add_identities();
    claim.set_kind(kind);
    claim.set_value(value);
    claim.set_authorization(authorization);
  }

  std::vector<ClaimedIdentity> Normalize() {
    return NormalizeClaims(request_.identities(), "identities", kToday, violations_);
  }

  v1::ResolveIdentityRequest request_;
  std::vector<schema::Violation> violations_;
};

// CUS-14: phone, official numbers, OpenIDs, email, accounts.
TEST_F(ResolveRulesTest, PutsTheStrongestFirst) {
  Claim(v1::IDENTITY_KIND_DOUYIN, "dy-1");
  Claim(v1::IDENTITY_KIND_EMAIL, "Zhang@EXAMPLE.com");
  Claim(v1::IDENTITY_KIND_WECHAT_OPENID, "oABC", "form 7");
  Claim(v1::IDENTITY_KIND_PHONE, "+86 138-1234-5678");
  const std::vector<ClaimedIdentity> claims = Normalize();
  EXPECT_THAT(violations_, IsEmpty());
  ASSERT_THAT(claims, SizeIs(4));
  EXPECT_EQ(claims[0].identity, (Identity{v1::IDENTITY_KIND_PHONE, "13812345678"}));
  EXPECT_EQ(claims[1].identity.kind, v1::IDENTITY_KIND_WECHAT_OPENID);
  EXPECT_EQ(claims[2].identity, (Identity{v1::IDENTITY_KIND_EMAIL, "Zhang@example.com"}));
  EXPECT_EQ(claims[3].identity.kind, v1::IDENTITY_KIND_DOUYIN);
}

TEST_F(ResolveRulesTest, TakesEachOnce) {
  Claim(v1::IDENTITY_KIND_PHONE, "13812345678");
  Claim(v1::IDENTITY_KIND_PHONE, "138 1234 5678");
  EXPECT_THAT(Normalize(), SizeIs(1));
}

// CUS-14: a landline is no identity: beside others it is left out, alone it is refused.
TEST_F(ResolveRulesTest, LandlinesAreNoIdentities) {
  Claim(v1::IDENTITY_KIND_PHONE, "0755-88886666");
  EXPECT_THAT(Normalize(), IsEmpty());
  ASSERT_THAT(violations_, SizeIs(1));
  EXPECT_EQ(violations_[0].rule, "PHONE_LANDLINE");
  violations_.clear();
  Claim(v1::IDENTITY_KIND_PHONE, "13812345678");
  EXPECT_THAT(Normalize(), SizeIs(1));
  EXPECT_THAT(violations_, IsEmpty());
  EXPECT_THAT(LandlinesOf(request_.identities()), ElementsAre("0755-88886666"));
}

// PLT-7: every bad one at once.
TEST_F(ResolveRulesTest, NamesAllBadOnes) {
  Claim(v1::IDENTITY_KIND_PHONE, "138");
  Claim(v1::IDENTITY_KIND_EMAIL, "nobody");
  Claim(v1::IDENTITY_KIND_WEBSITE, "two words");
  Normalize();
  ASSERT_THAT(violations_, SizeIs(3));
  EXPECT_EQ(violations_[0].field, "identities[0].value");
  EXPECT_EQ(violations_[0].rule, "PHONE_FORMAT");
  EXPECT_EQ(violations_[2].rule, "ACCOUNT_FORMAT");
}

// CUS-14: an OpenID is bound with an authorisation only.
TEST_F(ResolveRulesTest, BindsNoOpenIdWithoutAuthorisation) {
  Claim(v1::IDENTITY_KIND_WECHAT_OPENID, "oABC");
  Claim(v1::IDENTITY_KIND_WECOM_OPENID, "wmXYZ", "form 7");
  v1::Customer customer;
  const std::vector<ClaimedIdentity> bound = FillFields(Normalize(), customer);
  ASSERT_THAT(bound, SizeIs(1));
  EXPECT_EQ(bound[0].identity.kind, v1::IDENTITY_KIND_WECOM_OPENID);
}

// CUS-14: what a field can hold and does not hold yet fills it; a second phone stands beside it.
TEST_F(ResolveRulesTest, FillsUnknownFieldsOnly) {
  Claim(v1::IDENTITY_KIND_PHONE, "13900001111");
  Claim(v1::IDENTITY_KIND_EMAIL, "a@example.com");
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_PERSON);
  customer.set_phone("13812345678");
  const std::vector<ClaimedIdentity> bound = FillFields(Normalize(), customer);
  EXPECT_EQ(customer.phone(), "13812345678");
  EXPECT_EQ(customer.email(), "a@example.com");
  ASSERT_THAT(bound, SizeIs(1));
  EXPECT_EQ(bound[0].identity.value, "13900001111");
}

TEST_F(ResolveRulesTest, TellsTheKindFromTheIdentities) {
  EXPECT_EQ(CustomerOf({}, {}).kind(), v1::CUSTOMER_KIND_PERSON);
  EXPECT_EQ(CustomerOf({}, {{{v1::IDENTITY_KIND_CREDIT_CODE, "91350100M000100Y43"}, ""}}).kind(),
            v1::CUSTOMER_KIND_ORGANIZATION);
  v1::IdentityProfile profile;
  profile.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  EXPECT_EQ(CustomerOf(profile, {}).kind(), v1::CUSTOMER_KIND_ORGANIZATION);
}

}  // namespace
}  // namespace crm::customer
