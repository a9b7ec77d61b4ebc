#include "common/auth/jwks.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/strict_json.h"
#include "common/error/error.h"

namespace crm::auth {
namespace {

using Json = nlohmann::json;

constexpr int64_t kLookMicros = 1'000'000;
constexpr size_t kMaxKeys = 100;
constexpr size_t kMaxKidBytes = 256;

absl::Status Invalid(std::string_view place, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(place), ": ", ToAbsl(what)));
}

absl::Status AddKey(const Json& jwk, const std::string& place, KeySet& keys) {
  if (!jwk.is_object()) return Invalid(place, "must be an object");
  auto key = PublicKey::FromJwk(jwk);
  if (!key.ok()) return Invalid(place, ToStd(key.status().message()));
  if (!key->has_value()) return absl::OkStatus();
  const Json kid = jwk.value("kid", Json());
  if (!kid.is_string() || kid.get_ref<const std::string&>().empty() ||
      kid.get_ref<const std::string&>().size() > kMaxKidBytes) {
    return Invalid(place, "kid must be a text of 1 to 256 bytes");
  }
  if (!keys.emplace(kid.get<std::string>(), **key).second) {
    return Invalid(place, "kid is given twice");
  }
  return absl::OkStatus();
}

absl::Status FileInvalid(const std::string& path, const absl::Status& status) {
  return Error(absl::StatusCode::kFailedPrecondition, "KEY_SET_INVALID",
               absl::StrCat("key set file ", path, ": ", status.message()));
}

}  // namespace

absl::StatusOr<KeySet> ParseJwks(std::string_view text) {
  CRM_ASSIGN_OR_RETURN(const Json json, crypto::ParseStrictJson(text));
  if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array()) {
    return absl::InvalidArgumentError("must be an object with a list \"keys\"");
  }
  if (json["keys"].size() > kMaxKeys) return Invalid("keys", "holds more than 100 keys");
  KeySet keys;
  for (size_t i = 0; i < json["keys"].size(); ++i) {
    CRM_RETURN_IF_ERROR(AddKey(json["keys"][i], absl::StrCat("keys[", i, "]"), keys));
  }
  if (keys.empty()) return Invalid("keys", "holds no RS256, ES256 or EdDSA key for signatures");
  return keys;
}

absl::StatusOr<std::unique_ptr<JwksFile>> JwksFile::Load(const std::string& path,
                                                         const Clock& clock) {
  std::unique_ptr<JwksFile> file(new JwksFile(path, clock));  // private constructor
  CRM_RETURN_IF_ERROR(file->Reload());
  return file;
}

std::optional<PublicKey> JwksFile::Find(std::string_view kid) {
  RefreshIfDue();
  if (auto key = FindLoaded(kid)) return key;
  // A key that came into the file since the last look. Callers can send any kid they like, so this
  // too happens at most once a second.
  if (!TakeTurn(last_miss_) || !Reload().ok()) return std::nullopt;
  return FindLoaded(kid);
}

void JwksFile::RefreshIfDue() {
  if (TakeTurn(last_look_)) Reload().IgnoreError();  // reload_status() keeps it
}

absl::Status JwksFile::Reload() {
  last_look_.store(ToMicros(clock_.Now()), std::memory_order_relaxed);
  auto text = crypto::ReadSmallFile(path_);
  const std::scoped_lock lock(mutex_);
  if (!text.ok()) return status_ = text.status();
  if (*text == text_) return status_ = absl::OkStatus();
  auto keys = ParseJwks(*text);
  if (!keys.ok()) return status_ = FileInvalid(path_, keys.status());
  keys_ = *std::move(keys);
  text_ = *std::move(text);
  generation_.fetch_add(1, std::memory_order_release);
  return status_ = absl::OkStatus();
}

absl::Status JwksFile::reload_status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

std::optional<PublicKey> JwksFile::FindLoaded(std::string_view kid) const {
  const std::shared_lock lock(mutex_);
  const auto found = keys_.find(ToAbsl(kid));
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

bool JwksFile::TakeTurn(std::atomic<int64_t>& last) {
  const int64_t now = ToMicros(clock_.Now());
  int64_t before = last.load(std::memory_order_relaxed);
  // A clock that stepped back must not stop the looking.
  if (now - before < kLookMicros && now >= before) return false;
  return last.compare_exchange_strong(before, now, std::memory_order_relaxed);
}

}  // namespace crm::auth
