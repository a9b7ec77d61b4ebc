// Exports over gRPC, of a service whose report has a field of every kind.
#include "common/report_export/report_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/report_export/report.h"
#include "common/report_export/stock_test_data.h"
#include "common/testing/expectations.h"
#include "common/testing/report_export.h"
#include "common/testing/service_harness.h"
#include "crm/testing/v1/report.pb.h"

namespace crm::report_export {
namespace {

using crm::testing::Exported;
using crm::testing::Metadata;
using crm::testing::v1::GetStockNameResponse;
using crm::testing::v1::GetStockReportRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kStock[] = "crm.testing.v1.StockReportService/GetStockReport";

// Gives as many lines as it is asked for, in pages, each line of the caller and somebody else.
class StockHandlers {
 public:
  void Register(server::MethodTable& table) {
    table.Unary<GetStockReportRequest, GetStockReportResponse>(
        "GetStockReport", [this](server::CallContext& call, const GetStockReportRequest& request) {
          return Report(call, request);
        });
    table.Unary<GetStockReportRequest, GetStockNameResponse>(
        "GetStockName",
        [](server::CallContext&, const GetStockReportRequest&)
            -> absl::StatusOr<GetStockNameResponse> { return GetStockNameResponse(); });
  }

  std::vector<int> page_sizes() const {
    MutexLock lock(&mutex_);
    return page_sizes_;
  }
  // Holds the report up until told to go on.
  std::function<void()> on_report = [] {};

 private:
  absl::StatusOr<GetStockReportResponse> Report(server::CallContext& call,
                                                const GetStockReportRequest& request) {
    on_report();
    {
      MutexLock lock(&mutex_);
      page_sizes_.push_back(request.page_size());
    }
    if (request.month() == "2026-12") {
      return absl::Status(InvalidField("month", "IN_FUTURE", "a month that has begun"));
    }
    GetStockReportResponse answer;
    answer.mutable_total()->set_pieces(request.lines());
    answer.mutable_total()->add_lots()->set_lot(
        absl::StrCat(call.scope().user_id, " ", ToAbsl(call.method())));
    int line = 0;
    if (!absl::SimpleAtoi(request.page_token(), &line)) line = 0;
    for (int i = 0; i < request.page_size() && line < request.lines(); ++i, ++line) {
      auto& added = *answer.add_lines();
      added.set_name(absl::StrCat("货品", line));
      added.set_keeper(line % 2 == 0 ? call.caller().id : "han");
      added.set_phone("13800138000");
    }
    if (line < request.lines()) answer.set_next_page_token(absl::StrCat(line));
    return answer;
  }

  mutable Mutex mutex_;
  std::vector<int> page_sizes_ ABSL_GUARDED_BY(mutex_);
};

class StockService : public runtime::Service {
 public:
  static absl::StatusOr<std::unique_ptr<runtime::Service>> Create(
      runtime::ServiceRuntime& runtime) {
    auto service = std::make_unique<StockService>();
    runtime.Serve("crm.testing.v1.StockReportService", service->handlers);
    return service;
  }
  StockHandlers handlers;
};

class ReportExporterTest : public ::testing::Test {
 protected:
  static report::v1::ExportReportRequest Request(
      int lines, report::v1::ExportFormat format = report::v1::EXPORT_FORMAT_CSV) {
    GetStockReportRequest stock;
    stock.set_month("2026-03");
    stock.set_lines(lines);
    report::v1::ExportReportRequest request;
    request.set_method(kStock);
    request.mutable_request()->PackFrom(stock);
    request.set_format(format);
    request.set_sheet("lines");
    request.set_purpose("月度盘点");
    return request;
  }

  absl::StatusOr<Exported> Export(const report::v1::ExportReportRequest& request,
                                  const std::string& token = "", const std::string& language = "") {
    return crm::testing::ExportReport(harness_.replica(), token.empty() ? supervisor_ : token,
                                      request, language);
  }

  // Of crm_report_exports_total, those that are not 0, by the values of their labels.
  std::map<std::string, double> Counts() {
    std::map<std::string, double> counts;
    for (const auto& family : harness_.replica().runtime().metrics().Collect()) {
      if (family.name != "crm_report_exports_total") continue;
      for (const auto& metric : family.metric) {
        std::vector<std::string> values;
        for (const auto& label : metric.label) values.push_back(label.value);
        if (metric.counter.value > 0) counts[absl::StrJoin(values, " ")] = metric.counter.value;
      }
    }
    return counts;
  }
  static std::string Csv(const std::string& outcome) {
    return "csv GetStockReport crm.testing.v1.StockReportService " + outcome;
  }

  StockHandlers& stock() {
    return static_cast<StockService&>(harness_.replica().service()).handlers;
  }

  testing::ServiceHarness harness_{{.program = "crm-test", .summary = "Test.", .migrations = {}},
                                   StockService::Create};
  const std::string supervisor_ = harness_.TokenOf("li", {"service_supervisor"}, "hotline");
};

// PLT-4: the handler of the report itself, for the same caller, through all of its pages.
TEST_F(ReportExporterTest, FollowsThePagesForTheSameCaller) {
  const auto file = Export(Request(2300));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->rows.size(), 2301u);
  EXPECT_EQ(file->rows.back()[0], "货品2299");
  EXPECT_EQ(file->file.rows(), 2300);
  EXPECT_EQ(file->file.bytes(), static_cast<int64_t>(file->bytes.size()));
  EXPECT_EQ(file->file.content_type(), "text/csv; charset=utf-8");
  EXPECT_THAT(file->file.sheets(), ElementsAre("total.lots", "lines", "lines.lots", "about"));
  EXPECT_THAT(stock().page_sizes(), ElementsAre(1000, 1000, 1000));

  auto request = Request(3);
  request.set_sheet("");
  EXPECT_THAT(Export(request)->rows,
              ElementsAre(ElementsAre("lot", "pieces"), ElementsAre("li GetStockReport", "0")));
}

// PLT-14: nothing leaves plain, not even what the caller owns; with the right to reveal it is as
// the report shows it.
TEST_F(ReportExporterTest, IsMaskedWithoutTheRightToReveal) {
  for (const auto format : {report::v1::EXPORT_FORMAT_CSV, report::v1::EXPORT_FORMAT_XLSX}) {
    const auto file = Export(Request(2, format));
    ASSERT_TRUE(file.ok()) << file.status();
    const Table rows = file->Sheet("lines");
    EXPECT_EQ(rows[1][5], "138****8000");
    EXPECT_EQ(rows[2][5], "138****8000");
  }
  const std::string reveals = harness_.TokenOf("li", {"service_supervisor", "finance"});
  const auto file = Export(Request(2), reveals);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->rows[1][5], "13800138000");
  EXPECT_EQ(file->rows[2][5], "138****8000");
}

// PLT-13: the right to export and the permission of the report, before anything is known of it.
TEST_F(ReportExporterTest, TakesTheRightAndThePermissionOfTheReport) {
  const std::string agent = harness_.TokenOf("an", {"service_agent"});
  const absl::Status right = Export(Request(1), agent).status();
  EXPECT_EQ(right.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(right), "RIGHT_MISSING");
  EXPECT_EQ(Metadata(right, "right"), "export");
  auto unknown = Request(1);
  unknown.set_method("no.Such/Method");
  EXPECT_EQ(ErrorReason(Export(unknown, agent).status()), "RIGHT_MISSING");

  const absl::Status permission = Export(Request(1), harness_.TokenOf("fin", {"finance"})).status();
  EXPECT_EQ(ErrorReason(permission), "PERMISSION_MISSING");
  EXPECT_EQ(Metadata(permission, "permission"), "ticket.report");
  EXPECT_EQ(Export(Request(1), "nonsense").status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(stock().page_sizes(), IsEmpty());
}

// CUS-26, PLT-17: who, what, how many rows, what for, from where.
TEST_F(ReportExporterTest, IsRecordedBeforeItIsSent) {
  ASSERT_TRUE(Export(Request(5)).ok());
  const std::vector<crm::event::v1::Event> events = crm::testing::ExportEvents(harness_);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].actor(), "li");
  EXPECT_EQ(events[0].subject(), kStock);
  report::v1::ReportExport record;
  ASSERT_TRUE(events[0].payload().UnpackTo(&record));
  EXPECT_EQ(record.method(), kStock);
  EXPECT_EQ(record.rows(), 5);
  EXPECT_GT(record.bytes(), 0);
  EXPECT_EQ(record.purpose(), "月度盘点");
  EXPECT_EQ(record.sheet(), "lines");
  EXPECT_EQ(record.format(), report::v1::EXPORT_FORMAT_CSV);
  EXPECT_THAT(record.roles(), ElementsAre("service_supervisor"));
  EXPECT_THAT(record.remote(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(record.trace_id().size(), 32u);
  GetStockReportRequest request;
  ASSERT_TRUE(record.request().UnpackTo(&request));
  EXPECT_EQ(request.month(), "2026-03");
}

// PLT-5, PLT-17: a call that is repeated hands the file out once more, and says so.
TEST_F(ReportExporterTest, EachExportHasItsRecord) {
  ASSERT_TRUE(Export(Request(5)).ok());
  ASSERT_TRUE(Export(Request(5)).ok());
  EXPECT_TRUE(
      crm::testing::Eventually([&] { return crm::testing::ExportEvents(harness_).size() == 2; }));
}

// PLT-17: what cannot be recorded does not leave.
TEST_F(ReportExporterTest, WithoutTheRecordNothingIsSent) {
  harness_.database().Run("RENAME TABLE outbox TO outbox_away");
  const auto file = Export(Request(5));
  EXPECT_EQ(ErrorReason(file.status()), "EXPORT_UNRECORDED");
  EXPECT_EQ(file.status().code(), absl::StatusCode::kUnavailable);
  harness_.database().Run("RENAME TABLE outbox_away TO outbox");
  EXPECT_TRUE(Export(Request(5)).ok());
}

// PLT-7: each wrong request by its own reason, with the field to mend.
TEST_F(ReportExporterTest, WrongRequestsAreNamed) {
  using Change = std::function<void(report::v1::ExportReportRequest&)>;
  const auto violations = [&](const Change& change) {
    auto request = Request(1);
    change(request);
    const absl::Status status = Export(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return absl::StrCat(ErrorReason(status), ": ",
                        absl::StrJoin(crm::testing::Violations(status), ", "));
  };
  EXPECT_EQ(violations([](auto& request) { request.clear_purpose(); }),
            "FIELD_INVALID: purpose REQUIRED");
  EXPECT_EQ(violations([](auto& request) { request.clear_format(); }),
            "FIELD_INVALID: format REQUIRED");
  EXPECT_EQ(violations([](auto& request) { request.set_method("a.B/C"); }),
            "METHOD_UNKNOWN: method UNKNOWN");
  EXPECT_EQ(violations([](auto& request) {
              request.set_method("crm.testing.v1.StockReportService/GetStockName");
            }),
            "METHOD_NOT_A_REPORT: method NOT_A_REPORT");
  EXPECT_EQ(violations(
                [](auto& request) { request.mutable_request()->PackFrom(GetStockNameResponse()); }),
            "REQUEST_TYPE_WRONG: request TYPE");
  EXPECT_EQ(violations([](auto& request) { request.mutable_request()->set_value("\xFF\xFF"); }),
            "REQUEST_MALFORMED: request MALFORMED");
  EXPECT_EQ(violations([](auto& request) { request.clear_request(); }),
            "FIELD_INVALID: request.month REQUIRED");
  EXPECT_EQ(violations([](auto& request) { request.set_sheet("nothing"); }),
            "SHEET_UNKNOWN: sheet UNKNOWN");
  for (const char* zone : {"Mars/Olympus", "/etc/localtime", "../UTC", "localtime"}) {
    EXPECT_EQ(violations([&](auto& request) { request.set_time_zone(zone); }),
              "TIME_ZONE_UNKNOWN: time_zone UNKNOWN");
  }
  // The report's own error.
  EXPECT_EQ(violations([](auto& request) {
              GetStockReportRequest stock;
              stock.set_month("2026-12");
              request.mutable_request()->PackFrom(stock);
            }),
            "FIELD_INVALID: request.month IN_FUTURE");
}

// PLT-9: bounds of rows, and of how many are made at once.
TEST_F(ReportExporterTest, BoundsHold) {
  EXPECT_EQ(ErrorReason(Export(Request(1'000'001)).status()), "REPORT_TOO_LARGE");
  EXPECT_EQ(stock().page_sizes().size(), 1001u);

  Notification go_on;
  std::atomic<int> inside{0};
  stock().on_report = [&] {
    ++inside;
    go_on.WaitForNotification();
  };
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i) {
    others.emplace_back([&] { EXPECT_TRUE(Export(Request(1)).ok()); });
  }
  EXPECT_TRUE(crm::testing::Eventually([&] { return inside == 2; }));
  const absl::Status busy = Export(Request(1)).status();
  go_on.Notify();
  for (std::thread& each : others) each.join();
  EXPECT_EQ(busy.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(busy), "EXPORTS_BUSY");
  EXPECT_TRUE(Export(Request(1)).ok());
}

// PLT-30, PLT-4: the caller's language and zone.
TEST_F(ReportExporterTest, SpeaksTheLanguageOfTheCaller) {
  auto request = Request(1, report::v1::EXPORT_FORMAT_XLSX);
  request.set_time_zone("America/New_York");
  const auto file = Export(request, supervisor_, "zh-CN");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->Sheet("说明")[1], (std::vector<std::string>{"报表", "库存报表"}));
  EXPECT_EQ(file->Sheet("lines")[0][6], "盘点时间 (America/New_York)");
  EXPECT_THAT(file->file.name(), HasSubstr("stock_report-20"));
}

// PLT-26
TEST_F(ReportExporterTest, CountsWhatBecameOfThem) {
  ASSERT_TRUE(Export(Request(1)).ok());
  EXPECT_FALSE(Export(Request(1), harness_.TokenOf("an", {"service_agent"})).ok());
  EXPECT_THAT(Counts(), ::testing::ElementsAre(::testing::Pair(Csv("denied"), 1),
                                               ::testing::Pair(Csv("done"), 1)));
}

// PLT-9: who hangs up frees the place, and is not told that all is well.
TEST_F(ReportExporterTest, AClientThatHangsUpIsNoticed) {
  Notification go_on;
  std::atomic<int> inside{0};
  stock().on_report = [&] {
    ++inside;
    go_on.WaitForNotification();
  };
  auto stream = harness_.replica().channel().ServerStream(
      "/crm.report.v1.ReportExportService/ExportReport", Request(2300),
      {.timeout = absl::Seconds(60), .token = supervisor_});
  EXPECT_TRUE(crm::testing::Eventually([&] { return inside == 1; }));
  stream.Cancel();
  go_on.Notify();
  EXPECT_FALSE(stream.Finish().ok());
  EXPECT_TRUE(crm::testing::Eventually([&] { return Counts()[Csv("cut")] == 1; }));
  EXPECT_TRUE(Export(Request(1)).ok());
}

// PLT-4: an RPC that is called or guarded like a report says that it is one.
TEST(LooksLikeReport, ByNameOrPermission) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "crm.testing.v1.StockReportService");
  EXPECT_TRUE(LooksLikeReport(*service->FindMethodByName("GetStockReport")));
  EXPECT_FALSE(LooksLikeReport(*service->FindMethodByName("GetStockName")));
  EXPECT_TRUE(IsReport(*service->FindMethodByName("GetStockReport")));
  EXPECT_FALSE(IsReport(*service->FindMethodByName("GetStockName")));
}

}  // namespace
}  // namespace crm::report_export
