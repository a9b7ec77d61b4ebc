#include "common/testing/hostile_input.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::testing {
namespace {

namespace pb = google::protobuf;
using options::v1::Format;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;

constexpr int kDepth = 3;  // of messages in messages

const std::vector<std::string>& HostileTexts() {
  static const auto& texts = *new std::vector<std::string>{
      "'; DROP TABLE customer; --",
      "<script>alert(1)</script>",
      "../../../../etc/passwd",
      "%s%s%n{}${jndi:ldap://x}",
      std::string("nul\0byte", 8),
      "tab\tand\nnewline",
      "\x1b[31mred\x1b[0m",
      "\u202Egnp.exe",
      "\u200B\u200B",
      " leading and trailing ",
      "𠮷野家😀",
      "=cmd|' /C calc'!A0",
      "\\' OR 1=1 #",
      std::string(300, 'x'),
      std::string(100'000, 'A'),
      "\u0301\u0301\u0301",
      "0000-00-00",
      "-1e309",
      "null",
      "*",
  };
  return texts;
}

// Allowed, but not as people mostly write it. The first is the plainest.
std::vector<std::string> FormattedTexts(Format format) {
  switch (format) {
    case options::v1::FORMAT_PHONE:
      return {"13912345678", "+86 139-1234-5679", "１３９１２３４５６７０"};
    case options::v1::FORMAT_PHONE_OR_LANDLINE:
      return {"13912345678", "(0755) 8613 3456", "+86 139-1234-5679"};
    case options::v1::FORMAT_EMAIL:
      return {"li.lei@example.com", "O'Neil+CRM@Example.COM", "a@b.cn"};
    case options::v1::FORMAT_CREDIT_CODE:
      return {"91440300708461136T", "91440300708461136t"};
    case options::v1::FORMAT_RESIDENT_ID:
      return {"11010519491231002X", "11010519491231002x"};
    case options::v1::FORMAT_DATE:
      return {"2020-02-03", "2024-02-29", "1900-01-01", "9999-12-31"};
    case options::v1::FORMAT_DECIMAL:
      return {"1.50", "0.01", "-0.00", "000012.300", "99999999999.99", "1e3"};
    case options::v1::FORMAT_URL:
      return {"https://example.com/", "https://example.com/a?b='1'&c=%00"};
    case options::v1::FORMAT_CODE:
      return {"code-1", "-", "1"};
    default:
      return {"文字", "o", "多行\n第二行"};
  }
}

std::vector<int64_t> HostileNumbers(const pb::FieldDescriptor& field) {
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) {
    using Limits = std::numeric_limits<int32_t>;
    return {-1, 0, 1, Limits::min(), Limits::max()};
  }
  using Limits = std::numeric_limits<int64_t>;
  return {-1, 0, 1, Limits::min(), Limits::max()};
}

const std::vector<double>& HostileDoubles() {
  using Limits = std::numeric_limits<double>;
  static const auto& numbers =
      *new std::vector<double>{Limits::quiet_NaN(), Limits::infinity(),   -Limits::infinity(),
                               Limits::max(),       Limits::denorm_min(), -0.0};
  return numbers;
}

// Sets or adds.
void PutText(pb::Message& message, const FieldSchema& field, const std::string& text) {
  const pb::Reflection& reflection = *message.GetReflection();
  field.repeated ? reflection.AddString(&message, field.descriptor, text)
                 : reflection.SetString(&message, field.descriptor, text);
}

void PutNumber(pb::Message& message, const FieldSchema& field, int64_t number) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.descriptor->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      field.repeated
          ? reflection.AddInt32(&message, field.descriptor, static_cast<int32_t>(number))
          : reflection.SetInt32(&message, field.descriptor, static_cast<int32_t>(number));
      return;
    case pb::FieldDescriptor::CPPTYPE_INT64:
      field.repeated ? reflection.AddInt64(&message, field.descriptor, number)
                     : reflection.SetInt64(&message, field.descriptor, number);
      return;
    default:
      return;  // no field of ours is unsigned
  }
}

void PutDouble(pb::Message& message, const FieldSchema& field, double number) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.descriptor->cpp_type() != pb::FieldDescriptor::CPPTYPE_DOUBLE) return;
  field.repeated ? reflection.AddDouble(&message, field.descriptor, number)
                 : reflection.SetDouble(&message, field.descriptor, number);
}

void PutEnum(pb::Message& message, const FieldSchema& field, int number) {
  const pb::Reflection& reflection = *message.GetReflection();
  field.repeated ? reflection.AddEnumValue(&message, field.descriptor, number)
                 : reflection.SetEnumValue(&message, field.descriptor, number);
}

pb::Message& PutMessage(pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  return field.repeated ? *reflection.AddMessage(&message, field.descriptor)
                        : *reflection.MutableMessage(&message, field.descriptor);
}

std::string GoodText(const FieldSchema& field) {
  std::string text = FormattedTexts(field.options->format()).front();
  if (field.pattern != nullptr && !RE2::FullMatch(text, *field.pattern)) {
    for (const char* each : {"abc", "12345678"}) {
      if (RE2::FullMatch(each, *field.pattern)) return each;
    }
  }
  return text;
}

void FillMessage(pb::Message& message, const GoodValues& good, int depth);

void FillField(pb::Message& message, const FieldSchema& field, const GoodValues& good, int depth) {
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kBytes:
      PutText(message, field, GoodText(field));
      break;
    case FieldKind::kInteger:
      PutNumber(message, field, std::max<int64_t>(1, field.options->min()));
      break;
    case FieldKind::kDouble:
      PutDouble(message, field, 1);
      break;
    case FieldKind::kEnum:
      PutEnum(message, field, field.descriptor->enum_type()->value(1)->number());
      break;
    case FieldKind::kTimestamp:
      static_cast<pb::Timestamp&>(PutMessage(message, field))
          .set_seconds(absl::ToUnixSeconds(good.now));
      break;
    case FieldKind::kMessage:
      FillMessage(PutMessage(message, field), good, depth + 1);
      break;
    default:
      break;
  }
}

void FillMessage(pb::Message& message, const GoodValues& good, int depth) {
  if (depth > kDepth) return;
  for (const FieldSchema& field : MessageSchema::Of(message.GetDescriptor()).fields()) {
    if (field.options->output_only()) continue;
    const auto named = good.texts.find(field.name);
    if (field.kind == FieldKind::kString && named != good.texts.end()) {
      PutText(message, field, named->second);
    } else if (field.kind == FieldKind::kEnum && named != good.texts.end()) {
      const auto* value = field.descriptor->enum_type()->FindValueByName(named->second);
      if (value != nullptr) PutEnum(message, field, value->number());
    } else if (field.options->required()) {
      FillField(message, field, good, depth);
    }
  }
}

// Walks over a message inside of `root` and calls `use` with `root` for each change.
class Hostility {
 public:
  Hostility(pb::Message& root, const UseHostile& use) : root_(root), use_(use) {}

  void Walk(pb::Message& message, int depth) {
    for (const FieldSchema& field : MessageSchema::Of(message.GetDescriptor()).fields()) {
      WalkField(message, field, depth);
    }
  }

 private:
  void WalkField(pb::Message& message, const FieldSchema& field, int depth) {
    switch (field.kind) {
      case FieldKind::kString:
      case FieldKind::kBytes:
        WalkText(message, field);
        break;
      case FieldKind::kInteger:
        for (const int64_t number : HostileNumbers(*field.descriptor)) {
          With(message, field, [&] { PutNumber(message, field, number); });
        }
        break;
      case FieldKind::kDouble:
        for (const double number : HostileDoubles()) {
          With(message, field, [&] { PutDouble(message, field, number); });
        }
        break;
      case FieldKind::kEnum:
        for (const int number : {4711, -1, std::numeric_limits<int>::min()}) {
          With(message, field, [&] { PutEnum(message, field, number); });
        }
        break;
      case FieldKind::kTimestamp:
        WalkTime(message, field);
        break;
      case FieldKind::kStruct:
        WalkStruct(message, field);
        break;
      case FieldKind::kMessage:
        WalkMessage(message, field, depth);
        break;
      default:
        break;
    }
  }

  void With(pb::Message& message, const FieldSchema& field, const std::function<void()>& set) {
    std::unique_ptr<pb::Message> saved(message.New());
    saved->CopyFrom(message);
    set();
    use_(root_, field);
    message.CopyFrom(*saved);
  }

  void WalkText(pb::Message& message, const FieldSchema& field) {
    std::vector<std::string> texts = HostileTexts();
    if (field.kind == FieldKind::kString) {
      for (std::string& text : FormattedTexts(field.options->format())) {
        texts.push_back(std::move(text));
      }
    }
    for (const std::string& text : texts) {
      With(message, field, [&] { PutText(message, field, text); });
    }
    if (!field.repeated) return;
    With(message, field, [&] {
      for (int i = 0; i < 5000; ++i) PutText(message, field, "x");
    });
  }

  void WalkTime(pb::Message& message, const FieldSchema& field) {
    using Limits = std::numeric_limits<int64_t>;
    for (const auto& [seconds, nanos] : {std::pair{Limits::max(), -5}, std::pair{Limits::min(), 0},
                                         std::pair{int64_t{0}, 0}, std::pair{int64_t{-1}, 999}}) {
      With(message, field, [&] {
        auto& time = static_cast<pb::Timestamp&>(PutMessage(message, field));
        time.set_seconds(seconds);
        time.set_nanos(nanos);
      });
    }
  }

  void WalkStruct(pb::Message& message, const FieldSchema& field) {
    if (field.descriptor->message_type()->full_name() != "google.protobuf.Struct") return;
    With(message, field, [&] {
      auto* object = static_cast<pb::Struct*>(&PutMessage(message, field));
      (*object->mutable_fields())["'; DROP TABLE x"].set_string_value("\x01");
      (*object->mutable_fields())["nan"].set_number_value(HostileDoubles().front());
      for (int i = 0; i < 50; ++i) {
        object = (*object->mutable_fields())["deep"].mutable_struct_value();
      }
    });
  }

  // What is inside of one that is there is changed; one that is not is added empty.
  void WalkMessage(pb::Message& message, const FieldSchema& field, int depth) {
    if (depth >= kDepth) return;
    std::unique_ptr<pb::Message> saved(message.New());
    saved->CopyFrom(message);
    const pb::Reflection& reflection = *message.GetReflection();
    const bool there = field.repeated && reflection.FieldSize(message, field.descriptor) > 0;
    pb::Message& child = there ? *reflection.MutableRepeatedMessage(&message, field.descriptor, 0)
                               : PutMessage(message, field);
    Walk(child, depth + 1);
    message.CopyFrom(*saved);
  }

  pb::Message& root_;
  const UseHostile& use_;
};

// Letters and digits without their case; other scripts as they are.
std::string Bare(const std::string& text) {
  std::string bare;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || absl::ascii_isalnum(byte)) bare += absl::ascii_tolower(byte);
  }
  return bare;
}

bool SaysTheSame(const FieldSchema& field, const std::string& sent, const std::string& read) {
  if (sent == read) return true;
  double a = 0;
  double b = 0;
  switch (field.options->format()) {
    case options::v1::FORMAT_DECIMAL:
      return absl::SimpleAtod(sent, &a) && absl::SimpleAtod(read, &b) && a == b;
    case options::v1::FORMAT_PHONE:
    case options::v1::FORMAT_PHONE_OR_LANDLINE:
      // The country's prefix is left out; digits of full width become plain ones.
      return !Bare(read).empty() &&
             (absl::EndsWith(Bare(sent), Bare(read)) || absl::StrContains(sent, "１"));
    case options::v1::FORMAT_EMAIL:
    case options::v1::FORMAT_CREDIT_CODE:
    case options::v1::FORMAT_RESIDENT_ID:
      return Bare(sent) == Bare(read);
    default:
      return false;
  }
}

bool IsHidden(const FieldSchema& field, const std::string& read) {
  return field.options->sensitivity() != options::v1::SENSITIVITY_UNSPECIFIED &&
         (read.empty() || absl::StrContains(read, "*"));
}

}  // namespace

void FillRequired(pb::Message& message, const GoodValues& good) { FillMessage(message, good, 0); }

void ForEachHostile(pb::Message& message, const UseHostile& use) {
  Hostility(message, use).Walk(message, 0);
}

bool IsTyped(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kDeadlineExceeded:
      return false;
    default:
      return !ErrorReason(status).empty();
  }
}

bool IsStoredAsSent(const FieldSchema& field, const pb::Message& sent, const pb::Message& read) {
  const pb::Reflection& reflection = *sent.GetReflection();
  if (!field.repeated) {
    const std::string text = reflection.GetString(read, field.descriptor);
    return IsHidden(field, text) ||
           SaysTheSame(field, reflection.GetString(sent, field.descriptor), text);
  }
  // Codes of a list: each once, in any order.
  const auto texts = [&](const pb::Message& message) {
    std::vector<std::string> all;
    for (int i = 0; i < reflection.FieldSize(message, field.descriptor); ++i) {
      all.push_back(reflection.GetRepeatedString(message, field.descriptor, i));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  };
  return texts(sent) == texts(read);
}

}  // namespace crm::testing
