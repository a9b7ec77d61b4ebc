#include "common/report_export/report.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "crm/options/v1/options.pb.h"
#include "crm/options/v1/report.pb.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;

std::string NameOf(const pb::MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

absl::Status NotUnary(const pb::MethodDescriptor& method) {
  return Error(absl::StatusCode::kFailedPrecondition, "METHODS_INVALID",
               absl::StrCat(method.full_name(), " is a report and has to be a unary RPC"));
}

// One part of a name is enough, wherever it stands.
constexpr const char* kReportWords[] = {"Report",      "Funnel",   "Forecast",  "WinLoss",
                                        "Attainment",  "FillRate", "Statistic", "Bottleneck",
                                        "Calibration", "Figures",  "Trend",     "Ranking"};

bool ReadsByName(const std::string& name) {
  return absl::StartsWith(name, "Get") || absl::StartsWith(name, "List") ||
         absl::StartsWith(name, "Forecast") || absl::StartsWith(name, "Report");
}

// `salesreport.read`, `ticket.report`: the noun or the verb.
bool IsReportPermission(const std::string& permission) {
  const std::vector<std::string> parts = absl::StrSplit(permission, '.');
  return absl::EndsWith(parts.front(), "report") || parts.back() == "report";
}

}  // namespace

std::string Report::Label(schema::Language language) const {
  const auto& label = method->options().GetExtension(options::v1::report).label();
  const std::string& text = language == schema::Language::kChinese ? label.zh() : label.en();
  return text.empty() ? method->name() : text;
}

absl::StatusOr<ReportCatalog> ReportCatalog::Of(absl::Span<const server::MethodTable> tables) {
  ReportCatalog catalog;
  for (const server::MethodTable& table : tables) {
    for (const auto& [name, entry] : table.entries()) {
      const pb::MethodDescriptor* method = table.service()->FindMethodByName(name);
      if (method == nullptr || !IsReport(*method)) continue;
      if (entry.unary == nullptr) return NotUnary(*method);
      catalog.reports_.emplace(NameOf(*method),
                               Report{method, NameOf(*method), table.PermissionOf(*method), entry});
    }
  }
  return catalog;
}

const Report* ReportCatalog::Find(std::string_view name) const {
  const auto found = reports_.find(name);
  return found == reports_.end() ? nullptr : &found->second;
}

absl::Status ReportCatalog::WhyNot(std::string_view name) const {
  const std::string dotted = absl::StrReplaceAll(ToAbsl(name), {{"/", "."}});
  const bool exists = pb::DescriptorPool::generated_pool()->FindMethodByName(dotted) != nullptr;
  const std::string known = absl::StrJoin(
      reports_, ", ", [](std::string* out, const auto& each) { out->append(each.first); });
  return Error(absl::StatusCode::kInvalidArgument,
               exists ? "METHOD_NOT_A_REPORT" : "METHOD_UNKNOWN",
               exists ? "the method is not a report of this server"
                      : "there is no such method; a report is named `package.Service/Method`")
      .Meta("reports", known)
      .Field("method", exists ? "NOT_A_REPORT" : "UNKNOWN", absl::StrCat("one of ", known));
}

bool IsReport(const pb::MethodDescriptor& method) {
  return method.options().HasExtension(options::v1::report);
}

bool LooksLikeReport(const pb::MethodDescriptor& method) {
  if (method.client_streaming() || method.server_streaming()) return false;
  if (IsReportPermission(method.options().GetExtension(options::v1::method).permission())) {
    return true;
  }
  if (!ReadsByName(method.name())) return false;
  for (const char* word : kReportWords) {
    if (absl::StrContains(method.name(), word)) return true;
  }
  return false;
}

}  // namespace crm::report_export
