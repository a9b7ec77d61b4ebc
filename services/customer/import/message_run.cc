#include "services/customer/import/message_run.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/resource/history.h"
#include "common/resource/resource_table.h"
#include "services/customer/import/message_fields.h"

namespace crm::customer::import {

namespace pb = google::protobuf;
using schema::Breach;
using schema::Violation;

namespace {

constexpr int kHistoryPage = 1000;
// Leaving one value out can break another rule, but not often.
constexpr int kMaxPasses = 4;

}  // namespace

SampleRow::SampleRow(const ImportRun::Sampled& sampled)
    : raw_(RawRow::FromProto(sampled.source.cells())) {
  row_.Reset(sampled.line);
  for (size_t i = 0; i < raw_.size(); ++i) row_.Add(raw_[i]);
}

void NoteFields(const MessageRow& row, RowResult& result) {
  if (!row.sampled) return;
  for (const ImportField* field : row.fields) result.fields.push_back(field->name);
}

absl::StatusOr<absl::flat_hash_set<std::string>> ReplacedSince(db::Connection& db,
                                                               const resource::RowKey& key,
                                                               int64_t version) {
  absl::flat_hash_set<std::string> names;
  if (key.version <= version) return names;
  CRM_ASSIGN_OR_RETURN(const auto entries, resource::ReadHistory(db, key.id, 0, kHistoryPage));
  for (const auto& entry : entries) {
    if (entry.version() <= version) continue;
    for (const auto& change : entry.changes()) names.insert(change.field());
  }
  return names;
}

std::unique_ptr<MessageRow> MessageRun::ParseWith(RowReader& reader, const tabular::Row& row,
                                                  ParseCounts& counts) const {
  std::unique_ptr<MessageRow> parsed = NewRow();
  reader.Read(row, *parsed, counts,
              [&](std::string_view field, std::string_view text, CleaningCounts& cleanings,
                  Breach& breach) { return ReadOwn(field, text, *parsed, cleanings, breach); });
  for (int pass = 0; pass < kMaxPasses && !parsed->rejected; ++pass) {
    const std::vector<Violation> violations = Check(*parsed, counts.cleanings);
    if (violations.empty()) break;
    for (const Violation& violation : violations) {
      const std::string_view field = BaseName(violation.field);
      // There is nothing to leave out.
      if (!parsed->Has(field)) parsed->rejected = true;
      reader.Refuse(*parsed, field, {violation.rule, violation.mend_en, violation.mend_zh});
    }
  }
  if (!parsed->rejected) reader.Finish(*parsed);
  return parsed;
}

CellCleaner::Outcome MessageRun::ReadOwn(std::string_view, std::string_view, MessageRow&,
                                         CleaningCounts&, Breach&) const {
  return CellCleaner::Outcome::kMissing;
}

absl::Status MessageRun::Complete(db::Connection&, Sources&) { return absl::OkStatus(); }

void MessageRun::CompareOther(const ImportField&, MessageRow&, const pb::Message&,
                              v1::ImportSampleRow&) const {}

v1::ImportIssue MessageRun::IssueOf(const MessageRow& row, std::string_view field,
                                    const Breach& breach) const {
  const ImportField* known = field.empty() ? nullptr : shape_.catalog->Find(field);
  const ColumnPlan::Column* column = field.empty() ? nullptr : plan_.Find(field);
  return MakeIssue(row.line, column, field, known == nullptr ? nullptr : known->shown_as,
                   column == nullptr ? "" : row.raw[column->index], breach);
}

void MessageRun::Reject(const MessageRow& row, size_t index, std::string_view field,
                        const Breach& breach, BatchChange& change) const {
  change.results[index] = {};
  change.results[index].outcome = RowOutcome::kRejected;
  v1::ImportIssue issue = IssueOf(row, field, breach);
  issue.set_row_rejected(true);
  change.issues.push_back(std::move(issue));
}

void MessageRun::LeaveOut(const MessageRow& row, std::string_view field, const Breach& breach,
                          BatchChange& change) const {
  change.issues.push_back(IssueOf(row, field, breach));
}

absl::StatusOr<std::vector<v1::ImportSampleRow>> MessageRun::Compare(
    db::Connection& db, const std::vector<Sampled>& rows) {
  std::vector<int64_t> ids;
  // A reader of its own: the thread that reads the file uses the other one.
  RowReader reader(shape_, context_, plan_, archive_);
  Sources sources;
  for (const Sampled& row : rows) {
    ids.push_back(row.resource_id);
    ParseCounts counts;
    counts.filled.resize(plan_.columns().size());
    sources.push_back(ParseWith(reader, SampleRow(row).row(), counts));
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<Stored> found, ReadStored(db, ids));
  CRM_RETURN_IF_ERROR(Complete(db, sources));
  absl::flat_hash_map<int64_t, const Stored*> by_id;
  for (const Stored& stored : found) by_id[stored.key.id] = &stored;

  std::vector<v1::ImportSampleRow> compared;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto stored = by_id.find(rows[i].resource_id);
    if (stored == by_id.end()) continue;  // deleted since
    CRM_ASSIGN_OR_RETURN(const auto replaced,
                         ReplacedSince(db, stored->second->key, rows[i].resource_version));
    compared.push_back(CompareRow(rows[i], *sources[i], *stored->second, replaced));
  }
  return compared;
}

v1::ImportSampleRow MessageRun::CompareRow(const Sampled& row, MessageRow& source,
                                           const Stored& stored,
                                           const absl::flat_hash_set<std::string>& replaced) const {
  const pb::Message& given = *source.messages().front();
  const auto& schema = schema::MessageSchema::Of(stored.message->GetDescriptor());
  v1::ImportSampleRow result;
  result.set_line(row.line);
  result.set_resource(
      resource::FieldText(*stored.message, *schema.Find(schema.resource()->number_field()))
          .value_or(""));
  for (const std::string& name : row.source.fields()) {
    const ImportField* field = shape_.catalog->Find(name);
    if (field == nullptr || replaced.contains(name)) continue;
    const schema::FieldSchema* declared =
        field->schema != nullptr ? field->schema : schema.Find(name);
    if (declared == nullptr || declared->descriptor->containing_type() != given.GetDescriptor()) {
      CompareOther(*field, source, *stored.message, result);
      continue;
    }
    const auto text = [&](const pb::Message& message) {
      return MaskedForReport(declared, resource::FieldText(message, *declared).value_or(""));
    };
    AddCompared(name, text(given), text(*stored.message),
                resource::FieldEquals(given, *stored.message, *declared), result);
  }
  return result;
}

void MessageRun::AddCompared(std::string_view field, std::string source, std::string stored,
                             bool equal, v1::ImportSampleRow& result) {
  v1::ImportSampleField& shown = *result.add_fields();
  shown.set_field(std::string(field));
  shown.set_source(std::move(source));
  shown.set_stored(std::move(stored));
  shown.set_equal(equal);
}

}  // namespace crm::customer::import
