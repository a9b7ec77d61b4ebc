#include "bench/http2_frames.h"

namespace crm::bench {
namespace {

constexpr std::string_view kConnectionPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint32_t kWindowAtFirst = 65'535;
// Bytes of headers that a peer remembers unless it says otherwise, each with this much more.
constexpr size_t kTableBytes = 4096;
constexpr size_t kEntryOverhead = 32;
constexpr size_t kStaticEntries = 61;
// In the static table.
constexpr char kPostAndHttp[] = {static_cast<char>(0x83), static_cast<char>(0x86)};
// How a header is written: its first bits, and how many bits are left for a number.
constexpr uint8_t kIndexed = 0x80;
constexpr uint8_t kIndexedBits = 7;
constexpr uint8_t kNewEntry = 0x40;
constexpr uint8_t kNotIndexed = 0x00;
constexpr uint8_t kLengthBits = 7;

uint32_t ReadNumber(const uint8_t* bytes, size_t count) {
  uint32_t number = 0;
  for (size_t i = 0; i < count; ++i) number = number << 8 | bytes[i];
  return number;
}

void AppendNumber(uint32_t number, size_t count, std::string& out) {
  for (size_t i = count; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i)));
}

void AppendFrameHeader(size_t size, uint8_t type, uint8_t flags, int32_t stream, std::string& out) {
  AppendNumber(static_cast<uint32_t>(size), 3, out);
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  AppendNumber(static_cast<uint32_t>(stream), 4, out);
}

void AppendSetting(uint16_t key, uint32_t value, std::string& out) {
  AppendNumber(key, 2, out);
  AppendNumber(value, 4, out);
}

// RFC 7541, 5.1.
void AppendPrefixed(uint8_t first_bits, uint8_t bits, size_t number, std::string& out) {
  const size_t most = (1U << bits) - 1;
  if (number < most) {
    out.push_back(static_cast<char>(first_bits | number));
    return;
  }
  out.push_back(static_cast<char>(first_bits | most));
  for (number -= most; number >= 128; number /= 128) {
    out.push_back(static_cast<char>(number % 128 + 128));
  }
  out.push_back(static_cast<char>(number));
}

void AppendText(std::string_view text, std::string& out) {
  AppendPrefixed(0, kLengthBits, text.size(), out);
  out.append(text);
}

}  // namespace

std::optional<FrameView> FirstFrame(absl::Span<const uint8_t> bytes) {
  if (bytes.size() < kFrameHeader) return std::nullopt;
  const size_t size = ReadNumber(bytes.data(), 3);
  if (bytes.size() < kFrameHeader + size) return std::nullopt;
  return FrameView{bytes[3], bytes[4],
                   static_cast<int32_t>(ReadNumber(bytes.data() + 5, 4) & kOwnWindow),
                   bytes.subspan(kFrameHeader, size)};
}

void AppendPreface(std::string& out) {
  out.append(kConnectionPreface);
  constexpr size_t kSetting = 6;
  AppendFrameHeader(2 * kSetting, NGHTTP2_SETTINGS, NGHTTP2_FLAG_NONE, 0, out);
  AppendSetting(NGHTTP2_SETTINGS_ENABLE_PUSH, 0, out);
  AppendSetting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kOwnWindow, out);
  AppendWindowUpdate(kOwnWindow - kWindowAtFirst, out);
}

void AppendSettingsAck(std::string& out) {
  AppendFrameHeader(0, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, out);
}

void AppendPong(absl::Span<const uint8_t> ping, std::string& out) {
  AppendFrameHeader(ping.size(), NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, out);
  out.append(reinterpret_cast<const char*>(ping.data()), ping.size());
}

void AppendWindowUpdate(size_t bytes, std::string& out) {
  AppendFrameHeader(4, NGHTTP2_WINDOW_UPDATE, NGHTTP2_FLAG_NONE, 0, out);
  AppendNumber(static_cast<uint32_t>(bytes), 4, out);
}

void AppendData(int32_t stream, std::string_view data, std::string& out) {
  AppendFrameHeader(data.size(), NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, stream, out);
  out.append(data);
}

uint32_t WindowIncrement(absl::Span<const uint8_t> payload) {
  return payload.size() < 4 ? 0 : ReadNumber(payload.data(), 4) & kOwnWindow;
}

void ServerLimits::Take(absl::Span<const uint8_t> settings) {
  for (; settings.size() >= 6; settings.remove_prefix(6)) {
    if (ReadNumber(settings.data(), 2) == NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) {
      max_streams = ReadNumber(settings.data() + 2, 4);
    }
  }
}

void HeaderWriter::Append(int32_t stream, std::initializer_list<Header> headers, std::string& out) {
  std::string key;
  for (const Header& header : headers) key.append(header.second).push_back('\n');
  // Numbers of entries are counted from the newest.
  if (key != last_headers_ || last_entries_ != entries_.size()) {
    last_entries_ = entries_.size();
    last_block_.assign(kPostAndHttp, sizeof(kPostAndHttp));
    for (const Header& header : headers) AppendOne(header, last_block_);
    last_headers_ = std::move(key);
  }
  AppendFrameHeader(last_block_.size(), NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream, out);
  out.append(last_block_);
}

void HeaderWriter::AppendOne(const Header& header, std::string& block) {
  const auto& [name, value] = header;
  if (value.empty()) return;
  const std::string key = std::string(name).append(":").append(value);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    return AppendPrefixed(kIndexed, kIndexedBits, kStaticEntries + entries_.size() - found->second,
                          block);
  }
  const size_t size = name.size() + value.size() + kEntryOverhead;
  const bool fits = bytes_ + size <= kTableBytes;
  block.push_back(static_cast<char>(fits ? kNewEntry : kNotIndexed));
  AppendText(name, block);
  AppendText(value, block);
  if (!fits) return;
  bytes_ += size;
  entries_.emplace(key, entries_.size());
}

HeaderReader::HeaderReader() { nghttp2_hd_inflate_new(&inflater_); }
HeaderReader::~HeaderReader() { nghttp2_hd_inflate_del(inflater_); }

bool HeaderReader::Read(
    absl::Span<const uint8_t> block,
    const std::function<void(std::string_view name, absl::string_view value)>& add) {
  while (true) {
    nghttp2_nv header;
    int flags = 0;
    const ssize_t used =
        nghttp2_hd_inflate_hd2(inflater_, &header, &flags, block.data(), block.size(), 1);
    if (used < 0) return false;
    block.remove_prefix(static_cast<size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      add({reinterpret_cast<const char*>(header.name), header.namelen},
          {reinterpret_cast<const char*>(header.value), header.valuelen});
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_);
      return true;
    }
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && block.empty()) return true;
  }
}

}  // namespace crm::bench
