// QUA-8: every field of every RPC, generated from the descriptors, with malformed, oversized and
// hostile values: a typed refusal or an answer, never a crash, an INTERNAL, a leak of SQL, or a
// stored value that differs from what was sent.
#include "common/testing/hostile_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/contact_service.pb.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/interaction_service.pb.h"
#include "crm/customer/v1/product_service.pb.h"
#include "crm/customer/v1/purchase_service.pb.h"
#include "services/customer/customer_service.h"

namespace crm::customer {
namespace {

namespace pb = google::protobuf;
using crm::testing::ForEachHostile;
using crm::testing::IsTyped;
using schema::FieldKind;
using schema::FieldSchema;

class HostileInputTest : public ::testing::Test {
 protected:
  HostileInputTest() {
    good_.now = harness_.clock().Now() - absl::Hours(1);
    good_.texts = {
        {"industry", "I65"},          {"tier", "TIER_NORMAL"}, {"phone", "13100000000"},
        {"decision_maker", "陈建国"}, {"name_zh", "云桌面"},   {"channel", "phone"},
        {"method", "visit"},          {"next_action", "none"}, {"direction", "DIRECTION_INBOUND"},
        {"amount", "12.50"}};
    const auto customer =
        Create<v1::CreateCustomerRequest, v1::Customer>("CustomerService/CreateCustomer");
    good_.texts["customer"] = customer.number();
    const auto contact =
        Create<v1::CreateContactRequest, v1::Contact>("ContactService/CreateContact");
    good_.texts["contact"] = contact.number();
    const auto product =
        Create<v1::CreateProductRequest, v1::Product>("ProductService/CreateProduct");
    good_.texts["product"] = product.code();
    good_.texts["owner"] = "steward";
  }

  template <typename Request, typename Response>
  Response Create(const std::string& method) {
    Request request;
    crm::testing::FillRequired(request, good_);
    const auto created =
        harness_.Call<Request, Response>(token_, absl::StrCat("crm.customer.v1.", method), request);
    EXPECT_TRUE(created.ok()) << method << ": " << created.status() << request.ShortDebugString();
    return created.value_or(Response());
  }

  // A call of any kind; of a stream that goes on for ever its beginning.
  absl::Status Call(const pb::MethodDescriptor& method, const pb::Message& request) {
    const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
    auto* factory = pb::MessageFactory::generated_factory();
    std::unique_ptr<pb::Message> response(factory->GetPrototype(method.output_type())->New());
    client::CallOptions options;
    options.token = token_;
    options.retry = false;
    client::Channel& channel = harness_.replica().channel();
    if (method.client_streaming()) {
      auto stream = channel.ClientStream(path, options);
      stream.Write(request);
      return stream.Finish(*response);
    }
    if (!method.server_streaming()) return channel.CallAny(path, request, *response, options);
    options.timeout = absl::Milliseconds(100);
    auto stream = channel.ServerStream(path, request, options);
    while (stream.Next(*response)) {
    }
    const absl::Status status = stream.Finish();
    return absl::IsDeadlineExceeded(status) ? absl::OkStatus() : status;
  }

  void ExpectAnsweredOrRefused(const pb::MethodDescriptor& method) {
    auto* factory = pb::MessageFactory::generated_factory();
    std::unique_ptr<pb::Message> request(factory->GetPrototype(method.input_type())->New());
    crm::testing::FillRequired(*request, good_);
    past_validation_ += absl::IsInvalidArgument(Call(method, *request)) ? 0 : 1;
    ++methods_;
    ForEachHostile(*request, [&](const pb::Message& hostile, const FieldSchema& field) {
      const absl::Status status = Call(method, hostile);
      ++calls_;
      ASSERT_TRUE(status.ok() || IsTyped(status))
          << method.full_name() << " " << field.name << ": " << status;
      ASSERT_FALSE(absl::StrContains(status.message(), "SELECT ") ||
                   absl::StrContains(status.message(), "DROP TABLE"))
          << method.full_name() << " " << field.name << ": " << status;
    });
  }

  // Every hostile variant of a resource is refused, or read as it was sent.
  template <typename CreateRequest, typename GetRequest, typename Resource>
  void ExpectStoredAsSent(const std::string& create, const std::string& get,
                          Resource* (CreateRequest::*resource)(),
                          const std::function<void(Resource&, const FieldSchema&)>& make_new,
                          const std::function<void(const Resource&, GetRequest&)>& name_it) {
    CreateRequest request;
    crm::testing::FillRequired(request, good_);
    const auto plain = harness_.Call<CreateRequest, Resource>(
        token_, absl::StrCat("crm.customer.v1.", create), request);
    EXPECT_TRUE(plain.ok() || plain.status().code() == absl::StatusCode::kAlreadyExists)
        << "to begin with: " << plain.status() << request.ShortDebugString();
    int compared = 0;
    ForEachHostile(
        *(request.*resource)(), [&](const pb::Message& hostile, const FieldSchema& field) {
          CreateRequest sent;
          Resource& wanted = *(sent.*resource)();
          wanted.CopyFrom(hostile);
          make_new(wanted, field);
          const auto created = harness_.Call<CreateRequest, Resource>(
              token_, absl::StrCat("crm.customer.v1.", create), sent);
          if (!created.ok()) {
            ASSERT_TRUE(IsTyped(created.status())) << field.name << ": " << created.status();
            return;
          }
          // An industry is stored as its code.
          if (field.options->output_only() || field.kind != FieldKind::kString ||
              field.name == "etag" || field.name == "industry" ||
              field.descriptor->containing_type() != wanted.descriptor()) {
            return;
          }
          GetRequest which;
          name_it(*created, which);
          const auto read = harness_.Call<GetRequest, Resource>(
              token_, absl::StrCat("crm.customer.v1.", get), which);
          ASSERT_TRUE(read.ok()) << read.status();
          EXPECT_TRUE(crm::testing::IsStoredAsSent(field, wanted, *read))
              << field.name << "\nsent " << wanted.ShortDebugString() << "\nread "
              << read->ShortDebugString();
          ++compared;
        });
    EXPECT_GT(compared, 15);
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  // A caller who may do as much as possible.
  const std::string token_ =
      harness_.TokenOf("steward", {"data_steward", "administrator", "service_account",
                                   "sales_director", "service_manager", "auditor"});
  crm::testing::GoodValues good_;
  int serial_ = 0;
  int calls_ = 0;
  int methods_ = 0;
  int past_validation_ = 0;
};

TEST_F(HostileInputTest, EveryFieldOfEveryRpcIsRefusedOrAnswered) {
  const auto* pool = pb::DescriptorPool::generated_pool();
  for (const auto& service : harness_.replica().runtime().services()) {
    const auto* descriptor = pool->FindServiceByName(service);
    ASSERT_NE(descriptor, nullptr) << service;
    for (int m = 0; m < descriptor->method_count(); ++m) {
      ExpectAnsweredOrRefused(*descriptor->method(m));
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(calls_, 3000);
  // Most calls get as far as the handler, so that it is the handler that is tried.
  EXPECT_GT(past_validation_ * 10, methods_ * 7) << past_validation_ << " of " << methods_;
}

TEST_F(HostileInputTest, ACustomerIsStoredAsSentOrNotAtAll) {
  ExpectStoredAsSent<v1::CreateCustomerRequest, v1::GetCustomerRequest, v1::Customer>(
      "CustomerService/CreateCustomer", "CustomerService/GetCustomer",
      &v1::CreateCustomerRequest::mutable_customer,
      [this](v1::Customer& customer, const FieldSchema& field) {
        if (field.name != "phone") customer.set_phone(absl::StrCat(13'200'000'000 + ++serial_));
      },
      [](const v1::Customer& customer, v1::GetCustomerRequest& get) {
        get.set_customer(customer.number());
      });
}

TEST_F(HostileInputTest, AContactIsStoredAsSentOrNotAtAll) {
  ExpectStoredAsSent<v1::CreateContactRequest, v1::GetContactRequest, v1::Contact>(
      "ContactService/CreateContact", "ContactService/GetContact",
      &v1::CreateContactRequest::mutable_contact,
      [this](v1::Contact& contact, const FieldSchema& field) {
        if (field.name != "phone") contact.set_phone(absl::StrCat(13'300'000'000 + ++serial_));
      },
      [](const v1::Contact& contact, v1::GetContactRequest& get) {
        get.set_contact(contact.number());
      });
}

TEST_F(HostileInputTest, AnInteractionIsStoredAsSentOrNotAtAll) {
  ExpectStoredAsSent<v1::RecordInteractionRequest, v1::GetInteractionRequest, v1::Interaction>(
      "InteractionService/RecordInteraction", "InteractionService/GetInteraction",
      &v1::RecordInteractionRequest::mutable_interaction,
      [](v1::Interaction&, const FieldSchema&) {},
      [](const v1::Interaction& interaction, v1::GetInteractionRequest& get) {
        get.set_interaction(interaction.number());
      });
}

TEST_F(HostileInputTest, APurchaseIsStoredAsSentOrNotAtAll) {
  ExpectStoredAsSent<v1::RecordPurchaseRequest, v1::GetPurchaseRequest, v1::Purchase>(
      "PurchaseService/RecordPurchase", "PurchaseService/GetPurchase",
      &v1::RecordPurchaseRequest::mutable_purchase,
      [this](v1::Purchase& purchase, const FieldSchema& field) {
        if (field.name != "order_number") purchase.set_order_number(absl::StrCat("N", ++serial_));
      },
      [](const v1::Purchase& purchase, v1::GetPurchaseRequest& get) {
        get.mutable_name()->set_purchase(purchase.number());
      });
}

TEST_F(HostileInputTest, AProductIsStoredAsSentOrNotAtAll) {
  ExpectStoredAsSent<v1::CreateProductRequest, v1::GetProductRequest, v1::Product>(
      "ProductService/CreateProduct", "ProductService/GetProduct",
      &v1::CreateProductRequest::mutable_product,
      [this](v1::Product& product, const FieldSchema& field) {
        if (field.name != "code") product.set_code(absl::StrCat("P-", ++serial_));
        if (field.name != "name_zh") product.set_name_zh(absl::StrCat("产品", serial_));
      },
      [](const v1::Product& product, v1::GetProductRequest& get) {
        get.set_product(product.code());
      });
}

}  // namespace
}  // namespace crm::customer
