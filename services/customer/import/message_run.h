// A run of a kind whose rows are read by row_reader.h: parsing and the sample check. What remains
// for the kind are its rules (Check) and what a batch does (Apply).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_RUN_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_RUN_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "services/customer/archive.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/row_reader.h"

namespace crm::customer::import {

class MessageRun : public ImportRun {
 public:
  std::unique_ptr<ParsedRow> Parse(const tabular::Row& row, ParseCounts& counts) final {
    return ParseWith(reader_, row, counts);
  }
  void Seal(ParsedRows&) override {}
  int32_t row_weight() const final { return reader_.row_weight(); }
  absl::StatusOr<std::vector<v1::ImportSampleRow>> Compare(db::Connection& db,
                                                           const std::vector<Sampled>& rows) final;

 protected:
  // A resource as it is stored.
  struct Stored {
    resource::RowKey key;
    std::unique_ptr<google::protobuf::Message> message;
  };
  using Sources = std::vector<std::unique_ptr<MessageRow>>;

  MessageRun(Archive& archive, RowShape shape, ImportContext context, ColumnPlan plan)
      : archive_(archive),
        shape_(std::move(shape)),
        context_(std::move(context)),
        plan_(std::move(plan)),
        reader_(shape_, context_, plan_, archive) {}

  virtual std::unique_ptr<MessageRow> NewRow() const = 0;
  // Cells of fields without a declaration; see RowReader::OwnCell.
  virtual CellCleaner::Outcome ReadOwn(std::string_view field, std::string_view text,
                                       MessageRow& row, CleaningCounts& counts,
                                       schema::Breach& breach) const;
  // Normalises what was read, once what is required is there, and says what is wrong; asked again
  // when values were left out. Fields of violations are those of the catalog. Pure.
  virtual std::vector<schema::Violation> Check(MessageRow& row, CleaningCounts& counts) const = 0;

  // For the sample check: what rows became, and what is to be read before rows can be compared
  // with it (codes of product names).
  virtual absl::StatusOr<std::vector<Stored>> ReadStored(db::Connection& db,
                                                         const std::vector<int64_t>& ids) const = 0;
  virtual absl::Status Complete(db::Connection& db, Sources& sources);
  // The value of a field that is not one of the stored message; nothing if it cannot be compared.
  virtual void CompareOther(const ImportField& field, MessageRow& source,
                            const google::protobuf::Message& stored,
                            v1::ImportSampleRow& result) const;

  static void AddCompared(std::string_view field, std::string source, std::string stored,
                          bool equal, v1::ImportSampleRow& result);

  // A row that Apply has to reject, or whose value it leaves out.
  void Reject(const MessageRow& row, size_t index, std::string_view field,
              const schema::Breach& breach, BatchChange& change) const;
  void LeaveOut(const MessageRow& row, std::string_view field, const schema::Breach& breach,
                BatchChange& change) const;
  bool accept_incomplete() const {
    return context_.spec.missing() == v1::MISSING_POLICY_ACCEPT_INCOMPLETE;
  }
  resource::ChangeSource source() const {
    return {archive_.clock.Now(), context_.actor, context_.number};
  }

  Archive& archive_;
  const RowShape shape_;
  const ImportContext context_;
  const ColumnPlan plan_;

 private:
  std::unique_ptr<MessageRow> ParseWith(RowReader& reader, const tabular::Row& row,
                                        ParseCounts& counts) const;
  v1::ImportIssue IssueOf(const MessageRow& row, std::string_view field,
                          const schema::Breach& breach) const;
  v1::ImportSampleRow CompareRow(const Sampled& row, MessageRow& source, const Stored& stored,
                                 const absl::flat_hash_set<std::string>& replaced) const;

  RowReader reader_;  // of the parsing thread
};

// The names of the fields that a row has set.
void NoteFields(const MessageRow& row, RowResult& result);

// Fields that changes after a version have written.
absl::StatusOr<absl::flat_hash_set<std::string>> ReplacedSince(db::Connection& db,
                                                               const resource::RowKey& key,
                                                               int64_t version);

// A sampled row as a row of a table.
class SampleRow {
 public:
  explicit SampleRow(const ImportRun::Sampled& sampled);
  const tabular::Row& row() const { return row_; }

 private:
  RawRow raw_;
  tabular::Row row_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_RUN_H_
