#include "common/runtime/settings_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"

namespace crm::runtime {
namespace {

absl::Status NotTakenOver(const std::string& what, const absl::Status& why) {
  return Error(absl::StatusCode::kFailedPrecondition, "RELOAD_REFUSED",
               absl::StrCat(what, " not taken over, the old settings stay: ", why.message()));
}

}  // namespace

void SettingsWatch::AddFile(std::string what, std::string path,
                            std::function<absl::Status()> take_over) {
  const absl::StatusOr<std::string> contents = crypto::ReadSmallFile(path);
  files_.push_back({.what = std::move(what),
                    .path = std::move(path),
                    .take_over = std::move(take_over),
                    .contents_hash = contents.ok() ? crypto::Sha256(*contents) : ""});
}

absl::Status SettingsWatch::Look() {
  absl::Status first_error = LookAtOptions();
  for (File& file : files_) {
    absl::Status status = LookAt(file);
    if (first_error.ok()) first_error = std::move(status);
  }
  return first_error;
}

absl::Status SettingsWatch::LookAt(File& file) {
  const absl::StatusOr<std::string> contents = crypto::ReadSmallFile(file.path);
  if (!contents.ok()) return NotTakenOver(file.what, contents.status());
  std::string hash = crypto::Sha256(*contents);
  if (hash == file.contents_hash) return absl::OkStatus();
  if (absl::Status status = file.take_over(); !status.ok()) return NotTakenOver(file.what, status);
  file.contents_hash = std::move(hash);
  log_.Write(log::Level::kInfo, "settings file taken over",
             {{"what", file.what}, {"path", file.path}});
  return absl::OkStatus();
}

absl::Status SettingsWatch::LookAtOptions() {
  if (options_source_ == nullptr) return absl::OkStatus();
  const absl::StatusOr<config::ServiceOptions> options = options_source_();
  if (!options.ok()) return NotTakenOver("configuration", options.status());
  const log::Level level = log::ParseLevel(options->log_level).value_or(log_.level());
  if (level == log_.level()) return absl::OkStatus();
  log_.SetLevel(level);
  log_.Write(log::Level::kWarning, "log level changed", {{"log_level", log::LevelName(level)}});
  return absl::OkStatus();
}

job::JobBody SettingsWatch::Job() {
  return [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Look());
    return absl::InfiniteFuture();
  };
}

}  // namespace crm::runtime
