#include "common/server/wire_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"

namespace crm::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <typename Detail>
Detail DetailOf(const WireError& error) {
  google::rpc::Status wire;
  EXPECT_TRUE(wire.ParseFromString(error.details));
  Detail detail;
  for (const auto& each : wire.details()) {
    if (each.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "no such detail";
  return detail;
}

// PLT-7
TEST(WireErrorTest, KeepsCodeMessageAndDetails) {
  const WireError error = ToWireError(NotFound("crm.customer.v1.Customer", "CRM2026000001"),
                                      schema::Language::kEnglish, "trace");
  EXPECT_EQ(error.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(error).reason(), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(error).resource_name(), "CRM2026000001");
}

TEST(WireErrorTest, ConcealsServerFaults) {
  for (const absl::Status& fault : {absl::InternalError("secret"), absl::UnknownError("secret"),
                                    absl::DataLossError("secret")}) {
    const WireError error = ToWireError(fault, schema::Language::kEnglish, "4bf9");
    EXPECT_EQ(error.code, absl::StatusCode::kInternal);
    EXPECT_THAT(error.message + error.details, Not(HasSubstr("secret")));
    EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(error).metadata().at("trace_id"), "4bf9");
  }
}

// A trailer that is too large would lose all details on its way.
TEST(WireErrorTest, OmitsViolationsThatDoNotFit) {
  Error many(absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "100 bad fields");
  for (int i = 0; i < 100; ++i) {
    std::move(many).Field(absl::StrCat("customers[", i, "].name"), "REQUIRED",
                          std::string(100, 'x'));
  }
  const WireError error = ToWireError(many, schema::Language::kEnglish, "");
  EXPECT_LE(error.details.size(), kMaxDetailsBytes + 100);
  const auto violations = DetailOf<google::rpc::BadRequest>(error);
  EXPECT_EQ(violations.field_violations(0).field(), "customers[0].name");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(error).metadata().at("violations_omitted"),
            absl::StrCat(100 - violations.field_violations_size()));
}

// PLT-30
TEST(WireErrorTest, PutsLocalizedMessagesTogether) {
  Error error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "bad fields");
  for (const char* message : {"名称必填", "电话格式不对"}) {
    google::rpc::BadRequest::FieldViolation violation;
    violation.set_field("f");
    violation.mutable_localized_message()->set_message(message);
    std::move(error).Field(violation);
  }
  const auto localized =
      DetailOf<google::rpc::LocalizedMessage>(ToWireError(error, schema::Language::kChinese, ""));
  EXPECT_EQ(localized.locale(), "zh-CN");
  EXPECT_EQ(localized.message(), "名称必填；电话格式不对");
}

}  // namespace
}  // namespace crm::server
