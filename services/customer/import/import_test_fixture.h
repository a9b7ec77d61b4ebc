// What the tests of imports over gRPC share.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_TEST_FIXTURE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/custom_field_service.pb.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/import.pb.h"
#include "services/customer/customer_service.h"

namespace crm::customer::import {

class ImportTest : public ::testing::Test {
 protected:
  static constexpr char kService[] = "crm.customer.v1.ImportService/";
  static constexpr char kCustomers[] = "crm.customer.v1.CustomerService/";

  ImportTest() : folder_(::testing::TempDir() + "/import-XXXXXX") {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
  }
  ~ImportTest() override { std::filesystem::remove_all(folder_); }

  static v1::ImportSpec Spec(v1::DuplicatePolicy duplicates = v1::DUPLICATE_POLICY_KEEP_NEWEST,
                             v1::MissingPolicy missing = v1::MISSING_POLICY_REJECT) {
    v1::ImportSpec spec;
    spec.set_kind(v1::IMPORT_KIND_CUSTOMER);
    spec.set_file_name("客户.csv");
    spec.set_duplicates(duplicates);
    spec.set_missing(missing);
    return spec;
  }

  absl::StatusOr<v1::ImportJob> Send(const v1::ImportSpec& spec, std::string_view content,
                                     const std::string& request_id = "", size_t chunk = 64 << 10) {
    client::CallOptions options;
    options.token = steward_;
    options.timeout = absl::Seconds(60);
    auto stream = harness_.replica().channel().ClientStream(
        absl::StrCat("/", kService, "CreateImport"), options);
    v1::CreateImportRequest request;
    *request.mutable_spec() = spec;
    request.set_request_id(request_id);
    bool open = stream.Write(request);
    while (open && !content.empty()) {
      request.set_chunk(std::string(content.substr(0, chunk)));
      content.remove_prefix(std::min(chunk, content.size()));
      open = stream.Write(request);
    }
    v1::ImportJob job;
    if (absl::Status status = stream.Finish(job); !status.ok()) return status;
    return job;
  }

  // Until it has ended.
  v1::ImportJob Wait(const std::string& number) {
    std::vector<v1::ImportJob> seen = Watch(number);
    return seen.empty() ? v1::ImportJob() : seen.back();
  }

  std::vector<v1::ImportJob> Watch(const std::string& number) {
    client::CallOptions options;
    options.token = steward_;
    options.timeout = absl::Seconds(120);
    v1::WatchImportRequest request;
    request.set_import(number);
    auto stream = harness_.replica().channel().ServerStream(
        absl::StrCat("/", kService, "WatchImport"), request, options);
    std::vector<v1::ImportJob> seen;
    v1::ImportJob job;
    while (stream.Next(job)) seen.push_back(job);
    const absl::Status status = stream.Finish();
    EXPECT_TRUE(status.ok()) << status;
    return seen;
  }

  v1::ImportJob Import(const v1::ImportSpec& spec, std::string_view content) {
    auto job = Send(spec, content);
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? Wait(job->number()) : v1::ImportJob();
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request,
                                const std::string& token = "") {
    return harness_.Call<Request, Response>(token.empty() ? steward_ : token,
                                            kService + std::string(method), request);
  }

  std::vector<v1::ImportIssue> Issues(const std::string& number) {
    v1::ListImportIssuesRequest request;
    request.set_import(number);
    request.set_page_size(3);
    std::vector<v1::ImportIssue> issues;
    do {
      auto page = Call<v1::ListImportIssuesResponse>("ListImportIssues", request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      issues.insert(issues.end(), page->issues().begin(), page->issues().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return issues;
  }

  std::string Rejected(const std::string& number) {
    v1::DownloadRejectedRequest request;
    request.set_import(number);
    client::CallOptions options;
    options.token = steward_;
    options.timeout = absl::Seconds(60);
    auto stream = harness_.replica().channel().ServerStream(
        absl::StrCat("/", kService, "DownloadRejected"), request, options);
    std::string content;
    v1::FileChunk chunk;
    while (stream.Next(chunk)) content += chunk.data();
    const absl::Status status = stream.Finish();
    EXPECT_TRUE(status.ok()) << status;
    return content;
  }

  std::vector<v1::Customer> All(const std::string& filter = "") {
    v1::ListCustomersRequest request;
    request.set_page_size(1000);
    request.set_filter(filter);
    std::vector<v1::Customer> all;
    do {
      auto page = harness_.Call<v1::ListCustomersRequest, v1::ListCustomersResponse>(
          steward_, std::string(kCustomers) + "ListCustomers", request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      all.insert(all.end(), page->customers().begin(), page->customers().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  std::map<std::string, int64_t> Cleanings(const v1::ImportJob& job) {
    std::map<std::string, int64_t> counts;
    for (const auto& cleaning : job.report().cleanings())
      counts[cleaning.rule()] = cleaning.count();
    return counts;
  }

  void DefineField(const std::string& key) {
    v1::CreateCustomFieldRequest request;
    request.mutable_custom_field()->set_field_key(key);
    request.mutable_custom_field()->set_label_zh(key);
    request.mutable_custom_field()->set_label_en(key);
    request.mutable_custom_field()->set_type(v1::CUSTOM_FIELD_TYPE_TEXT);
    const auto created = harness_.Call<v1::CreateCustomFieldRequest, v1::CustomField>(
        steward_, "crm.customer.v1.CustomFieldService/CreateCustomField", request);
    EXPECT_TRUE(created.ok()) << created.status();
  }

  static int64_t Sum(const v1::ImportJob& job) {
    return job.created() + job.updated() + job.merged() + job.skipped() + job.rejected();
  }

  std::string folder_;
  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_TEST_FIXTURE_H_
