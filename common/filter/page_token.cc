#include "common/filter/page_token.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/crypto/digest.h"
#include "common/filter/request_error.h"

namespace crm::filter {
namespace {

constexpr char kVersion = 1;
constexpr size_t kMaxTokenLength = 16'384;
constexpr size_t kNumberBytes = 8;

enum Tag : char { kNull = 'n', kInteger = 'i', kDouble = 'd', kBytes = 's' };

// Eight bytes, highest first.
void AppendNumber(uint64_t number, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((number >> shift) & 0xFF);
}

std::optional<uint64_t> TakeNumber(std::string_view& bytes) {
  if (bytes.size() < kNumberBytes) return std::nullopt;
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  bytes.remove_prefix(kNumberBytes);
  return number;
}

void AppendBytes(std::string_view bytes, std::string& out) {
  AppendNumber(bytes.size(), out);
  out += bytes;
}

void AppendValue(const db::Value& value, std::string& out) {
  struct Appender {
    std::string& out;
    void operator()(std::monostate) const { out += kNull; }
    void operator()(int64_t v) const {
      out += kInteger;
      AppendNumber(static_cast<uint64_t>(v), out);
    }
    void operator()(double v) const {
      out += kDouble;
      AppendNumber(std::bit_cast<uint64_t>(v), out);
    }
    void operator()(const std::string& v) const {
      out += kBytes;
      AppendBytes(v, out);
    }
  };
  std::visit(Appender{out}, value.get());
}

std::optional<db::Value> TakeValue(std::string_view& bytes) {
  const char tag = bytes.front();
  bytes.remove_prefix(1);
  if (tag == kNull) return db::Value();
  const std::optional<uint64_t> number = TakeNumber(bytes);
  if (!number.has_value()) return std::nullopt;
  if (tag == kInteger) return db::Value(static_cast<int64_t>(*number));
  if (tag == kDouble) return db::Value(std::bit_cast<double>(*number));
  if (tag != kBytes || *number > bytes.size()) return std::nullopt;
  db::Value value(std::string(bytes.substr(0, *number)));
  bytes.remove_prefix(*number);
  return value;
}

std::optional<db::Values> DecodeValues(std::string_view bytes) {
  db::Values values;
  while (!bytes.empty()) {
    std::optional<db::Value> value = TakeValue(bytes);
    if (!value.has_value()) return std::nullopt;
    values.push_back(*std::move(value));
  }
  return values;
}

std::string Place(std::string_view request) {
  return absl::StrCat("page_token|", static_cast<int>(kVersion), "|", ToAbsl(request));
}

std::optional<db::Values> Open(crypto::Keyring& keyring, std::string_view token,
                               std::string_view request) {
  if (token.size() > kMaxTokenLength) return std::nullopt;
  const std::optional<std::string> bytes = crypto::Base64UrlDecode(token);
  if (!bytes.has_value() || bytes->empty() || bytes->front() != kVersion) return std::nullopt;
  const auto plain = keyring.Decrypt(std::string_view(*bytes).substr(1), Place(request));
  if (!plain.ok()) return std::nullopt;
  return DecodeValues(*plain);
}

}  // namespace

std::string JoinParts(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) AppendBytes(part, joined);
  return joined;
}

std::string EncodeValues(const db::Values& values) {
  std::string bytes;
  for (const db::Value& value : values) AppendValue(value, bytes);
  return bytes;
}

std::string MakePageToken(crypto::Keyring& keyring, const db::Values& last,
                          std::string_view request) {
  return crypto::Base64UrlEncode(kVersion + keyring.Encrypt(EncodeValues(last), Place(request)));
}

absl::StatusOr<db::Values> OpenPageToken(crypto::Keyring& keyring, std::string_view token,
                                         std::string_view request, schema::Language language) {
  std::optional<db::Values> values = Open(keyring, token, request);
  if (values.has_value()) return *std::move(values);
  return RequestError({"page_token", "PAGE_TOKEN_INVALID", language}, "PAGE_TOKEN_INVALID",
                      {"send the token of the last page with the same filter, order_by and parent, "
                       "or none to begin anew",
                       "请使用上一页返回的 page_token，且 filter、order_by 和上级资源保持不变；"
                       "不填则从第一页开始"});
}

}  // namespace crm::filter
