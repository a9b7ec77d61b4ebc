#include "common/server/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crm::server {
namespace {

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// PLT-27
TEST(TraceContextTest, TakesOverTheCallersTrace) {
  const TraceContext trace = ContinueTrace(kParent);
  EXPECT_EQ(trace.trace_id, kTraceId);
  EXPECT_THAT(trace.traceparent,
              testing::MatchesRegex(std::string("00-") + kTraceId + "-[0-9a-f]{16}-01"));
  EXPECT_NE(trace.traceparent, kParent) << "the span is ours";
}

TEST(TraceContextTest, LaterVersionsMayHaveMoreFields) {
  EXPECT_EQ(ContinueTrace("01" + std::string(kParent + 2) + "-more").trace_id, kTraceId);
}

TEST(TraceContextTest, StartsATraceWhenTheHeaderIsBad) {
  const std::string good = kParent;
  for (const std::string& bad : std::vector<std::string>{
           "", "garbage", good + "x", good + "-more", "ff" + good.substr(2),
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", good.substr(0, 54),
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    const TraceContext trace = ContinueTrace(bad);
    EXPECT_NE(trace.trace_id, kTraceId) << bad;
    EXPECT_THAT(trace.traceparent, testing::MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00")) << bad;
  }
  EXPECT_NE(ContinueTrace("").trace_id, ContinueTrace("").trace_id);
}

}  // namespace
}  // namespace crm::server
