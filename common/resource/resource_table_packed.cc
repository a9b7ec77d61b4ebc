// What ResourceTable derives from a row beside its columns: the packed copy (docs/adr/0012).
#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/resource/resource_table.h"
#include "common/schema/copy.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::resource {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;

namespace {

constexpr char kPackedColumn[] = "packed";
constexpr size_t kVersionBytes = sizeof(int64_t);  // at the beginning of a packed value
constexpr int32_t kNanosOfAMicrosecond = 1'000;

// FNV-1a over what makes rows of one release differ from those of another.
class Form {
 public:
  void Add(const FieldSchema& field) {
    Add(field.descriptor->number());
    Add(field.descriptor->type());
    Add(field.options->lookup());
    if (field.message != nullptr) Add(*field.message);
  }
  uint64_t value() const { return value_; }

 private:
  void Add(int part) { value_ = (value_ ^ static_cast<uint64_t>(part)) * 0x100000001b3; }
  void Add(const MessageSchema& message) {
    if (!seen_.insert(&message).second) return;
    for (const FieldSchema& field : message.fields()) Add(field);
  }

  uint64_t value_ = 0xcbf29ce484222325;
  absl::flat_hash_set<const MessageSchema*> seen_;
};

// Columns keep microseconds, so do copies.
bool IsFiner(const FieldSchema& field, const pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  return reflection.HasField(message, field.descriptor) &&
         static_cast<const pb::Timestamp&>(reflection.GetMessage(message, field.descriptor))
                     .nanos() %
                 kNanosOfAMicrosecond !=
             0;
}

void Coarsen(const FieldSchema& field, pb::Message& message) {
  if (!IsFiner(field, message)) return;
  auto& time = static_cast<pb::Timestamp&>(
      *message.GetReflection()->MutableMessage(&message, field.descriptor));
  time.set_nanos(time.nanos() / kNanosOfAMicrosecond * kNanosOfAMicrosecond);
}

}  // namespace

int64_t ResourceTable::FormOfColumns() const {
  Form form;
  for (const Column& column : columns_) form.Add(*column.field);
  return static_cast<int64_t>(form.value());
}

bool ResourceTable::HasFinerTimes(const pb::Message& message) const {
  return std::any_of(times_.begin(), times_.end(),
                     [&](const FieldSchema* field) { return IsFiner(*field, message); });
}

std::string ResourceTable::PackedColumns(std::string_view alias) const {
  const std::string prefix = alias.empty() ? "" : absl::StrCat(ToAbsl(alias), ".");
  return absl::StrCat(prefix, "id, ", prefix, "version, ", prefix, number_field_->name, ", ",
                      prefix, kPackedColumn);
}

absl::StatusOr<bool> ResourceTable::ReadPacked(const db::Rows& row, RowKey& key,
                                               pb::Message& message) const {
  key.id = row.Int(0);
  key.version = row.Int(1);
  if (row.IsNull(3)) return false;
  // Whatever is wrong with the copy: the columns tell, with their own checks.
  const absl::StatusOr<std::string> bytes =
      keyring_.Decrypt(row.String(3), absl::StrCat(packed_aad_prefix_, key.id));
  int64_t version = 0;
  if (!bytes.ok() || bytes->size() < kVersionBytes) return false;
  std::memcpy(&version, bytes->data(), kVersionBytes);
  if (version != key.version) return false;
  if (!message.ParseFromArray(bytes->data() + kVersionBytes,
                              static_cast<int>(bytes->size() - kVersionBytes))) {
    message.Clear();
    return false;
  }
  const pb::Reflection& reflection = *message.GetReflection();
  for (const FieldSchema* field : unstored_) reflection.ClearField(&message, field->descriptor);
  reflection.SetString(&message, number_field_->descriptor, row.String(2));
  Finish(key, message);
  return true;
}

std::string ResourceTable::Pack(RowKey key, const pb::Message& message) const {
  std::string bytes(kVersionBytes, '\0');
  std::memcpy(bytes.data(), &key.version, kVersionBytes);
  if (HasFinerTimes(message)) {
    const std::unique_ptr<pb::Message> stored = schema::CopyOf(message);
    for (const FieldSchema* field : times_) Coarsen(*field, *stored);
    stored->AppendToString(&bytes);
  } else {
    message.AppendToString(&bytes);
  }
  return keyring_.Encrypt(bytes, absl::StrCat(packed_aad_prefix_, key.id));
}

void ResourceTable::Rederive(db::WriteSet& writes, RowKey key, const pb::Message& message) const {
  std::string sql = absl::StrCat("UPDATE ", name_, " SET version = version");
  db::Values params;
  for (const Column& column : columns_) {
    if (column.hash_purpose.empty()) continue;
    const std::string& field = column.field->name;
    absl::StrAppend(&sql, ", ", field, "_hash = ?");
    if (!column.tail_purpose.empty()) absl::StrAppend(&sql, ", ", field, "_tail_hash = ?");
    const db::Value plain = PlainValue(*column.field, message);
    AppendHashes(column, std::get_if<std::string>(&plain.get()), params);
  }
  if (!packed_aad_prefix_.empty()) {
    absl::StrAppend(&sql, ", ", kPackedColumn, " = ?");
    params.emplace_back(Pack(key, message));
  }
  absl::StrAppend(&sql, " WHERE id = ? AND version = ?");
  params.emplace_back(key.id);
  params.emplace_back(key.version);
  writes.Execute({"resource_rederive", sql}, std::move(params));
}

}  // namespace crm::resource
