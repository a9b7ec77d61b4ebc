#include "common/resource/resource_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/json_field.h"
#include "common/text/unicode.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::resource {

namespace pb = google::protobuf;
namespace opt = crm::options::v1;
using schema::FieldKind;
using schema::FieldSchema;

namespace {

constexpr char kSensitiveMark[] = "***";
constexpr char kEtagPrefix[] = "v";
constexpr char kPackedColumn[] = "packed";

bool IsJson(const FieldSchema& field) {
  return field.repeated || field.kind == FieldKind::kStruct || field.kind == FieldKind::kMessage;
}

bool IsStored(const FieldSchema& field) {
  return !field.options->not_stored() && field.kind != FieldKind::kFieldMask &&
         field.kind != FieldKind::kOpaque;
}

int64_t MicrosOf(const pb::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1'000;
}

void SetMicros(int64_t micros, pb::Timestamp& time) {
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(rest * 1'000));
}

int64_t IntegerOf(const pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.descriptor->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, field.descriptor);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, field.descriptor);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<int64_t>(reflection.GetUInt64(message, field.descriptor));
    default:
      return reflection.GetInt64(message, field.descriptor);
  }
}

void SetInteger(int64_t value, const FieldSchema& field, pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.descriptor->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, field.descriptor, static_cast<int32_t>(value));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, field.descriptor, static_cast<uint32_t>(value));
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&message, field.descriptor, static_cast<uint64_t>(value));
    default:
      return reflection.SetInt64(&message, field.descriptor, value);
  }
}

// Unset scalars without presence read as their default: numbers are stored, text is unknown.
bool IsUnknown(const pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.repeated) return reflection.FieldSize(message, field.descriptor) == 0;
  switch (field.kind) {
    case FieldKind::kInteger:
    case FieldKind::kBool:
    case FieldKind::kDouble:
      return field.descriptor->has_presence() && !reflection.HasField(message, field.descriptor);
    case FieldKind::kEnum:
      return reflection.GetEnumValue(message, field.descriptor) == 0;
    default:
      return !reflection.HasField(message, field.descriptor);
  }
}

std::string_view TailOf(std::string_view value) { return text::LastCodePoints(value, kTailLength); }

std::string Aad(const std::string& prefix, int64_t id) { return absl::StrCat(prefix, id); }

}  // namespace

ResourceTable::ResourceTable(const schema::MessageSchema& schema, crypto::Keyring& keyring,
                             std::vector<std::string> extra_columns)
    : schema_(schema),
      keyring_(keyring),
      extra_columns_(std::move(extra_columns)),
      name_(schema.resource()->table()),
      etag_field_(schema.Find("etag")),
      number_field_(schema.Find(schema.resource()->number_field())) {
  insert_spec_.table = name_;
  insert_spec_.columns = {"id", "version"};
  insert_spec_.columns.insert(insert_spec_.columns.end(), extra_columns_.begin(),
                              extra_columns_.end());
  for (const FieldSchema& field : schema.fields()) {
    if (!IsStored(field)) {
      unstored_.push_back(&field);
      continue;
    }
    Column column{&field, "", "", ""};
    const std::string place = absl::StrCat(name_, ".", field.name);
    if (field.options->encrypted()) column.aad_prefix = absl::StrCat(place, "|");
    if (field.options->lookup() != opt::LOOKUP_UNSPECIFIED) column.hash_purpose = place;
    if (field.options->lookup() == opt::LOOKUP_EQUALITY_AND_TAIL) {
      column.tail_purpose = absl::StrCat(place, ".tail");
    }
    AppendNames(column, insert_spec_.columns);
    if (field.kind == FieldKind::kTimestamp && !field.repeated) times_.push_back(&field);
    columns_.push_back(std::move(column));
  }
  form_ = FormOfColumns();
  // A release of another form cannot read the copy, and reads the columns. Otherwise one that does
  // not know a new field would leave it out of copies that a later one takes for complete.
  if (schema.resource()->packed()) {
    packed_aad_prefix_ =
        absl::StrCat(name_, ".packed|", absl::Hex(static_cast<uint64_t>(form_)), "|");
  }
  if (!packed_aad_prefix_.empty()) insert_spec_.columns.push_back(kPackedColumn);
}

void ResourceTable::AppendNames(const Column& column, std::vector<std::string>& names) {
  const std::string& field = column.field->name;
  names.push_back(field);
  if (!column.hash_purpose.empty()) names.push_back(absl::StrCat(field, "_hash"));
  if (!column.tail_purpose.empty()) names.push_back(absl::StrCat(field, "_tail_hash"));
}

std::string ResourceTable::Columns(std::string_view alias) const {
  const std::string prefix = alias.empty() ? "" : absl::StrCat(ToAbsl(alias), ".");
  std::string list = absl::StrCat(prefix, "id, ", prefix, "version");
  for (const std::string& extra : extra_columns_) absl::StrAppend(&list, ", ", prefix, extra);
  for (const Column& column : columns_) absl::StrAppend(&list, ", ", prefix, column.field->name);
  return list;
}

absl::Status ResourceTable::Read(const db::Rows& row, RowKey& key, pb::Message& message) const {
  key.id = row.Int(0);
  key.version = row.Int(1);
  int index = first_field_column();
  for (const Column& column : columns_) {
    CRM_RETURN_IF_ERROR(ReadField(column, key.id, row, index++, message));
  }
  Finish(key, message);
  return absl::OkStatus();
}

void ResourceTable::Finish(const RowKey& key, pb::Message& message) const {
  if (etag_field_ == nullptr) return;
  message.GetReflection()->SetString(&message, etag_field_->descriptor, EtagOf(key.version));
}

absl::Status ResourceTable::ReadField(const Column& column, int64_t id, const db::Rows& row,
                                      int index, pb::Message& message) const {
  if (row.IsNull(index)) return absl::OkStatus();
  const FieldSchema& field = *column.field;
  const pb::Reflection& reflection = *message.GetReflection();
  if (IsJson(field)) return FieldFromJson(row.String(index), field, message);
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kBytes: {
      std::string value = row.String(index);
      if (!column.aad_prefix.empty()) {
        CRM_ASSIGN_OR_RETURN(value, keyring_.Decrypt(value, Aad(column.aad_prefix, id)));
      }
      reflection.SetString(&message, field.descriptor, std::move(value));
      return absl::OkStatus();
    }
    case FieldKind::kInteger:
      SetInteger(row.Int(index), field, message);
      return absl::OkStatus();
    case FieldKind::kBool:
      reflection.SetBool(&message, field.descriptor, row.Int(index) != 0);
      return absl::OkStatus();
    case FieldKind::kDouble:
      reflection.SetDouble(&message, field.descriptor, row.Double(index));
      return absl::OkStatus();
    case FieldKind::kEnum:
      reflection.SetEnumValue(&message, field.descriptor, static_cast<int>(row.Int(index)));
      return absl::OkStatus();
    case FieldKind::kTimestamp:
      SetMicros(row.Int(index), static_cast<pb::Timestamp&>(
                                    *reflection.MutableMessage(&message, field.descriptor)));
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

db::Value ResourceTable::PlainValue(const FieldSchema& field, const pb::Message& message) const {
  if (IsUnknown(message, field)) return std::nullopt;
  const pb::Reflection& reflection = *message.GetReflection();
  if (IsJson(field)) {
    std::string json = FieldToJson(message, field);
    return json.empty() ? db::Value() : db::Value(std::move(json));
  }
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kBytes:
      return reflection.GetString(message, field.descriptor);
    case FieldKind::kInteger:
      return IntegerOf(message, field);
    case FieldKind::kBool:
      return reflection.GetBool(message, field.descriptor);
    case FieldKind::kDouble:
      return reflection.GetDouble(message, field.descriptor);
    case FieldKind::kEnum:
      return reflection.GetEnumValue(message, field.descriptor);
    case FieldKind::kTimestamp:
      return MicrosOf(
          static_cast<const pb::Timestamp&>(reflection.GetMessage(message, field.descriptor)));
    default:
      return std::nullopt;
  }
}

void ResourceTable::AppendValues(const Column& column, int64_t id, const pb::Message& message,
                                 db::Values& out) const {
  db::Value plain = PlainValue(*column.field, message);
  const std::string* text = std::get_if<std::string>(&plain.get());
  if (column.aad_prefix.empty() || text == nullptr) {
    out.push_back(plain);
  } else {
    out.push_back(keyring_.Encrypt(*text, Aad(column.aad_prefix, id)));
  }
  AppendHashes(column, text, out);
}

void ResourceTable::AppendHashes(const Column& column, const std::string* text,
                                 db::Values& out) const {
  if (!column.hash_purpose.empty()) {
    out.push_back(text == nullptr ? db::Value()
                                  : db::Value(keyring_.LookupHash(column.hash_purpose, *text)));
  }
  if (!column.tail_purpose.empty()) {
    out.push_back(text == nullptr
                      ? db::Value()
                      : db::Value(keyring_.LookupHash(column.tail_purpose, TailOf(*text))));
  }
}

db::Values ResourceTable::InsertValues(RowKey key, const pb::Message& message,
                                       db::Values extra) const {
  db::Values row;
  row.reserve(insert_spec_.columns.size());
  row.emplace_back(key.id);
  row.emplace_back(key.version);
  for (db::Value& value : extra) row.push_back(std::move(value));
  for (const Column& column : columns_) AppendValues(column, key.id, message, row);
  if (!packed_aad_prefix_.empty()) row.emplace_back(Pack(key, message));
  return row;
}

ResourceTable::InsertPlan ResourceTable::PlanInsert(
    absl::FunctionRef<bool(const FieldSchema&)> wanted) const {
  InsertPlan plan;
  plan.spec.table = name_;
  plan.spec.columns = {"id", "version"};
  plan.spec.columns.insert(plan.spec.columns.end(), extra_columns_.begin(), extra_columns_.end());
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!wanted(*columns_[i].field)) continue;
    plan.columns.push_back(i);
    AppendNames(columns_[i], plan.spec.columns);
  }
  if (!packed_aad_prefix_.empty()) plan.spec.columns.push_back(kPackedColumn);
  return plan;
}

db::Values ResourceTable::InsertValues(const InsertPlan& plan, RowKey key,
                                       const pb::Message& message, db::Values extra) const {
  db::Values row;
  row.reserve(plan.spec.columns.size());
  row.emplace_back(key.id);
  row.emplace_back(key.version);
  for (db::Value& value : extra) row.push_back(std::move(value));
  for (const size_t column : plan.columns) AppendValues(columns_[column], key.id, message, row);
  if (!packed_aad_prefix_.empty()) row.emplace_back(Pack(key, message));
  return row;
}

void ResourceTable::Insert(db::WriteSet& writes, RowKey key, const pb::Message& message,
                           db::Values extra) const {
  const InsertPlan& plan = CoverOf(message);
  writes.Insert(plan.spec, InsertValues(plan, key, message, std::move(extra)));
}

const ResourceTable::InsertPlan& ResourceTable::CoverOf(const pb::Message& message) const {
  const auto covers = [&](const Cover* cover) {
    return cover != nullptr &&
           std::all_of(cover->uncovered.begin(), cover->uncovered.end(),
                       [&](size_t i) { return IsUnknown(message, *columns_[i].field); });
  };
  const Cover* cover = widest_cover_.load(std::memory_order_acquire);
  if (covers(cover)) return cover->plan;

  const std::lock_guard lock(covers_mutex_);
  cover = widest_cover_.load(std::memory_order_relaxed);
  if (covers(cover)) return cover->plan;
  auto wider = std::make_unique<Cover>();
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool was_covered =
        cover != nullptr &&
        std::find(cover->uncovered.begin(), cover->uncovered.end(), i) == cover->uncovered.end();
    if (!was_covered && IsUnknown(message, *columns_[i].field)) wider->uncovered.push_back(i);
  }
  wider->plan = PlanInsert([&](const FieldSchema& field) {
    return std::none_of(wider->uncovered.begin(), wider->uncovered.end(),
                        [&](size_t i) { return columns_[i].field == &field; });
  });
  widest_cover_.store(wider.get(), std::memory_order_release);
  covers_.push_back(std::move(wider));
  return covers_.back()->plan;
}

void ResourceTable::Update(db::WriteSet& writes, RowKey key, const pb::Message& before,
                           const pb::Message& after) const {
  std::string sql = absl::StrCat("UPDATE ", name_, " SET version = ?");
  db::Values params = {key.version + 1};
  for (const Column& column : columns_) {
    if (FieldEquals(before, after, *column.field)) continue;
    absl::StrAppend(&sql, ", ", column.field->name, " = ?");
    if (!column.hash_purpose.empty()) absl::StrAppend(&sql, ", ", column.field->name, "_hash = ?");
    if (!column.tail_purpose.empty()) {
      absl::StrAppend(&sql, ", ", column.field->name, "_tail_hash = ?");
    }
    AppendValues(column, key.id, after, params);
  }
  if (!packed_aad_prefix_.empty()) {
    absl::StrAppend(&sql, ", ", kPackedColumn, " = ?");
    params.emplace_back(Pack({key.id, key.version + 1}, after));
  }
  absl::StrAppend(&sql, " WHERE id = ? AND version = ?");
  params.emplace_back(key.id);
  params.emplace_back(key.version);
  writes.Execute({"resource_update", sql}, std::move(params), db::Expect::kSomeRow);
}

crm::types::v1::ChangeList ResourceTable::Diff(const pb::Message& before,
                                               const pb::Message& after) const {
  crm::types::v1::ChangeList list;
  for (const Column& column : columns_) {
    const FieldSchema& field = *column.field;
    if (FieldEquals(before, after, field)) continue;
    auto* change = list.add_changes();
    change->set_field(field.name);
    const bool sensitive = field.options->sensitivity() != opt::SENSITIVITY_UNSPECIFIED;
    if (auto old_value = FieldText(before, field)) {
      change->set_old_value(sensitive ? kSensitiveMark : *std::move(old_value));
    }
    if (auto new_value = FieldText(after, field)) {
      change->set_new_value(sensitive ? kSensitiveMark : *std::move(new_value));
    }
  }
  return list;
}

std::string ResourceTable::LookupHash(std::string_view field, std::string_view value) const {
  return keyring_.LookupHash(absl::StrCat(name_, ".", ToAbsl(field)), value);
}

std::string ResourceTable::TailHash(std::string_view field, std::string_view value) const {
  return keyring_.LookupHash(absl::StrCat(name_, ".", ToAbsl(field), ".tail"), TailOf(value));
}

std::optional<std::string> FieldText(const pb::Message& message, const FieldSchema& field) {
  if (IsUnknown(message, field)) return std::nullopt;
  const pb::Reflection& reflection = *message.GetReflection();
  if (IsJson(field)) return FieldToJson(message, field);
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kBytes:
      return reflection.GetString(message, field.descriptor);
    case FieldKind::kInteger:
      return absl::StrCat(IntegerOf(message, field));
    case FieldKind::kBool:
      return reflection.GetBool(message, field.descriptor) ? "true" : "false";
    case FieldKind::kDouble:
      return absl::StrCat(reflection.GetDouble(message, field.descriptor));
    case FieldKind::kEnum: {
      const int number = reflection.GetEnumValue(message, field.descriptor);
      const auto* value = field.descriptor->enum_type()->FindValueByNumber(number);
      return value == nullptr ? absl::StrCat(number) : value->name();
    }
    case FieldKind::kTimestamp:
      return absl::FormatTime(absl::RFC3339_full,
                              FromMicros(MicrosOf(static_cast<const pb::Timestamp&>(
                                  reflection.GetMessage(message, field.descriptor)))),
                              absl::UTCTimeZone());
    default:
      return std::nullopt;
  }
}

bool FieldEquals(const pb::Message& a, const pb::Message& b, const FieldSchema& field) {
  const pb::Reflection& reflection = *a.GetReflection();
  if (!IsJson(field) && (field.kind == FieldKind::kString || field.kind == FieldKind::kBytes)) {
    std::string scratch_a, scratch_b;
    return reflection.GetStringReference(a, field.descriptor, &scratch_a) ==
           reflection.GetStringReference(b, field.descriptor, &scratch_b);
  }
  return FieldText(a, field) == FieldText(b, field);
}

std::string EtagOf(int64_t version) { return absl::StrCat(kEtagPrefix, version); }

absl::StatusOr<int64_t> ParseEtag(std::string_view etag, std::string_view path) {
  int64_t version = 0;
  absl::string_view digits = ToAbsl(etag);
  if (!absl::ConsumePrefix(&digits, kEtagPrefix) || !absl::SimpleAtoi(digits, &version) ||
      version < 1 || EtagOf(version) != etag) {
    return InvalidField(path, "ETAG_MALFORMED",
                        "send back the etag as it was received, or leave it out");
  }
  return version;
}

}  // namespace crm::resource
