#include "common/crypto/key_file.h"

#include <openssl/evp.h>

#include <filesystem>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/openssl_ptr.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/strict_json.h"
#include "common/error/error.h"

namespace crm::crypto {
namespace {

using Json = nlohmann::json;
using CipherContext = OpenSslPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kWrappedBytes = kNonceBytes + SecretKey::kBytes + kTagBytes;
constexpr size_t kMaxDataKeys = 1000;
constexpr char kMasterSuffix[] = ".master";
constexpr char kLookupName[] = "lookup_key";
constexpr char kSigningName[] = "signing_key";

absl::Status Invalid(const std::string& path, std::string_view setting, std::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, "KEY_FILE_INVALID",
               absl::StrCat("key file ", path, ": ", ToAbsl(setting), ": ", ToAbsl(what)));
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string DataKeyName(uint32_t id) { return absl::StrCat("data_key:", id); }

// Nonce, ciphertext and tag of `key`, tied to `name`; base64url.
std::string Wrap(const SecretKey& key, const SecretKey& master, std::string_view name) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  const std::string nonce = RandomBytes(kNonceBytes);
  std::string out(SecretKey::kBytes + kTagBytes, '\0');
  auto* text = reinterpret_cast<unsigned char*>(out.data());
  int size = 0;
  const bool done =
      EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), master.data(), Bytes(nonce), nullptr) &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(name),
                        static_cast<int>(name.size())) &&
      EVP_EncryptUpdate(context.get(), text, &size, key.data(), SecretKey::kBytes) &&
      EVP_EncryptFinal_ex(context.get(), text + size, &size) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                          text + SecretKey::kBytes);
  Must(done, "key wrap");
  return Base64UrlEncode(nonce + out);
}

std::optional<SecretKey> Unwrap(std::string_view wrapped, const SecretKey& master,
                                std::string_view name) {
  std::optional<std::string> bytes = Base64UrlDecode(wrapped);
  if (!bytes || bytes->size() != kWrappedBytes) return std::nullopt;
  const CipherContext context(EVP_CIPHER_CTX_new());
  SecretKey key;
  unsigned char* text = reinterpret_cast<unsigned char*>(bytes->data()) + kNonceBytes;
  int size = 0;
  const bool genuine =
      EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), master.data(), Bytes(*bytes),
                          nullptr) &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(name),
                        static_cast<int>(name.size())) &&
      EVP_DecryptUpdate(context.get(), key.data(), &size, text, SecretKey::kBytes) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                          text + SecretKey::kBytes) &&
      EVP_DecryptFinal_ex(context.get(), key.data() + size, &size) > 0;
  if (!genuine) return std::nullopt;
  return key;
}

absl::StatusOr<SecretKey> LoadMasterKey(const std::string& path) {
  CRM_ASSIGN_OR_RETURN(std::string text, ReadSmallFile(path));
  const CleanseOnExit cleanse_text(text);
  const std::string_view trimmed = ToStd(absl::StripAsciiWhitespace(text));
  std::optional<std::string> bytes = Base64UrlDecode(trimmed);
  if (!bytes) return Invalid(path, "master key", "must be base64url without padding");
  const CleanseOnExit cleanse_bytes(*bytes);
  if (bytes->size() != SecretKey::kBytes) {
    return Invalid(path, "master key", "must be 32 bytes in base64url");
  }
  SecretKey key;
  bytes->copy(reinterpret_cast<char*>(key.data()), SecretKey::kBytes);
  return key;
}

// A key file under work: the JSON as it is on disk and the master key.
class KeyFile {
 public:
  static absl::StatusOr<KeyFile> Open(const std::string& path) {
    CRM_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
    auto json = ParseStrictJson(text);
    if (!json.ok()) return Invalid(path, "the whole file", ToStd(json.status().message()));
    KeyFile file(path, *std::move(json));
    CRM_RETURN_IF_ERROR(file.CheckShape());
    CRM_ASSIGN_OR_RETURN(file.master_, LoadMasterKey(file.MasterPath()));
    return file;
  }

  absl::StatusOr<KeySetContents> Unwrapped() const {
    KeySetContents contents;
    CRM_ASSIGN_OR_RETURN(contents.lookup_key, Named(kLookupName));
    CRM_ASSIGN_OR_RETURN(contents.signing_key, Named(kSigningName));
    CRM_RETURN_IF_ERROR(ReadDataKeys(contents));
    CRM_ASSIGN_OR_RETURN(contents.current_data_key,
                         Id(json_["current_data_key"], "current_data_key"));
    if (!contents.data_keys.contains(contents.current_data_key)) {
      return Invalid(path_, "current_data_key", "is not among data_keys");
    }
    return contents;
  }

  absl::Status Add(uint32_t id, const Clock& clock) {
    if (json_["data_keys"].size() >= kMaxDataKeys) {
      return Invalid(path_, "data_keys", "remove unused keys first; at most 1000 fit");
    }
    json_["data_keys"].push_back(
        {{"id", id},
         {"created", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", clock.Now(), absl::UTCTimeZone())},
         {"wrapped", Wrap(SecretKey::Random(), master_, DataKeyName(id))}});
    return absl::OkStatus();
  }
  void SetCurrent(uint32_t id) { json_["current_data_key"] = id; }
  void Remove(uint32_t id) {
    Json& keys = json_["data_keys"];
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys[i]["id"] == id) return keys.erase(i);
    }
  }
  absl::Status Save() const { return ReplaceSecretFile(path_, json_.dump(2) + "\n"); }
  const std::string& path() const { return path_; }

 private:
  KeyFile(std::string path, Json json) : path_(std::move(path)), json_(std::move(json)) {}

  absl::Status CheckShape() const {
    if (!json_.is_object()) return Invalid(path_, "the whole file", "must be a JSON object");
    if (json_.value("version", Json()) != Json(1)) return Invalid(path_, "version", "must be 1");
    for (const char* name : {"master_key_file", kLookupName, kSigningName}) {
      if (!json_.contains(name) || !json_[name].is_string() ||
          json_[name].get_ref<const std::string&>().empty()) {
        return Invalid(path_, name, "must be a text");
      }
    }
    if (!json_.contains("data_keys") || !json_["data_keys"].is_array()) {
      return Invalid(path_, "data_keys", "must be a list");
    }
    if (json_["data_keys"].empty() || json_["data_keys"].size() > kMaxDataKeys) {
      return Invalid(path_, "data_keys", "must hold 1 to 1000 keys");
    }
    if (!json_.contains("current_data_key"))
      return Invalid(path_, "current_data_key", "is missing");
    return absl::OkStatus();
  }

  std::string MasterPath() const {
    return std::filesystem::path(path_).parent_path() /
           json_["master_key_file"].get_ref<const std::string&>();
  }

  absl::StatusOr<SecretKey> Named(const char* name) const {
    auto key = Unwrap(json_[name].get_ref<const std::string&>(), master_, name);
    if (!key) return Invalid(path_, name, "cannot be unwrapped with this master key");
    return *std::move(key);
  }

  absl::StatusOr<uint32_t> Id(const Json& value, std::string_view setting) const {
    constexpr uint64_t kMaxId = std::numeric_limits<uint32_t>::max();
    if (!value.is_number_unsigned() || value.get<uint64_t>() < 1 ||
        value.get<uint64_t>() > kMaxId) {
      return Invalid(path_, setting, "must be a whole number from 1 to 4294967295");
    }
    return static_cast<uint32_t>(value.get<uint64_t>());
  }

  absl::Status ReadDataKeys(KeySetContents& contents) const {
    const Json& entries = json_["data_keys"];
    for (size_t i = 0; i < entries.size(); ++i) {
      const std::string place = absl::StrCat("data_keys[", i, "]");
      if (!entries[i].is_object()) return Invalid(path_, place, "must be an object");
      CRM_ASSIGN_OR_RETURN(const uint32_t id,
                           Id(entries[i].value("id", Json()), absl::StrCat(place, ".id")));
      const Json wrapped = entries[i].value("wrapped", Json());
      if (!wrapped.is_string()) return Invalid(path_, place + ".wrapped", "must be a text");
      auto key = Unwrap(wrapped.get_ref<const std::string&>(), master_, DataKeyName(id));
      if (!key) {
        return Invalid(path_, place + ".wrapped", "cannot be unwrapped with this master key");
      }
      if (!contents.data_keys.emplace(id, *std::move(key)).second) {
        return Invalid(path_, place + ".id", "is given twice");
      }
    }
    return absl::OkStatus();
  }

  std::string path_;
  Json json_;
  SecretKey master_;
};

}  // namespace

absl::StatusOr<KeySetContents> LoadKeyFile(const std::string& path) {
  CRM_ASSIGN_OR_RETURN(const KeyFile file, KeyFile::Open(path));
  return file.Unwrapped();
}

absl::Status GenerateKeyFile(const std::string& path, const Clock& clock) {
  if (std::filesystem::exists(path)) return CreateSecretFile(path, "");  // says FILE_EXISTS
  const SecretKey master = SecretKey::Random();
  std::string master_text = Base64UrlEncode(master.bytes());
  const CleanseOnExit cleanse(master_text);
  CRM_RETURN_IF_ERROR(CreateSecretFile(path + kMasterSuffix, master_text));
  const Json json = {
      {"version", 1},
      {"master_key_file", std::filesystem::path(path).filename().string() + kMasterSuffix},
      {"current_data_key", 1},
      {"data_keys",
       {{{"id", 1},
         {"created", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", clock.Now(), absl::UTCTimeZone())},
         {"wrapped", Wrap(SecretKey::Random(), master, DataKeyName(1))}}}},
      {kLookupName, Wrap(SecretKey::Random(), master, kLookupName)},
      {kSigningName, Wrap(SecretKey::Random(), master, kSigningName)}};
  return CreateSecretFile(path, json.dump(2) + "\n");
}

absl::StatusOr<uint32_t> AddDataKey(const std::string& path, const Clock& clock) {
  CRM_ASSIGN_OR_RETURN(KeyFile file, KeyFile::Open(path));
  CRM_ASSIGN_OR_RETURN(const KeySetContents contents, file.Unwrapped());
  const uint32_t last = contents.data_keys.rbegin()->first;
  if (last == std::numeric_limits<uint32_t>::max()) {
    return Invalid(path, "data_keys", "the ids are used up");
  }
  CRM_RETURN_IF_ERROR(file.Add(last + 1, clock));
  CRM_RETURN_IF_ERROR(file.Save());
  return last + 1;
}

absl::Status UseDataKey(const std::string& path, uint32_t id) {
  CRM_ASSIGN_OR_RETURN(KeyFile file, KeyFile::Open(path));
  CRM_ASSIGN_OR_RETURN(const KeySetContents contents, file.Unwrapped());
  if (!contents.data_keys.contains(id)) return Invalid(path, "data_keys", "there is no such key");
  file.SetCurrent(id);
  return file.Save();
}

absl::Status RemoveDataKey(const std::string& path, uint32_t id) {
  CRM_ASSIGN_OR_RETURN(KeyFile file, KeyFile::Open(path));
  CRM_ASSIGN_OR_RETURN(const KeySetContents contents, file.Unwrapped());
  if (!contents.data_keys.contains(id)) return Invalid(path, "data_keys", "there is no such key");
  if (contents.current_data_key == id) {
    return Invalid(path, "current_data_key", "the current key cannot be removed");
  }
  file.Remove(id);
  return file.Save();
}

}  // namespace crm::crypto
