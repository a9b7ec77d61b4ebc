// Makes a cell of a spreadsheet the value of a field (CUS-28): trimmed, half-width, dates and
// phones normalised, labels mapped to codes, missing words made unknown.
//
// Not thread-safe: one for each parsing thread. What a distinct text means is looked up once.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CELL_CLEANER_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CELL_CLEANER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/schema/message_schema.h"
#include "common/schema/value_check.h"
#include "google/protobuf/message.h"
#include "services/customer/import/cleaning.h"
#include "services/customer/managed_lists.h"
#include "services/customer/staff_names.h"

namespace crm::customer::import {

class CellCleaner {
 public:
  enum class Outcome { kMissing, kSet, kBroken };

  // `lists` and `staff` outlive the cleaner. `now` bounds dates of birth; times are those of
  // `zone`.
  CellCleaner(const ManagedLists& lists, const StaffNames& staff, absl::Time now,
              absl::TimeZone zone)
      : lists_(lists), staff_(staff), now_(now), zone_(zone) {}

  // Sets the field of `message`. On kBroken `breach` says why and the field is not set.
  // `unit`: what a number is multiplied with.
  Outcome Clean(const schema::FieldSchema& field, int64_t unit, std::string_view cell,
                google::protobuf::Message& message, CleaningCounts& counts, schema::Breach& breach);

  // The cell as text, without what cannot be seen; empty if it says nothing. Valid until the next
  // call.
  std::string_view CleanText(std::string_view cell, bool keep_lines, CleaningCounts& counts);

  // What MISSING words are: 未知, 无, -, N/A …
  static bool IsMissingWord(std::string_view text);

 private:
  // What a text means in an enum or a list.
  struct Meaning {
    std::string code;
    int number = 0;
    bool known = false;
    bool mapped = false;
    schema::Breach breach;
  };
  using Meanings = absl::flat_hash_map<std::string, Meaning>;

  const Meaning& MeaningOf(const schema::FieldSchema& field, std::string_view text);
  Meaning LookUp(const schema::FieldSchema& field, std::string_view text) const;
  Outcome SetCode(const schema::FieldSchema& field, std::string_view text,
                  google::protobuf::Message& message, CleaningCounts& counts,
                  schema::Breach& breach);
  Outcome SetString(const schema::FieldSchema& field, int64_t unit, std::string_view text,
                    google::protobuf::Message& message, CleaningCounts& counts,
                    schema::Breach& breach);
  // A user id; names of the staff directory become one.
  Outcome SetStaff(const schema::FieldSchema& field, std::string_view text,
                   google::protobuf::Message& message, CleaningCounts& counts,
                   schema::Breach& breach);
  Outcome SetInteger(const schema::FieldSchema& field, std::string_view text,
                     google::protobuf::Message& message, CleaningCounts& counts,
                     schema::Breach& breach);
  Outcome SetYesNo(const schema::FieldSchema& field, std::string_view text,
                   google::protobuf::Message& message, CleaningCounts& counts,
                   schema::Breach& breach);
  Outcome SetTimestamp(const schema::FieldSchema& field, std::string_view text,
                       google::protobuf::Message& message, CleaningCounts& counts,
                       schema::Breach& breach);
  Outcome AddItems(const schema::FieldSchema& field, std::string_view text,
                   google::protobuf::Message& message, CleaningCounts& counts,
                   schema::Breach& breach);
  Outcome ToDecimal(int64_t unit, CleaningCounts& counts, schema::Breach& breach);
  Outcome ToDate(CleaningCounts& counts, schema::Breach& breach);

  const ManagedLists& lists_;
  const StaffNames& staff_;
  const absl::Time now_;
  const absl::TimeZone zone_;
  absl::flat_hash_map<const schema::FieldSchema*, Meanings> meanings_;
  std::string text_;   // CleanText
  std::string value_;  // being normalised
};

// The parts of a cell with several values: `产品咨询、售后服务`.
std::vector<std::string_view> SplitItems(std::string_view text);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CELL_CLEANER_H_
