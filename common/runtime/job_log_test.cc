#include "common/runtime/job_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace crm::runtime {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Runs : public job::JobObserver {
 public:
  void OnRun(std::string_view, absl::Duration, const absl::Status&) override { ++count; }
  int count = 0;
};

// PLT-27: a job that goes on failing does not fill the log; the metrics hear of every run.
TEST(JobLog, TellsEachKindOfFailureAndTheEndOfIt) {
  std::ostringstream text;
  log::Logger log({.service = "crm-test", .out = &text});
  Runs runs;
  JobLog job_log(log, runs);
  const auto run = [&](std::string_view job, const absl::Status& status) {
    job_log.OnRun(job, absl::Seconds(1), status);
  };
  run("purge", absl::OkStatus());
  for (int i = 0; i < 5; ++i) run("purge", absl::UnavailableError("database away"));
  run("relay", absl::UnavailableError("database away"));
  run("purge", absl::InternalError("table is gone"));
  run("purge", absl::OkStatus());
  run("purge", absl::OkStatus());
  log.Flush();

  EXPECT_EQ(runs.count, 10);
  const std::vector<std::string> lines = absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr(R"("message":"job failed","job":"purge")"),
                                       HasSubstr("database away")),
                                 HasSubstr(R"("message":"job failed","job":"relay")"),
                                 HasSubstr("table is gone"),
                                 HasSubstr(R"("message":"job works again","job":"purge")")));
}

}  // namespace
}  // namespace crm::runtime
