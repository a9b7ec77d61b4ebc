#include "services/customer/people_composition.h"

#include <string>
#include <string_view>
#include <utility>

#include "common/event/outbox.h"
#include "common/job/lease.h"

namespace crm::customer {
namespace {

constexpr std::string_view kContactPattern = "CON{yyyy}{seq:6}";
constexpr std::string_view kDuplicatePattern = "DUP{yyyy}{seq:6}";
constexpr std::string_view kRulePattern = "TR{seq:4}";
// Rules are few: their numbers have no gaps worth the name.
constexpr int64_t kRuleBlock = 1;
// How soon a replica sees a run that another one was asked for.
constexpr absl::Duration kRunInterval = absl::Seconds(5);

numbering::NumberAllocatorOptions NumbersOf(std::string name, std::string_view pattern,
                                            absl::TimeZone zone) {
  // The patterns are constants that parse.
  return {
      .name = std::move(name), .pattern = *numbering::NumberPattern::Parse(pattern), .zone = zone};
}

numbering::NumberAllocatorOptions RuleNumbers(absl::TimeZone zone) {
  numbering::NumberAllocatorOptions options = NumbersOf("tag_rule", kRulePattern, zone);
  options.block = kRuleBlock;
  return options;
}

}  // namespace

People::People(runtime::ServiceRuntime& runtime, Archive& archive, const CustomerOwners& owners)
    : runtime_(runtime),
      contact_numbers_(NumbersOf("contact", kContactPattern, archive.zone), runtime.pool()),
      duplicate_numbers_(NumbersOf("duplicate", kDuplicatePattern, archive.zone), runtime.pool()),
      rule_numbers_(RuleNumbers(archive.zone), runtime.pool()),
      duplicates_(archive.keyring, archive.ids, duplicate_numbers_),
      rules_(archive),
      runner_(archive, rules_,
              {.pool = runtime.pool(),
               .committer = runtime.committer(),
               .outbox = event::MakeOutboxHook(archive.ids, archive.clock),
               .holder = job::ProcessName()}),
      contact_handlers_(archive, contact_numbers_),
      identity_handlers_(archive, owners, duplicates_),
      rule_handlers_(archive, rules_, rule_numbers_, [this] { run_job_->Notify(); }) {}

void People::Open() {
  runtime_.Serve("crm.customer.v1.ContactService", contact_handlers_);
  runtime_.Serve("crm.customer.v1.IdentityService", identity_handlers_);
  runtime_.Serve("crm.customer.v1.TagRuleService", rule_handlers_);
  run_job_ =
      &runtime_.jobs().Add({.name = "tag-rules", .interval = kRunInterval}, runner_.RunJob());
  runtime_.jobs().Add(runner_.FollowOptions(), runner_.FollowJob());
  runtime_.AddReader("tag-rules", runner_.reader());
}

}  // namespace crm::customer
