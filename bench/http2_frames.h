// The few frames of HTTP/2 (RFC 9113) and headers (RFC 7541) that the load generator needs.
#ifndef CRM_BENCH_HTTP2_FRAMES_H_
#define CRM_BENCH_HTTP2_FRAMES_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace crm::bench {

inline constexpr size_t kFrameHeader = 9;
// Of gRPC: a flag and the length, before each message.
inline constexpr size_t kMessageHeader = 5;
// Fits into one frame and into the window that a server gives a call at first.
inline constexpr size_t kLargestRequest = 16 << 10;
// What the server may send before it is told to go on, on the connection and in a call.
inline constexpr uint32_t kOwnWindow = (1U << 31) - 1;

struct FrameView {
  uint8_t type;
  uint8_t flags;
  int32_t stream;
  absl::Span<const uint8_t> payload;
};
// Null: it is not complete yet.
std::optional<FrameView> FirstFrame(absl::Span<const uint8_t> bytes);

// What a client says first: answers may be as large as they like.
void AppendPreface(std::string& out);
void AppendSettingsAck(std::string& out);
void AppendPong(absl::Span<const uint8_t> ping, std::string& out);
void AppendWindowUpdate(size_t bytes, std::string& out);
// All that the call sends.
void AppendData(int32_t stream, std::string_view data, std::string& out);

uint32_t WindowIncrement(absl::Span<const uint8_t> payload);

struct ServerLimits {
  size_t max_streams = 100;
  int64_t window = 65'535;  // bytes that may be sent on the connection

  void Take(absl::Span<const uint8_t> settings);
};

// Headers of a POST. Each that was sent once is one byte from then on, as gRPC's client does it;
// the library (nghttp2) never shortens :path, which costs the server as much as the rest.
class HeaderWriter {
 public:
  using Header = std::pair<std::string_view, std::string_view>;
  // Headers without a value are left out.
  void Append(int32_t stream, std::initializer_list<Header> headers, std::string& out);

 private:
  void AppendOne(const Header& header, std::string& block);

  // The entry's number, counted from the first.
  absl::flat_hash_map<std::string, size_t> entries_;
  size_t bytes_ = 0;
  std::string last_headers_;
  std::string last_block_;
  size_t last_entries_ = 0;
};

class HeaderReader {
 public:
  HeaderReader();
  ~HeaderReader();
  HeaderReader(const HeaderReader&) = delete;
  HeaderReader& operator=(const HeaderReader&) = delete;

  bool Read(absl::Span<const uint8_t> block,
            const std::function<void(std::string_view name, absl::string_view value)>& add);

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace crm::bench

#endif  // CRM_BENCH_HTTP2_FRAMES_H_
