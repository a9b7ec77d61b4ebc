// Takes over what may change while a service runs: files (roles, keys) by their contents, so that
// the way they are replaced does not matter, and the log level (PLT-13, PLT-15, PLT-27).
//
//   SettingsWatch watch(log);
//   watch.AddFile("roles", path, [&] { return policy.Reload(path); });
//   watch.SetOptionsSource(read_the_command_line_again);
//   PeriodicJob& job = jobs.Add({.name = "reload-settings", …}, watch.Job());
#ifndef CRM_COMMON_RUNTIME_SETTINGS_WATCH_H_
#define CRM_COMMON_RUNTIME_SETTINGS_WATCH_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/config/service_options.h"
#include "common/job/periodic.h"
#include "common/log/logger.h"

namespace crm::runtime {

// Gives the settings as a start would read them now.
using OptionsSource = std::function<absl::StatusOr<config::ServiceOptions>()>;

// All calls of one thread at a time.
class SettingsWatch {
 public:
  // `log` outlives it.
  explicit SettingsWatch(log::Logger& log) : log_(log) {}

  // `take_over` is called when the contents have changed since this call; if it fails, the old
  // contents stay in force and it is called again at the next look.
  void AddFile(std::string what, std::string path, std::function<absl::Status()> take_over);
  void SetOptionsSource(OptionsSource source) { options_source_ = std::move(source); }

  // Looks at everything; an error names what was not taken over, and the rest still was.
  absl::Status Look();
  job::JobBody Job();

 private:
  struct File {
    std::string what;
    std::string path;
    std::function<absl::Status()> take_over;
    std::string contents_hash;  // of what is in force
  };

  absl::Status LookAt(File& file);
  absl::Status LookAtOptions();

  log::Logger& log_;
  std::vector<File> files_;
  OptionsSource options_source_;
};

}  // namespace crm::runtime

#endif  // CRM_COMMON_RUNTIME_SETTINGS_WATCH_H_
