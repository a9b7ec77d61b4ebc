// Holds the engine to docs/sla-truth-table.md, the published table: reads it and checks each line.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/source_tree/source_tree.h"
#include "services/ticket/sla/evaluate.h"
#include "services/ticket/sla/test_history.h"

namespace crm::ticket::sla {
namespace {

constexpr char kFile[] = "docs/sla-truth-table.md";
constexpr char kUnanswered[] = "Nobody has answered yet";
constexpr char kAnswered[] = "Answered, and the customer has written again";
constexpr char kJudgement[] = "In time or late";
constexpr char kNone[] = "–";

const std::map<std::string, Status>& Statuses() {
  static const auto* const statuses =
      new std::map<std::string, Status>{{"unassigned", Status::kUnassigned},
                                        {"in progress", Status::kInProgress},
                                        {"waiting for customer", Status::kWaitingForCustomer},
                                        {"to be confirmed", Status::kToBeConfirmed},
                                        {"done", Status::kDone},
                                        {"closed", Status::kClosed}};
  return *statuses;
}

const std::map<std::string, EventKind>& Events() {
  static const auto* const events =
      new std::map<std::string, EventKind>{{"assigned", EventKind::kAssigned},
                                           {"agent answers", EventKind::kAgentReplied},
                                           {"customer writes", EventKind::kCustomerReplied},
                                           {"arrived on site", EventKind::kArrivedOnSite},
                                           {"merged", EventKind::kMerged},
                                           {"unmerged", EventKind::kUnmerged},
                                           {"split", EventKind::kSplit}};
  return *events;
}

struct Line {
  std::string part;     // heading of the second level
  std::string section;  // of the third level
  std::vector<std::string> cells;
};

// The lines of all tables but their heads.
std::vector<Line> ReadTables() {
  std::ifstream file(crm::testing::SourceFile(kFile));
  std::vector<Line> lines;
  std::string part;
  std::string section;
  bool in_body = false;
  for (std::string text; std::getline(file, text);) {
    if (absl::StartsWith(text, "## ")) {
      part = text.substr(3);
      section.clear();
    } else if (absl::StartsWith(text, "### ")) {
      section = text.substr(4);
    }
    if (!absl::StartsWith(text, "|")) {
      in_body = false;
    } else if (absl::StartsWith(text, "|---")) {
      in_body = true;
    } else if (in_body) {
      std::vector<std::string> cells =
          absl::StrSplit(absl::StripSuffix(absl::StripPrefix(text, "|"), "|"), absl::ByChar('|'));
      for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
      lines.push_back({part, section, cells});
    }
  }
  return lines;
}

std::vector<Line> LinesOf(const std::string& part) {
  std::vector<Line> lines = ReadTables();
  std::erase_if(lines, [&](const Line& line) { return line.part != part; });
  return lines;
}

absl::Time Hour(int hour) { return At("2026-03-02 00:00") + absl::Hours(hour); }

Policy TablePolicy() {
  Policy policy = PolicyOf(absl::Hours(100), AlwaysOpen());
  policy.rule(Clock::kFirstResponse).paused_in = {};
  return policy;
}

// The timetable that the file describes.
TestHistory HistoryOf(const Line& line, const Policy& policy) {
  TestHistory history(Hour(0), policy);
  if (line.part == kAnswered) {
    history.Happened(Hour(1), EventKind::kAgentReplied);
    history.Happened(Hour(2), EventKind::kCustomerReplied);
  }
  if (line.section == "merged") {
    history.MovedTo(Hour(3), Status::kInProgress).Happened(Hour(3), EventKind::kMerged);
  } else {
    history.MovedTo(Hour(3), Statuses().at(line.section));
  }
  const std::string& event = line.cells[0];
  if (event == "nothing happens") return history;
  if (event == "policy applied again") return history.PolicyApplied(Hour(4), policy);
  if (absl::StartsWith(event, "moved to ")) {
    return history.MovedTo(Hour(4), Statuses().at(event.substr(9)));
  }
  return history.Happened(Hour(4), Events().at(event));
}

std::string ReasonOf(const Reading& reading) {
  switch (reading.pause) {
    case Pause::kStatus:
      return "status";
    case Pause::kDone:
      return "done";
    case Pause::kMerged:
      return "merged";
    case Pause::kNoTarget:
      return "no target";
    case Pause::kNone:
      break;
  }
  return "";
}

// As a cell says it.
std::string Describe(const Reading& reading) {
  const std::string hours = absl::StrCat(absl::ToDoubleHours(reading.elapsed), " h");
  switch (reading.state) {
    case State::kInactive:
      return kNone;
    case State::kRunning:
      return "running " + hours;
    case State::kPaused:
      return absl::StrCat("paused ", hours, " (", ReasonOf(reading), ")");
    case State::kMet:
      return "met " + hours;
    case State::kBreached:
      return "breached";
  }
  return "";
}

void CheckPart(const std::string& part) {
  const Policy policy = TablePolicy();
  for (const Line& line : LinesOf(part)) {
    SCOPED_TRACE(absl::StrCat(part, ", ", line.section, ", ", line.cells[0]));
    ASSERT_EQ(line.cells.size(), 1 + kClocks.size());
    const Evaluation evaluation = HistoryOf(line, policy).Read(Hour(5));
    for (size_t i = 0; i < kClocks.size(); ++i) {
      EXPECT_EQ(Describe(evaluation[kClocks[i]]), line.cells[1 + i]) << "column " << i + 1;
    }
  }
}

TEST(SlaTruthTable, EveryLineUnanswered) {  // TIC-6
  CheckPart(kUnanswered);
}

TEST(SlaTruthTable, EveryLineAnswered) {  // TIC-6
  CheckPart(kAnswered);
}

// The section's own status is no move.
std::set<std::string> WantedEvents(const std::string& section) {
  std::set<std::string> wanted = {"nothing happens", "policy applied again"};
  for (const auto& [name, kind] : Events()) wanted.insert(name);
  const std::string own = section == "merged" ? "in progress" : section;
  for (const auto& [name, status] : Statuses()) {
    if (name != own) wanted.insert("moved to " + name);
  }
  return wanted;
}

TEST(SlaTruthTable, TheFileIsComplete) {  // TIC-6
  std::set<std::string> sections = {"merged"};
  for (const auto& [name, status] : Statuses()) sections.insert(name);
  for (const char* part : {kUnanswered, kAnswered}) {
    std::map<std::string, std::set<std::string>> found;
    for (const Line& line : LinesOf(part)) {
      EXPECT_TRUE(found[line.section].insert(line.cells[0]).second)
          << line.section << ": twice " << line.cells[0];
    }
    EXPECT_EQ(found.size(), sections.size());
    for (const std::string& section : sections) {
      EXPECT_EQ(found[section], WantedEvents(section)) << part << ", " << section;
    }
  }
}

absl::Duration ParseSpan(const std::string& text) {
  absl::Duration span;
  EXPECT_TRUE(absl::ParseDuration(text, &span)) << text;
  return span;
}

TEST(SlaTruthTable, InTimeOrLate) {  // TIC-6
  const std::map<std::string, State> states = {
      {"running", State::kRunning}, {"met", State::kMet}, {"breached", State::kBreached}};
  const std::vector<Line> lines = LinesOf(kJudgement);
  EXPECT_GE(lines.size(), 10u);
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  for (const Line& line : lines) {
    ASSERT_EQ(line.cells.size(), 4u);
    SCOPED_TRACE(absl::StrCat("ends ", line.cells[0], ", read ", line.cells[1]));
    TestHistory history(Hour(0), policy);
    if (line.cells[0] != kNone) {
      history.MovedTo(Hour(0) + ParseSpan(line.cells[0]), Status::kDone);
    }
    const Evaluation evaluation = history.Read(Hour(0) + ParseSpan(line.cells[1]));
    const Reading& reading = evaluation[Clock::kResolution];
    EXPECT_EQ(reading.state, states.at(line.cells[2]));
    EXPECT_EQ(reading.breached_at.has_value(), line.cells[3] != kNone);
    if (reading.breached_at.has_value()) {
      EXPECT_EQ(*reading.breached_at, Hour(0) + ParseSpan(line.cells[3]));
    }
  }
}

}  // namespace
}  // namespace crm::ticket::sla
