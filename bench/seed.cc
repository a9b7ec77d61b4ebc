#include "bench/seed.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/db/group_committer.h"
#include "services/customer/customer_changes.h"
#include "services/customer/customer_rules.h"
#include "services/customer/customer_store.h"
#include "services/customer/identity.h"
#include "services/customer/managed_lists.h"

namespace crm::bench {
namespace {

namespace v1 = customer::v1;

constexpr size_t kCustomersInTransaction = 400;
constexpr int kThreads = 2;
constexpr uint64_t kSeed = 7;
constexpr int kOwners = 2000;
constexpr int kTeams = 40;
constexpr std::array kTiers = {v1::TIER_STRATEGIC, v1::TIER_KEY, v1::TIER_NORMAL,
                               v1::TIER_LOW_VALUE, v1::TIER_POTENTIAL};
constexpr std::array<const char*, 6> kRegions = {"110100", "310100", "440300",
                                                 "330100", "510100", "420100"};
constexpr std::array<const char*, 4> kChannels = {"website", "exhibition", "referral", "phone"};

// The parts of the service that write customers.
class Writer {
 public:
  Writer(crypto::Keyring& keyring, const Clock& clock)
      : ids_(clock, IdGenerator::kMaxNode),
        store_(keyring),
        identities_(keyring),
        changes_(ids_, store_, identities_),
        rules_(customer::CustomerPolicy(), lists_),
        now_(clock.Now()) {}

  absl::Status Write(db::Connection& connection, absl::Span<const std::string> numbers,
                     uint64_t first) const {
    examples::CustomerMaker maker(kSeed + first, first);
    examples::Customer example;
    db::WriteSet writes;
    for (size_t i = 0; i < numbers.size(); ++i) {
      maker.Next(example);
      v1::Customer customer;
      FillCustomer(example, customer);
      rules_.Initialize(customer);
      const uint64_t owner = (first + i) % kOwners;
      customer.set_owner(absl::StrCat("user", owner));
      customer.set_team(absl::StrCat("team", owner % kTeams));
      customer.set_number(numbers[i]);
      changes_.Create(writes, std::move(customer), rules_, {now_, "seed", "seed"});
    }
    const db::WriteSet* const all[] = {&writes};
    return db::CommitOn(connection, all, [](auto, auto&) {});
  }

 private:
  mutable IdGenerator ids_;
  const customer::CustomerStore store_;
  const customer::IdentityStore identities_;
  const customer::CustomerChanges changes_;
  const customer::ManagedLists lists_;
  const customer::CustomerRules rules_;
  const absl::Time now_;
};

}  // namespace

void FillCustomer(const examples::Customer& example, v1::Customer& customer) {
  const auto pick = [&](const auto& list) { return list[example.phone.back() % list.size()]; };
  const bool person = example.kind == examples::Kind::kPerson;
  customer.Clear();
  customer.set_kind(person ? v1::CUSTOMER_KIND_PERSON : v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name(example.name);
  customer.set_industry(std::string(example.industry_code));
  customer.set_phone(example.phone);
  customer.set_email(example.email);
  customer.set_region(pick(kRegions));
  customer.set_address(example.address);
  customer.set_tier(pick(kTiers));
  customer.set_source_channel(pick(kChannels));
  if (person) return;
  customer.set_credit_code(example.credit_code);
  customer.set_decision_maker(example.decision_maker);
}

absl::Status SeedCustomers(db::Pool& pool, crypto::Keyring& keyring,
                           absl::Span<const std::string> numbers) {
  const SystemClock clock;
  const Writer writer(keyring, clock);
  std::atomic<size_t> next = 0;
  std::vector<absl::Status> statuses(kThreads);
  std::vector<std::jthread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] {
      auto lease = pool.Acquire(absl::InfiniteFuture());
      status = lease.status();
      while (status.ok()) {
        const size_t first = next.fetch_add(kCustomersInTransaction);
        if (first >= numbers.size()) return;
        status = writer.Write(**lease, numbers.subspan(first, kCustomersInTransaction), first);
      }
    });
  }
  threads.clear();
  for (const absl::Status& status : statuses) CRM_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

}  // namespace crm::bench
