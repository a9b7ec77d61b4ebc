#include "common/testing/report_export.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "common/report_export/report.h"
#include "common/schema/message_schema.h"
#include "common/tabular/table.h"
#include "common/testing/expectations.h"
#include "google/protobuf/descriptor_database.h"

namespace crm::testing {
namespace {

namespace pb = google::protobuf;
using Rows = std::vector<std::vector<std::string>>;

constexpr char kExport[] = "/crm.report.v1.ReportExportService/ExportReport";

// The reader wants a file.
template <typename Use>
auto WithFile(const std::string& bytes, const Use& use) {
  std::string path = (std::filesystem::temp_directory_path() / "crm-exported-XXXXXX").string();
  const int fd = mkstemp(path.data());
  if (fd >= 0) close(fd);
  const absl::Cleanup remove = [&] { std::filesystem::remove(path); };
  std::ofstream(path, std::ios::binary) << bytes;
  return use(path);
}

absl::StatusOr<Rows> ReadRows(const std::string& path, const std::string& sheet) {
  tabular::ReadOptions options;
  options.sheet = sheet;
  CRM_ASSIGN_OR_RETURN(const auto reader, tabular::OpenTable(path, options));
  Rows rows;
  tabular::Row row;
  for (;;) {
    CRM_ASSIGN_OR_RETURN(const bool more, reader->Next(row));
    if (!more) return rows;
    rows.push_back(row.Copy());
  }
}

std::vector<std::string> MethodsOf(const std::string& package,
                                   const std::function<bool(const pb::MethodDescriptor&)>& wanted) {
  std::vector<std::string> names;
  std::vector<std::string> files;
  pb::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  for (const std::string& name : files) {
    const pb::FileDescriptor* file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; file->package() == package && i < file->service_count(); ++i) {
      const pb::ServiceDescriptor& service = *file->service(i);
      for (int k = 0; k < service.method_count(); ++k) {
        if (!wanted(*service.method(k))) continue;
        names.push_back(absl::StrCat(service.full_name(), "/", service.method(k)->name()));
      }
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<pb::Message> RequestOf(const std::string& method) {
  const pb::MethodDescriptor* found = pb::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrReplaceAll(method, {{"/", "."}}));
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(found->input_type())->New());
}

// Required texts by the name of their field.
void FillRequired(pb::Message& message, const std::map<std::string, std::string>& values) {
  for (const schema::FieldSchema& field :
       schema::MessageSchema::Of(message.GetDescriptor()).fields()) {
    if (!field.options->required()) continue;
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.message != nullptr) {
      FillRequired(*reflection.MutableMessage(&message, field.descriptor), values);
    } else if (const auto value = values.find(field.name); value != values.end()) {
      reflection.SetString(&message, field.descriptor, value->second);
    }
  }
}

}  // namespace

Rows Exported::Sheet(const std::string& name) const {
  const bool is_csv = file.content_type().rfind("text/csv", 0) == 0;
  return WithFile(bytes, [&](const std::string& path) {
    absl::StatusOr<Rows> read = ReadRows(path, is_csv ? "" : name);
    return read.ok() ? *std::move(read) : Rows{{std::string(read.status().message())}};
  });
}

std::vector<std::string> Exported::SheetNames() const {
  return WithFile(bytes, [](const std::string& path) {
    const auto reader = tabular::OpenTable(path, {});
    return reader.ok() ? (*reader)->info().sheets : std::vector<std::string>();
  });
}

absl::StatusOr<Exported> ExportReport(Replica& replica, const std::string& token,
                                      const crm::report::v1::ExportReportRequest& request,
                                      const std::string& language) {
  client::CallOptions options;
  options.token = token;
  options.accept_language = language;
  options.timeout = absl::Seconds(60);
  auto stream = replica.channel().ServerStream(kExport, request, options);
  Exported exported;
  crm::report::v1::ExportReportResponse message;
  while (stream.Next(message)) {
    if (message.has_file()) exported.file = message.file();
    exported.bytes += message.data();
  }
  if (absl::Status status = stream.Finish(); !status.ok()) return status;
  CRM_ASSIGN_OR_RETURN(exported.rows, WithFile(exported.bytes, [](const std::string& path) {
                         return ReadRows(path, "");
                       }));
  return exported;
}

std::vector<crm::event::v1::Event> ExportEvents(ServiceHarness& harness) {
  crm::event::v1::StreamEventsRequest request;
  request.set_stop_at_end(true);
  request.add_types("report.exported");
  std::vector<crm::event::v1::Event> events;
  Eventually([&] {
    auto stream = harness.replica().channel().ServerStream(
        "/crm.event.v1.EventService/StreamEvents", request,
        {.timeout = absl::Seconds(20), .token = harness.TokenOfService("warehouse")});
    crm::event::v1::StreamEventsResponse response;
    events.clear();
    while (stream.Next(response)) {
      events.insert(events.end(), response.events().begin(), response.events().end());
    }
    return stream.Finish().ok() && !events.empty();
  });
  return events;
}

crm::report::v1::ExportReportRequest ExportRequest(
    const std::string& method, const std::map<std::string, std::string>& values) {
  const std::unique_ptr<pb::Message> request = RequestOf(method);
  FillRequired(*request, values);
  crm::report::v1::ExportReportRequest wanted;
  wanted.set_method(method);
  wanted.mutable_request()->PackFrom(*request);
  wanted.set_format(crm::report::v1::EXPORT_FORMAT_XLSX);
  wanted.set_purpose("测试");
  return wanted;
}

crm::report::v1::ExportReportRequest ExportRequest(const std::string& method,
                                                   const pb::Message& request) {
  crm::report::v1::ExportReportRequest wanted = ExportRequest(method);
  wanted.mutable_request()->PackFrom(request);
  return wanted;
}

std::vector<std::string> ReportsOf(const std::string& package) {
  return MethodsOf(package, report_export::IsReport);
}

std::vector<std::string> UndeclaredReportsOf(const std::string& package) {
  return MethodsOf(package, [](const pb::MethodDescriptor& method) {
    return report_export::LooksLikeReport(method) && !report_export::IsReport(method);
  });
}

}  // namespace crm::testing
