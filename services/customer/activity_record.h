// What recording an interaction, a purchase or many of them has in common, free of any call: the
// API, forms and imports record through the same classes.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_RECORD_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_RECORD_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/resource/history.h"
#include "common/schema/language.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/record.pb.h"
#include "google/protobuf/message.h"
#include "services/customer/activity_customers.h"
#include "services/customer/managed_lists.h"

namespace crm::customer {

// Who records, and how.
struct RecordContext {
  resource::ChangeSource source;
  auth::RowScope scope;
  schema::Language language = schema::Language::kEnglish;
  // A person fills in more than a machine (CUS-18).
  bool from_staff = false;
  // Only find out what would happen: takes no numbers; the caller throws the writes away.
  bool dry_run = false;
  // Before the names of fields in errors.
  std::string field_prefix;
  // Under which unknown product names are listed; empty: what the record says.
  std::string unmapped_source;
  // Written down elsewhere before: `create_time` is kept if the record has one, and lateness is
  // judged by it, or not at all.
  bool imported = false;
};

// One record on its way in.
template <typename Message>
struct NewRecord {
  Message message;  // its customer by number, or by `lookup`
  v1::CustomerLookup lookup;

  CustomerReference Reference() const { return {message.customer(), lookup}; }
};

// What became of it. With an error in `status` nothing of it is in the write set.
template <typename Message>
struct Recorded {
  absl::Status status;
  Message message;
  bool unchanged = false;  // was there with the same content
  std::vector<v1::Cleaning> cleanings;
  resource::RowKey key;  // of the new row
  std::vector<std::string> unknown_products;
};

// Records may be this much ahead of the server's clock.
inline constexpr absl::Duration kMaxAhead = absl::Minutes(5);

// Collects what is wrong with one record.
class RecordCheck {
 public:
  explicit RecordCheck(const RecordContext& context) : context_(context) {}

  void Add(std::string_view field, std::string_view rule, std::string_view en, std::string_view zh);
  void Require(bool is_set, std::string_view field);
  // Codes for labels, in every field with a managed list.
  void ResolveLists(const ManagedLists& lists, google::protobuf::Message& message);
  // Bounds a time and cuts it to microseconds.
  void CheckTime(std::string_view field, google::protobuf::Timestamp& time);

  absl::Status status() const { return schema::ViolationsToStatus(violations_, context_.language); }

 private:
  const RecordContext& context_;
  std::vector<schema::Violation> violations_;
};

// The wire form of a row's end.
template <typename Message>
v1::RowOutcome ToOutcome(const Recorded<Message>& recorded);
void SetOutcome(const absl::Status& status, bool unchanged, const std::string& number,
                const std::vector<v1::Cleaning>& cleanings, v1::RowOutcome& outcome);

template <typename Message>
v1::RowOutcome ToOutcome(const Recorded<Message>& recorded) {
  v1::RowOutcome outcome;
  SetOutcome(recorded.status, recorded.unchanged, recorded.message.number(), recorded.cleanings,
             outcome);
  return outcome;
}

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_RECORD_H_
