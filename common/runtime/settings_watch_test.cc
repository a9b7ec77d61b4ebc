#include "common/runtime/settings_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"

namespace crm::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SettingsWatchTest : public ::testing::Test {
 protected:
  SettingsWatchTest() { Write("one"); }
  ~SettingsWatchTest() override { std::filesystem::remove(path_); }

  void Write(const std::string& text) const { std::ofstream(path_) << text; }
  void Watch() {
    watch_.AddFile("roles-file", path_, [this] {
      ++calls_;
      return outcome_;
    });
  }

  const std::string path_ =
      std::filesystem::temp_directory_path() / absl::StrCat("crm-settings-watch-", getpid());
  std::ostringstream text_;
  log::Logger log_{{.service = "crm-test", .out = &text_}};
  SettingsWatch watch_{log_};
  absl::Status outcome_;
  int calls_ = 0;
};

// PLT-13: by contents: writing the same again is no change.
TEST_F(SettingsWatchTest, ChangedContentsAreTakenOverOnce) {
  Watch();
  EXPECT_TRUE(watch_.Look().ok());
  Write("one");
  EXPECT_TRUE(watch_.Look().ok());
  EXPECT_EQ(calls_, 0);
  Write("two");
  EXPECT_TRUE(watch_.Look().ok());
  EXPECT_TRUE(watch_.Look().ok());
  EXPECT_EQ(calls_, 1);
  log_.Flush();
  EXPECT_THAT(text_.str(), HasSubstr("settings file taken over"));
}

// PLT-25: what cannot be taken over is named, and tried again.
TEST_F(SettingsWatchTest, BrokenContentsAreNamedAndTriedAgain) {
  Watch();
  outcome_ = absl::InvalidArgumentError("line 1: not JSON");
  Write("two");
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = watch_.Look();
    EXPECT_EQ(ErrorReason(status), "RELOAD_REFUSED");
    EXPECT_THAT(std::string(status.message()), HasSubstr("roles-file not taken over"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 1: not JSON"));
  }
  EXPECT_EQ(calls_, 2);
  outcome_ = absl::OkStatus();
  EXPECT_TRUE(watch_.Look().ok());
  std::filesystem::remove(path_);
  EXPECT_THAT(std::string(watch_.Look().message()), HasSubstr("roles-file"));
}

// PLT-27: only the level changes, and a configuration that cannot be read changes nothing.
TEST_F(SettingsWatchTest, LogLevelFollowsTheConfiguration) {
  absl::StatusOr<config::ServiceOptions> options = config::ServiceOptions();
  watch_.SetOptionsSource([&] { return options; });
  options->log_level = "debug";
  EXPECT_TRUE(watch_.Look().ok());
  EXPECT_EQ(log_.level(), log::Level::kDebug);
  options = absl::InvalidArgumentError("log-level: must be one of …");
  EXPECT_THAT(std::string(watch_.Look().message()), HasSubstr("log-level"));
  EXPECT_EQ(log_.level(), log::Level::kDebug);
}

// PLT-13: one broken file keeps no other from being taken over.
TEST_F(SettingsWatchTest, FilesAreIndependent) {
  watch_.AddFile("key-file", path_ + ".absent", [] { return absl::OkStatus(); });
  Watch();
  Write("two");
  const absl::Status status = watch_.Look();
  EXPECT_THAT(std::string(status.message()), HasSubstr("key-file"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("roles-file")));
  EXPECT_EQ(calls_, 1);
}

}  // namespace
}  // namespace crm::runtime
