#include "tools/crmctl/error_text.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "google/rpc/error_details.pb.h"
#include "tools/crmctl/field_input.h"
#include "tools/crmctl/reflection.h"
#include "tools/crmctl/session.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

template <typename Detail>
std::optional<Detail> DetailOf(const google::rpc::Status& status) {
  Detail detail;
  for (const auto& any : status.details()) {
    if (any.Is<Detail>() && any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

std::string_view Headline(absl::StatusCode code, Language language) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return Say(language, "请求有误", "the request is wrong");
    case absl::StatusCode::kNotFound:
      return Say(language, "未找到", "not found");
    case absl::StatusCode::kAlreadyExists:
      return Say(language, "已存在", "it exists already");
    case absl::StatusCode::kPermissionDenied:
      return Say(language, "没有权限", "not allowed");
    case absl::StatusCode::kUnauthenticated:
      return Say(language, "未登录", "not signed in");
    case absl::StatusCode::kFailedPrecondition:
      return Say(language, "现在不能这样做", "not possible now");
    case absl::StatusCode::kAborted:
      return Say(language, "同时有其他修改", "changed by somebody else meanwhile");
    case absl::StatusCode::kResourceExhausted:
      return Say(language, "服务繁忙", "the service is busy");
    case absl::StatusCode::kUnavailable:
      return Say(language, "服务不可用", "the service cannot be reached");
    case absl::StatusCode::kDeadlineExceeded:
      return Say(language, "超时", "it took too long");
    case absl::StatusCode::kUnimplemented:
      return Say(language, "服务没有这个方法", "the service does not have this method");
    default:
      return Say(language, "失败", "failed");
  }
}

std::string_view NextStep(absl::StatusCode code, Language language, bool has_token) {
  switch (code) {
    case absl::StatusCode::kUnauthenticated:
      return has_token
                 ? Say(language, "令牌无效或已过期：换一个新的（--token、--token-file）",
                       "the token is not valid or has expired: get a new one (--token, "
                       "--token-file)")
                 : Say(language,
                       "没有令牌：用 --token-file、CRM_TOKEN 或 CRM_TOKEN_FILE；本机运行可用 "
                       "`crm-local token DIR --user U --role R`",
                       "no token: give --token-file, CRM_TOKEN or CRM_TOKEN_FILE; for a local run: "
                       "`crm-local token DIR --user U --role R`");
    case absl::StatusCode::kPermissionDenied:
      return Say(language, "查看自己的权限：crmctl permissions preview",
                 "see what you may do: crmctl permissions preview");
    case absl::StatusCode::kNotFound:
      return Say(language, "核对编号；权限范围之外的记录也显示为未找到",
                 "check the number; what is out of your scope is not found either");
    case absl::StatusCode::kAborted:
      return Say(language, "重新读取后再试一次", "read it again and repeat the command");
    case absl::StatusCode::kUnavailable:
      return Say(language, "检查 --address（CRM_ADDRESS）和 --ca，服务是否在运行",
                 "check --address (CRM_ADDRESS) and --ca, and that the service is running");
    case absl::StatusCode::kDeadlineExceeded:
      return Say(language, "用更长的 --timeout 再试", "repeat it with a longer --timeout");
    case absl::StatusCode::kUnimplemented:
      return Say(language, "查看服务的方法：crmctl call --list",
                 "list the methods of the service: crmctl call --list");
    default:
      return "";
  }
}

std::string ViolationLine(const google::rpc::BadRequest::FieldViolation& violation,
                          const Style& style) {
  const std::string& localized = violation.localized_message().message();
  return absl::StrCat("  ", style.Bold(Printable(violation.field())), "  ",
                      Printable(localized.empty() ? violation.description() : localized),
                      violation.reason().empty() ? "" : "  ",
                      style.Dim(Printable(violation.reason())), "\n");
}

std::string Violations(const google::rpc::Status& status, const Style& style) {
  std::string lines;
  if (const auto bad = DetailOf<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad->field_violations()) lines += ViolationLine(violation, style);
  }
  if (const auto failure = DetailOf<google::rpc::PreconditionFailure>(status)) {
    for (const auto& violation : failure->violations()) {
      absl::StrAppend(&lines, "  ", style.Bold(Printable(violation.subject())), "  ",
                      Printable(violation.description()), "\n");
    }
  }
  return lines;
}

std::string Facts(const google::rpc::Status& status, Language language, const Style& style) {
  std::string lines;
  if (const auto resource = DetailOf<google::rpc::ResourceInfo>(status)) {
    if (!resource->resource_name().empty()) {
      absl::StrAppend(&lines, "  ", style.Dim(resource->resource_type()), "  ",
                      Printable(resource->resource_name()), "\n");
    }
  }
  if (const auto info = DetailOf<google::rpc::ErrorInfo>(status)) {
    for (const auto& [key, value] : info->metadata()) {
      absl::StrAppend(&lines, "  ", style.Dim(Printable(key)), "  ", Printable(value), "\n");
    }
  }
  if (const auto retry = DetailOf<google::rpc::RetryInfo>(status)) {
    const double seconds = static_cast<double>(retry->retry_delay().seconds()) +
                           static_cast<double>(retry->retry_delay().nanos()) / 1e9;
    absl::StrAppend(&lines, "  ",
                    absl::StrFormat(language == Language::kChinese
                                        ? absl::ParsedFormat<'f'>("%.1f 秒后再试")
                                        : absl::ParsedFormat<'f'>("try again in %.1f s"),
                                    seconds),
                    "\n");
  }
  return lines;
}

std::string UsageText(const absl::Status& status, Language language, const Style& style) {
  return absl::StrCat(style.Red(Say(language, "用法错误", "usage")), ": ",
                      Printable(ToStd(status.message())), "\n");
}

}  // namespace

std::string ErrorText(const absl::Status& status, Language language, const Style& style,
                      bool has_token) {
  if (ErrorReason(status) == kUsageReason) return UsageText(status, language, style);
  const google::rpc::Status wire = ToRpcStatus(status);
  std::string text = absl::StrCat(
      style.Red(Say(language, "错误", "error")), ": ", ToAbsl(Headline(status.code(), language)),
      " — ", Printable(ToStd(status.message())), "  ",
      style.Dim(absl::StrCat("[", absl::StatusCodeToString(status.code()), " ", ErrorReason(status),
                             "]")),
      "\n", Violations(wire, style), Facts(wire, language, style));
  // A method that is not there is a mistake of another kind than a number that is not there.
  const bool method = ErrorReason(status) == kMethodUnknown;
  const std::string_view next =
      NextStep(method ? absl::StatusCode::kUnimplemented : status.code(), language, has_token);
  if (!next.empty()) absl::StrAppend(&text, style.Yellow("→ "), ToAbsl(next), "\n");
  return text;
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kOk;
  if (ErrorReason(status) == kUsageReason) return kUsage;
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kDenied;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kUnavailable;
    default:
      return kCallFailed;
  }
}

}  // namespace crm::cli
