#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/db/pool.h"
#include "common/error/error.h"

namespace crm::db {
namespace {

constexpr std::string_view kScheme = "mysql://";

absl::Status BadAddress(std::string_view description) {
  return Error(absl::StatusCode::kInvalidArgument, "DB_ADDRESS_INVALID",
               "not a database address of the form "
               "mysql://user:password@host:port/database?socket=/path&ssl_ca=/path")
      .Meta("problem", description);
}

absl::StatusOr<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      return BadAddress("a % is not followed by two hexadecimal digits");
    }
    out += absl::HexStringToBytes(std::string(text.substr(i + 1, 2)));
    i += 2;
  }
  return out;
}

// What stands before and after the first `separator`; nullopt if there is none.
std::pair<std::string_view, std::optional<std::string_view>> Cut(std::string_view text,
                                                                 char separator) {
  const size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

absl::Status ParseUser(std::string_view text, Address& address) {
  const auto [user, password] = Cut(text, ':');
  CRM_ASSIGN_OR_RETURN(address.user, PercentDecode(user));
  CRM_ASSIGN_OR_RETURN(address.password, PercentDecode(password.value_or("")));
  return absl::OkStatus();
}

absl::Status ParseHost(std::string_view text, Address& address) {
  std::string_view host = text;
  std::string_view port;
  const size_t bracket = text.find(']');  // [::1]:3306
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    const bool good = absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &address.port);
    if (!good || address.port < 1 || address.port > 65535) return BadAddress("bad port");
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return absl::OkStatus();  // the default
  CRM_ASSIGN_OR_RETURN(address.host, PercentDecode(host));
  return absl::OkStatus();
}

absl::Status ParseOption(std::string_view text, Address& address) {
  const auto [key, raw] = Cut(text, '=');
  CRM_ASSIGN_OR_RETURN(std::string value, PercentDecode(raw.value_or("")));
  if (key == "socket") {
    address.socket = std::move(value);
  } else if (key == "ssl_ca") {
    address.ssl_ca = std::move(value);
  } else {
    return BadAddress("unknown option: only socket and ssl_ca are known");
  }
  return absl::OkStatus();
}

// Everything but letters, digits and what is common in names and paths.
std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      absl::StrAppend(&out, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<Address> Address::Parse(std::string_view url) {
  if (!url.starts_with(kScheme)) return BadAddress("it does not begin with mysql://");
  const auto [location, options] = Cut(url.substr(kScheme.size()), '?');
  const auto [authority, database] = Cut(location, '/');
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return BadAddress("no user");

  Address address;
  CRM_RETURN_IF_ERROR(ParseUser(authority.substr(0, at), address));
  if (address.user.empty()) return BadAddress("no user");
  CRM_RETURN_IF_ERROR(ParseHost(authority.substr(at + 1), address));
  CRM_ASSIGN_OR_RETURN(address.database, PercentDecode(database.value_or("")));
  if (!options.has_value()) return address;
  const std::string text(*options);
  for (const absl::string_view option : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    CRM_RETURN_IF_ERROR(ParseOption({option.data(), option.size()}, address));
  }
  return address;
}

std::string Address::WithoutPassword() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = absl::StrCat("mysql://", PercentEncode(user), "@", v6 ? "[" : "", host,
                                 v6 ? "]:" : ":", port, "/", PercentEncode(database));
  std::string_view separator = "?";
  const auto append = [&](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    out += std::string(separator) + std::string(key) + "=" + PercentEncode(value);
    separator = "&";
  };
  append("socket", socket);
  append("ssl_ca", ssl_ca);
  return out;
}

}  // namespace crm::db
