#include "bench/http2_frames.h"

#include <vector>

#include "gtest/gtest.h"

namespace crm::bench {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

absl::Span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Reads what a writer wrote as a server's library does.
class HttpFramesTest : public ::testing::Test {
 protected:
  Headers Send(std::initializer_list<HeaderWriter::Header> headers) {
    std::string out;
    writer_.Append(1, headers, out);
    const auto frame = FirstFrame(Bytes(out));
    EXPECT_TRUE(frame.has_value());
    EXPECT_EQ(frame->type, NGHTTP2_HEADERS);
    block_bytes_ = frame->payload.size();
    Headers read;
    EXPECT_TRUE(reader_.Read(frame->payload, [&](std::string_view name, absl::string_view value) {
      read.emplace_back(name, value);
    }));
    return read;
  }

  HeaderWriter writer_;
  HeaderReader reader_;
  size_t block_bytes_ = 0;
};

TEST_F(HttpFramesTest, HeadersArriveAsTheyWereSentAndCostAByteFromTheSecondTimeOn) {
  const Headers expected = {{":method", "POST"},
                            {":scheme", "http"},
                            {":path", "/a.B/C"},
                            {"authorization", std::string(700, 't')}};
  const std::string token(700, 't');
  EXPECT_EQ(Send({{":path", "/a.B/C"}, {"authorization", token}}), expected);
  EXPECT_EQ(Send({{":path", "/a.B/C"}, {"authorization", token}}), expected);
  EXPECT_EQ(block_bytes_, expected.size());
  EXPECT_EQ(Send({{":path", "/a.B/C"}, {"authorization", token}}), expected);
}

TEST_F(HttpFramesTest, EarlierHeadersKeepTheirMeaningWhenNewOnesCome) {
  for (const int round : {1, 2}) {
    SCOPED_TRACE(round);
    EXPECT_EQ(Send({{":path", "/a"}, {"x", "1"}}).back().second, "1");
    EXPECT_EQ(Send({{":path", "/b"}, {"x", "1"}})[2].second, "/b");
    EXPECT_EQ(Send({{":path", "/a"}, {"x", "2"}}).back().second, "2");
  }
}

TEST_F(HttpFramesTest, WhatTheTableDoesNotHoldIsSentInFull) {
  const std::string large(5000, 'v');
  for (const int round : {1, 2}) {
    SCOPED_TRACE(round);
    EXPECT_EQ(Send({{"large", large}, {"small", "1"}})[2].second, large);
  }
}

TEST_F(HttpFramesTest, AFrameIsTakenWhenItIsComplete) {
  std::string out;
  AppendData(5, "hello", out);
  AppendSettingsAck(out);
  EXPECT_FALSE(FirstFrame(Bytes(out.substr(0, kFrameHeader + 4))).has_value());
  const auto frame = FirstFrame(Bytes(out));
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->stream, 5);
  EXPECT_EQ(frame->flags, NGHTTP2_FLAG_END_STREAM);
  EXPECT_EQ(frame->payload.size(), 5u);
}

TEST_F(HttpFramesTest, TheServersLimitsAreTaken) {
  ServerLimits limits;
  limits.Take(Bytes(std::string("\0\4\0\0\0\1\0\3\0\0\3\xE8", 12)));
  EXPECT_EQ(limits.max_streams, 1000u);
}

}  // namespace
}  // namespace crm::bench
