// IdentityService over gRPC.
#include "services/customer/identity_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "services/customer/people_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Property;
using ::testing::SizeIs;

constexpr char kResolve[] = "/crm.customer.v1.IdentityService/ResolveIdentity";

class IdentityHandlersTest : public PeopleTest {
 protected:
  static void Claim(v1::ResolveIdentityRequest& request, v1::IdentityKind kind,
                    const std::string& value, const std::string& authorization = "") {
    v1::IdentityValue& identity = *request.add_identities();
    identity.set_kind(kind);
    identity.set_value(value);
    identity.set_authorization(authorization);
  }
  static v1::ResolveIdentityRequest ByPhone(const std::string& phone) {
    v1::ResolveIdentityRequest request;
    Claim(request, v1::IDENTITY_KIND_PHONE, phone);
    return request;
  }

  absl::StatusOr<v1::ResolveIdentityResponse> TryResolve(const v1::ResolveIdentityRequest& request,
                                                         const std::string& token) {
    return Call<v1::ResolveIdentityResponse>(token, "IdentityService/ResolveIdentity", request);
  }
  v1::ResolveIdentityResponse Resolve(const v1::ResolveIdentityRequest& request) {
    auto response = TryResolve(request, steward_);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::ResolveIdentityResponse();
  }

  absl::StatusOr<v1::CustomerIdentity> Add(const std::string& customer, v1::IdentityKind kind,
                                           const std::string& value,
                                           const std::string& authorization = "") {
    v1::AddIdentityRequest request;
    request.set_customer(customer);
    request.mutable_identity()->set_kind(kind);
    request.mutable_identity()->set_value(value);
    request.mutable_identity()->set_authorization(authorization);
    return Call<v1::CustomerIdentity>(steward_, "IdentityService/AddIdentity", request);
  }

  absl::Status Remove(const std::string& customer, const std::string& identity) {
    v1::RemoveIdentityRequest request;
    request.set_customer(customer);
    request.set_identity(identity);
    return Call<google::protobuf::Empty>(steward_, "IdentityService/RemoveIdentity", request)
        .status();
  }

  v1::ListDuplicateCandidatesResponse Duplicates(const std::string& token) {
    auto list = Call<v1::ListDuplicateCandidatesResponse>(
        token, "IdentityService/ListDuplicateCandidates", v1::ListDuplicateCandidatesRequest());
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() ? *list : v1::ListDuplicateCandidatesResponse();
  }

  int64_t Customers() { return harness_.database().Int("SELECT COUNT(*) FROM customer"); }
};

// CUS-14, CUS-3: too little for CreateCustomer makes an incomplete customer of tier potential.
TEST_F(IdentityHandlersTest, CreatesOnceThenFinds) {
  const v1::ResolveIdentityResponse first = Resolve(ByPhone("138 1234 5678"));
  EXPECT_TRUE(first.created());
  EXPECT_TRUE(first.customer().incomplete());
  EXPECT_EQ(first.customer().tier(), v1::TIER_POTENTIAL);
  EXPECT_EQ(first.customer().kind(), v1::CUSTOMER_KIND_PERSON);
  EXPECT_THAT(first.attached(), ElementsAre(v1::IDENTITY_KIND_PHONE));

  const v1::ResolveIdentityResponse again = Resolve(ByPhone("+86 13812345678"));
  EXPECT_FALSE(again.created());
  EXPECT_EQ(again.customer().number(), first.customer().number());
  EXPECT_THAT(again.attached(), IsEmpty());
  EXPECT_EQ(again.customer().etag(), first.customer().etag());
  EXPECT_EQ(Customers(), 1);
}

TEST_F(IdentityHandlersTest, ACompleteProfileMakesACompleteCustomer) {
  v1::ResolveIdentityRequest request = ByPhone("13812345678");
  request.mutable_profile()->set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  request.mutable_profile()->set_full_name("深圳市云帆科技有限公司");
  request.mutable_profile()->set_decision_maker("陈建国");
  request.mutable_profile()->set_industry("IT服务");
  request.mutable_profile()->set_source_channel("微信公众号");
  const v1::Customer customer = Resolve(request).customer();
  EXPECT_EQ(customer.full_name(), "深圳市云帆科技有限公司");
  EXPECT_EQ(customer.source_channel(), "wechat_official");
  EXPECT_EQ(customer.tier(), v1::TIER_POTENTIAL);
  EXPECT_EQ(customer.stage(), v1::STAGE_POTENTIAL);
  EXPECT_FALSE(customer.owner().empty());
}

// PLT-8
TEST_F(IdentityHandlersTest, RefusesABadProfileAndBadIdentities) {
  v1::ResolveIdentityRequest request = ByPhone("13812345678");
  request.mutable_profile()->set_full_name("王总");
  EXPECT_THAT(Violations(TryResolve(request, steward_).status()),
              ElementsAre("profile.full_name NAME_NICKNAME"));
  EXPECT_THAT(Violations(TryResolve(ByPhone("0755-88886666"), steward_).status()),
              ElementsAre("identities[0].value PHONE_LANDLINE"));
  EXPECT_THAT(Violations(TryResolve({}, steward_).status()), ElementsAre("identities REQUIRED"));
  EXPECT_EQ(Customers(), 0);
}

// CUS-14: the strongest identity wins, the new ones of the call are attached.
TEST_F(IdentityHandlersTest, AttachesNewIdentities) {
  const std::string number = Resolve(ByPhone("13812345678")).customer().number();
  v1::ResolveIdentityRequest request = ByPhone("13812345678");
  Claim(request, v1::IDENTITY_KIND_EMAIL, "Zhang@EXAMPLE.com");
  Claim(request, v1::IDENTITY_KIND_DOUYIN, "dy-1");
  Claim(request, v1::IDENTITY_KIND_WECHAT_OPENID, "oUNAUTHORISED");
  Claim(request, v1::IDENTITY_KIND_WECOM_OPENID, "wmBOUND", "form 7");
  const v1::ResolveIdentityResponse response = Resolve(request);
  EXPECT_THAT(response.attached(), ElementsAre(v1::IDENTITY_KIND_WECOM_OPENID,
                                               v1::IDENTITY_KIND_EMAIL, v1::IDENTITY_KIND_DOUYIN));
  EXPECT_THAT(Identities(number), SizeIs(4));

  for (const auto& [kind, value] : {std::pair(v1::IDENTITY_KIND_EMAIL, "Zhang@example.com"),
                                    std::pair(v1::IDENTITY_KIND_DOUYIN, "dy-1"),
                                    std::pair(v1::IDENTITY_KIND_WECOM_OPENID, "wmBOUND")}) {
    v1::ResolveIdentityRequest alone;
    Claim(alone, kind, value);
    EXPECT_EQ(Resolve(alone).customer().number(), number);
  }
  EXPECT_EQ(Customers(), 1);
  // CUS-11: the history names the kinds, not the values.
  v1::ListCustomerHistoryRequest history;
  history.set_customer(number);
  auto entries = Call<v1::ListCustomerHistoryResponse>(
      steward_, "CustomerService/ListCustomerHistory", history);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_THAT(entries->DebugString(), ::testing::HasSubstr("WECOM_OPENID"));
  EXPECT_THAT(entries->DebugString(), Not(::testing::HasSubstr("wmBOUND")));
}

// CUS-14: an OpenID is an identity only with a recorded binding authorisation; withdrawing it
// removes it.
TEST_F(IdentityHandlersTest, AnOpenIdNeedsAnAuthorisation) {
  v1::ResolveIdentityRequest request;
  Claim(request, v1::IDENTITY_KIND_WECHAT_OPENID, "oABC");
  EXPECT_THAT(Violations(TryResolve(request, steward_).status()),
              ElementsAre("identities AUTHORIZATION_REQUIRED"));
  request.mutable_identities(0)->set_authorization("form 7");
  const v1::Customer customer = Resolve(request).customer();
  request.mutable_identities(0)->clear_authorization();
  EXPECT_EQ(Resolve(request).customer().number(), customer.number());

  std::vector<v1::CustomerIdentity> identities = Identities(customer.number());
  ASSERT_THAT(identities, SizeIs(1));
  EXPECT_EQ(identities[0].authorization(), "form 7");
  EXPECT_EQ(identities[0].value().find("oABC"), std::string::npos);
  ASSERT_TRUE(Remove(customer.number(), identities[0].id()).ok());
  EXPECT_THAT(Identities(customer.number()), IsEmpty());
  EXPECT_EQ(TryResolve(request, steward_).status().code(), absl::StatusCode::kInvalidArgument);
}

// CUS-15
TEST_F(IdentityHandlersTest, AConflictIsNeverJoinedSilently) {
  const v1::Customer one = Create(Person("张三丰", "13800000001"));
  v1::Customer two = Person("李小龙", "13800000002");
  two.set_email("li@example.com");
  two = Create(two);
  v1::ResolveIdentityRequest request;
  Claim(request, v1::IDENTITY_KIND_EMAIL, "li@example.com");
  Claim(request, v1::IDENTITY_KIND_PHONE, "13800000001");
  for (int i = 0; i < 2; ++i) {
    const v1::ResolveIdentityResponse response = Resolve(request);
    EXPECT_EQ(response.customer().number(), one.number());
    EXPECT_THAT(response.other_customers(), ElementsAre(two.number()));
    EXPECT_THAT(response.attached(), IsEmpty());
  }
  // One candidate, whatever the number of calls.
  const v1::ListDuplicateCandidatesResponse list = Duplicates(steward_);
  ASSERT_THAT(list.candidates(), SizeIs(1));
  EXPECT_EQ(list.candidates(0).customer(), one.number());
  EXPECT_EQ(list.candidates(0).other_customer(), two.number());
  EXPECT_EQ(list.candidates(0).state(), v1::DUPLICATE_STATE_OPEN);
  EXPECT_THAT(list.candidates(0).reasons(), ElementsAre("IDENTITY_CONFLICT:EMAIL"));
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM outbox WHERE INSTR(payload, 'duplicate.opened')"),
            1);
  // Neither customer is the seller's.
  EXPECT_THAT(Duplicates(seller_).candidates(), IsEmpty());
  EXPECT_THAT(Identities(one.number()), SizeIs(1));
  EXPECT_THAT(Identities(two.number()), SizeIs(2));
}

// CUS-14: a landline recognises nobody; customers that share one are a duplicate candidate.
TEST_F(IdentityHandlersTest, ALandlineOpensACandidate) {
  v1::Customer one = Organization("深圳市云帆科技有限公司", "13800000001");
  one.set_company_phone("0755-88886666");
  one = Create(one);
  v1::ResolveIdentityRequest request = ByPhone("13800000002");
  Claim(request, v1::IDENTITY_KIND_PHONE, "0755 8888 6666");
  request.mutable_profile()->set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  const v1::ResolveIdentityResponse created = Resolve(request);
  EXPECT_TRUE(created.created());
  EXPECT_THAT(created.attached(), ElementsAre(v1::IDENTITY_KIND_PHONE));
  EXPECT_THAT(created.other_customers(), ElementsAre(one.number()));
  EXPECT_EQ(GetCustomer(created.customer().number()).company_phone_reach(),
            v1::REACH_STATUS_UNCONFIRMED);
  // Found by the mobile: the same pair, once.
  const v1::ResolveIdentityResponse found = Resolve(request);
  EXPECT_FALSE(found.created());
  const v1::ListDuplicateCandidatesResponse list = Duplicates(steward_);
  ASSERT_THAT(list.candidates(), SizeIs(1));
  EXPECT_THAT(list.candidates(0).reasons(), ElementsAre("SHARED_LANDLINE"));

  // A person has no field for it, but may be the one at that number.
  v1::ResolveIdentityRequest person = ByPhone("13800000003");
  Claim(person, v1::IDENTITY_KIND_PHONE, "0755-88886666");
  EXPECT_THAT(Resolve(person).other_customers(), SizeIs(2));
}

// CUS-15: a conflict of identities says more than a shared landline; one candidate for both.
TEST_F(IdentityHandlersTest, AConflictAndALandlineAreOneCandidate) {
  const v1::Customer one = Create(Person("张三丰", "13800000001"));
  v1::Customer two = Organization("深圳市云帆科技有限公司", "13800000002");
  two.set_company_phone("0755-88886666");
  two = Create(two);
  v1::ResolveIdentityRequest request = ByPhone("13800000001");
  Claim(request, v1::IDENTITY_KIND_PHONE, "13800000002");
  Claim(request, v1::IDENTITY_KIND_PHONE, "0755-88886666");
  EXPECT_THAT(Resolve(request).other_customers(), ElementsAre(two.number()));
  const v1::ListDuplicateCandidatesResponse list = Duplicates(steward_);
  ASSERT_THAT(list.candidates(), SizeIs(1));
  EXPECT_THAT(list.candidates(0).reasons(), ElementsAre("IDENTITY_CONFLICT:PHONE"));
}

// CUS-14: a contact's mobile leads to its organisation.
TEST_F(IdentityHandlersTest, FindsTheOrganisationOfAContact) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  v1::CreateContactRequest contact;
  contact.mutable_contact()->set_customer(customer.number());
  contact.mutable_contact()->set_name("李小龙");
  contact.mutable_contact()->set_phone("13900000001");
  ASSERT_TRUE(Call<v1::Contact>(steward_, "ContactService/CreateContact", contact).ok());
  EXPECT_EQ(Resolve(ByPhone("13900000001")).customer().number(), customer.number());
}

// CUS-14: a thousand concurrent calls with the same phone make one customer, on two replicas.
TEST_F(IdentityHandlersTest, AThousandCallsMakeOneCustomer) {
  constexpr int kCalls = 1000;
  constexpr int kMostRounds = 50;
  testing::Replica& second = harness_.StartReplica();
  std::mutex mutex;
  std::condition_variable done;
  int finished = 0;
  int created = 0;
  std::set<std::string> numbers;
  std::vector<absl::Status> failures;
  client::CallOptions options;
  options.token = steward_;
  options.timeout = absl::Minutes(2);
  const auto send = [&](int calls) {
    failures.clear();
    finished = 0;
    for (int i = 0; i < calls; ++i) {
      client::Channel& channel = i % 2 == 0 ? harness_.replica().channel() : second.channel();
      channel.CallAsync<v1::ResolveIdentityRequest, v1::ResolveIdentityResponse>(
          kResolve, ByPhone("13812345678"), options,
          [&](absl::StatusOr<v1::ResolveIdentityResponse> response) {
            const std::lock_guard lock(mutex);
            if (response.ok()) {
              numbers.insert(response->customer().number());
              created += response->created() ? 1 : 0;
            } else {
              failures.push_back(response.status());
            }
            ++finished;
            done.notify_one();
          });
    }
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return finished == calls; });
    // A server may shed load (PLT-9); whoever is told so tries again, and gets the one customer.
    for (const absl::Status& status : failures) {
      EXPECT_TRUE(absl::IsResourceExhausted(status) || absl::IsAborted(status)) << status;
    }
    return static_cast<int>(failures.size());
  };
  int left = kCalls;
  for (int round = 0; left > 0 && round < kMostRounds; ++round) left = send(left);
  EXPECT_EQ(left, 0);
  EXPECT_THAT(numbers, SizeIs(1));
  EXPECT_EQ(created, 1);
  EXPECT_EQ(Customers(), 1);
}

// PLT-5
TEST_F(IdentityHandlersTest, RepeatingARequestGivesTheFirstAnswer) {
  v1::ResolveIdentityRequest request = ByPhone("13812345678");
  request.set_request_id("r-1");
  EXPECT_TRUE(Resolve(request).created());
  EXPECT_TRUE(Resolve(request).created());
  EXPECT_EQ(Customers(), 1);
}

// PLT-13: a customer of somebody else is named, as CreateCustomer does, and not shown.
TEST_F(IdentityHandlersTest, SomebodyElsesCustomerIsNamedOnly) {
  const v1::Customer customer = Create(Person("张三丰", "13800000001"));
  const absl::Status status = TryResolve(ByPhone("13800000001"), seller_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(status), "IDENTITY_TAKEN");
  EXPECT_EQ(Metadata(status, "customer"), customer.number());
  EXPECT_EQ(TryResolve(ByPhone("13800000001"), finance_).status().code(),
            absl::StatusCode::kPermissionDenied);

  auto own = TryResolve(ByPhone("13800000002"), seller_);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->customer().owner(), "seller");
  EXPECT_EQ(own->customer().team(), "t1");
}

// CUS-14
TEST_F(IdentityHandlersTest, AddsAndRemovesIdentities) {
  const v1::Customer one = Create(Person("张三丰", "13800000001"));
  const v1::Customer two = Create(Person("李小龙", "13800000002"));
  auto added = Add(one.number(), v1::IDENTITY_KIND_PHONE, "139-0000-0001");
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->value(), "139****0001");
  auto again = Add(one.number(), v1::IDENTITY_KIND_PHONE, "13900000001");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id(), added->id());
  const absl::Status taken = Add(two.number(), v1::IDENTITY_KIND_PHONE, "13900000001").status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Metadata(taken, "customer"), one.number());
  EXPECT_EQ(Resolve(ByPhone("13900000001")).customer().number(), one.number());

  EXPECT_THAT(Violations(Add(one.number(), v1::IDENTITY_KIND_WECHAT_OPENID, "oABC").status()),
              ElementsAre("identity.authorization REQUIRED"));
  EXPECT_THAT(Violations(Add(one.number(), v1::IDENTITY_KIND_RESIDENT_ID, "123").status()),
              Contains("identity.kind FIELD_OF_CUSTOMER"));

  const std::vector<v1::CustomerIdentity> all = Identities(one.number());
  ASSERT_THAT(all, SizeIs(2));
  for (const v1::CustomerIdentity& identity : all) {
    const absl::Status removed = Remove(one.number(), identity.id());
    if (identity.from_field()) {
      EXPECT_EQ(ErrorReason(removed), "IDENTITY_FROM_FIELD");
    } else {
      EXPECT_TRUE(removed.ok()) << removed;
    }
  }
  EXPECT_THAT(Identities(one.number()), SizeIs(1));
  EXPECT_EQ(Remove(one.number(), "ffff").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Add(two.number(), v1::IDENTITY_KIND_PHONE, "13900000001").ok());
}

// PLT-15
TEST_F(IdentityHandlersTest, BoundValuesAreEncrypted) {
  const v1::Customer customer = Create(Person("张三丰", "13800000001"));
  ASSERT_TRUE(Add(customer.number(), v1::IDENTITY_KIND_DOUYIN, "douyin-7788").ok());
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM customer_identity WHERE INSTR(value, 'douyin-7788')"),
            0);
}

}  // namespace
}  // namespace crm::customer
