// QUA-8: every field of every RPC, generated from the descriptors, with malformed, oversized and
// hostile values: a typed refusal or an answer, never a crash, an INTERNAL, a leak of SQL, or a
// stored value that differs from what was sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/schema/message_schema.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/customer/customer_service.h"

namespace crm::customer {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;

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

// Calls `use` with every variant of `message` in which one field, at any depth, is hostile.
void ForEachHostile(pb::Message& message, pb::Message& root, int depth,
                    const std::function<void(const pb::Message&, const FieldSchema&)>& use) {
  const pb::Reflection& reflection = *message.GetReflection();
  for (const FieldSchema& field : MessageSchema::Of(message.GetDescriptor()).fields()) {
    const auto with = [&](const auto& set) {
      std::unique_ptr<pb::Message> saved(message.New());
      saved->CopyFrom(message);
      set();
      use(root, field);
      message.CopyFrom(*saved);
    };
    switch (field.kind) {
      case FieldKind::kString:
      case FieldKind::kBytes:
        for (const std::string& text : HostileTexts()) {
          if (field.repeated) {
            with([&] { reflection.AddString(&message, field.descriptor, text); });
          } else {
            with([&] { reflection.SetString(&message, field.descriptor, text); });
          }
        }
        if (field.repeated) {
          with([&] {
            for (int i = 0; i < 5000; ++i) reflection.AddString(&message, field.descriptor, "x");
          });
        }
        break;
      case FieldKind::kInteger:
        if (field.repeated) break;
        for (const int64_t number : {int64_t{-1}, std::numeric_limits<int64_t>::min(),
                                     std::numeric_limits<int64_t>::max()}) {
          with([&] {
            if (field.descriptor->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) {
              reflection.SetInt32(&message, field.descriptor, static_cast<int32_t>(number >> 31));
            } else if (field.descriptor->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64) {
              reflection.SetInt64(&message, field.descriptor, number);
            }
          });
        }
        break;
      case FieldKind::kEnum:
        if (field.repeated) {
          with([&] { reflection.AddEnumValue(&message, field.descriptor, 4711); });
        } else {
          with([&] { reflection.SetEnumValue(&message, field.descriptor, 4711); });
        }
        break;
      case FieldKind::kTimestamp:
        if (field.repeated) break;
        with([&] {
          auto* time =
              static_cast<pb::Timestamp*>(reflection.MutableMessage(&message, field.descriptor));
          time->set_seconds(std::numeric_limits<int64_t>::max());
          time->set_nanos(-5);
        });
        break;
      case FieldKind::kStruct:
        if (field.repeated ||
            field.descriptor->message_type()->full_name() != "google.protobuf.Struct") {
          break;
        }
        with([&] {
          auto* object =
              static_cast<pb::Struct*>(reflection.MutableMessage(&message, field.descriptor));
          (*object->mutable_fields())["'; DROP TABLE x"].set_string_value("\x01");
          pb::Struct* inner = object;
          for (int i = 0; i < 50; ++i) {
            inner = (*inner->mutable_fields())["deep"].mutable_struct_value();
          }
        });
        break;
      case FieldKind::kMessage:
        if (depth > 2) break;
        if (field.repeated) {
          with([&] {
            pb::Message* child = reflection.AddMessage(&message, field.descriptor);
            ForEachHostile(*child, root, depth + 1, use);
          });
        } else {
          with([&] {
            pb::Message* child = reflection.MutableMessage(&message, field.descriptor);
            ForEachHostile(*child, root, depth + 1, use);
          });
        }
        break;
      default:
        break;
    }
  }
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

class HostileInputTest : public ::testing::Test {
 protected:
  // A caller who may do as much as possible.
  std::string TokenOfEverything() {
    return harness_.TokenOf("steward", {"data_steward", "administrator", "service_account",
                                        "sales_director", "service_manager", "auditor"});
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
};

TEST_F(HostileInputTest, EveryFieldOfEveryUnaryRpcIsRefusedOrAnswered) {
  const std::string token = TokenOfEverything();
  int calls = 0;
  const auto* pool = pb::DescriptorPool::generated_pool();
  for (const auto& service : harness_.replica().runtime().services()) {
    const auto* descriptor = pool->FindServiceByName(service);
    ASSERT_NE(descriptor, nullptr) << service;
    for (int m = 0; m < descriptor->method_count(); ++m) {
      const auto& method = *descriptor->method(m);
      if (method.client_streaming() || method.server_streaming()) continue;
      auto* factory = pb::MessageFactory::generated_factory();
      std::unique_ptr<pb::Message> request(factory->GetPrototype(method.input_type())->New());
      std::unique_ptr<pb::Message> response(factory->GetPrototype(method.output_type())->New());
      const std::string path = absl::StrCat("/", service, "/", method.name());
      ForEachHostile(*request, *request, 0,
                     [&](const pb::Message& hostile, const FieldSchema& field) {
                       client::CallOptions options;
                       options.token = token;
                       options.retry = false;
                       const absl::Status status =
                           harness_.replica().channel().CallAny(path, hostile, *response, options);
                       ++calls;
                       ASSERT_TRUE(status.ok() || IsTyped(status))
                           << path << " " << field.name << ": " << status;
                       ASSERT_FALSE(absl::StrContains(status.message(), "SELECT ") ||
                                    absl::StrContains(status.message(), "DROP TABLE"))
                           << path << " " << field.name << ": " << status;
                     });
    }
  }
  EXPECT_GT(calls, 500);
}

TEST_F(HostileInputTest, ACustomerIsStoredAsSentOrNotAtAll) {
  const std::string token = TokenOfEverything();
  int stored = 0;
  int64_t phone = 13'100'000'000;
  v1::CreateCustomerRequest request;
  v1::Customer& base = *request.mutable_customer();
  base.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  base.set_full_name("测试公司");
  base.set_industry("I65");
  base.set_tier(v1::TIER_NORMAL);
  base.set_decision_maker("陈建国");
  base.set_phone("13100000000");
  const v1::Customer valid = base;
  ForEachHostile(base, base, 0, [&](const pb::Message& hostile, const FieldSchema& field) {
    v1::CreateCustomerRequest sent;
    sent.mutable_customer()->CopyFrom(hostile);
    if (field.name != "phone") sent.mutable_customer()->set_phone(absl::StrCat(++phone));
    const auto created = harness_.Call<v1::CreateCustomerRequest, v1::Customer>(
        token, "crm.customer.v1.CustomerService/CreateCustomer", sent);
    if (!created.ok()) {
      ASSERT_TRUE(IsTyped(created.status())) << field.name << ": " << created.status();
      return;
    }
    ++stored;
    if (field.options->output_only() || field.kind != FieldKind::kString || field.repeated ||
        field.options->format() != crm::options::v1::FORMAT_UNSPECIFIED ||
        field.options->sensitivity() != crm::options::v1::SENSITIVITY_UNSPECIFIED ||
        field.descriptor->containing_type() != v1::Customer::descriptor()) {
      return;
    }
    v1::GetCustomerRequest get;
    get.set_customer(created->number());
    const auto read = harness_.Call<v1::GetCustomerRequest, v1::Customer>(
        token, "crm.customer.v1.CustomerService/GetCustomer", get);
    ASSERT_TRUE(read.ok()) << read.status();
    const auto& reflection = *read->GetReflection();
    if (field.name == "etag") return;
    EXPECT_EQ(reflection.GetString(*read, field.descriptor),
              reflection.GetString(sent.customer(), field.descriptor))
        << field.name;
  });
  EXPECT_GT(stored, 50);
}

}  // namespace
}  // namespace crm::customer
