// Tag rules (CUS-8): the SQL of the table `tag_rule`, and which customers a rule concerns.
#ifndef CRM_SERVICES_CUSTOMER_TAG_RULE_STORE_H_
#define CRM_SERVICES_CUSTOMER_TAG_RULE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/filter/compile_options.h"
#include "common/filter/fragment.h"
#include "common/resource/resource_table.h"
#include "common/schema/language.h"
#include "crm/customer/v1/tag_rule.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

inline constexpr std::string_view kTagRuleType = "crm.customer.v1.TagRule";

struct StoredTagRule {
  resource::RowKey key;
  v1::TagRule message;
};

// What a rule has to do: keys of customers.
struct TagWork {
  std::vector<int64_t> add;     // match and lack the tag
  std::vector<int64_t> remove;  // have it from this rule and do not match
};

// Thread-safe.
class TagRuleStore {
 public:
  // `archive` outlives it.
  explicit TagRuleStore(const Archive& archive);

  const resource::ResourceTable& table() const { return table_; }
  std::string_view columns() const { return columns_; }

  // NOT_FOUND if there is none.
  absl::StatusOr<StoredTagRule> Get(db::Connection& db, std::string_view number) const;
  absl::StatusOr<std::optional<StoredTagRule>> OfTag(db::Connection& db,
                                                     std::string_view tag) const;
  absl::StatusOr<std::vector<StoredTagRule>> All(db::Connection& db) const;

  // The rule's condition on the alias `customer`; what no customer fulfils while it is being
  // deleted. INVALID_ARGUMENT FILTER_INVALID if it cannot be read.
  absl::StatusOr<filter::Fragment> ConditionOf(const v1::TagRule& rule, absl::Time now) const;
  // The same for its author, who may not find out by a tag what they do not see plain.
  absl::Status CheckFilter(const v1::TagRule& rule, absl::Time now, uint32_t plain_kinds,
                           schema::Language language) const;

  // What the rule has to do among the customers of `range`, a condition on the alias `customer`,
  // and the same on the alias `tagged` for the column customer_id.
  absl::StatusOr<TagWork> FindWork(db::Connection& db, const v1::TagRule& rule,
                                   const filter::Fragment& condition, const filter::Fragment& range,
                                   const filter::Fragment& tagged_range) const;

  // The greatest of the `count` keys that follow `after`; nullopt at the end.
  absl::StatusOr<std::optional<int64_t>> EndOfRange(db::Connection& db, int64_t after,
                                                    int count) const;

  // Notes a run that began at `started`, and that it succeeded. No change of the rule: its version
  // stays.
  absl::Status NoteRun(db::Connection& db, int64_t id, absl::Time started, int64_t added,
                       int64_t removed) const;
  // Notes why the rule could not be evaluated.
  absl::Status NoteFailure(db::Connection& db, int64_t id, absl::Time started,
                           const absl::Status& error) const;
  void NoteFailure(db::WriteSet& writes, int64_t id, absl::Time now,
                   const absl::Status& error) const;
  absl::Status Delete(db::Connection& db, int64_t id) const;

 private:
  absl::StatusOr<filter::Fragment> Compile(const v1::TagRule& rule,
                                           filter::CompileOptions options) const;
  filter::CompileOptions OptionsAt(absl::Time now) const;
  absl::StatusOr<std::vector<StoredTagRule>> Select(db::Connection& db, std::string_view name,
                                                    std::string_view rest,
                                                    const db::Values& values) const;

  const Archive& archive_;
  resource::ResourceTable table_;
  std::string columns_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TAG_RULE_STORE_H_
