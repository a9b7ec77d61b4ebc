#include "common/crypto/keyring.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error/error.h"

namespace crm::crypto {
namespace {

using CipherContext = OpenSslPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using MacContext = OpenSslPtr<EVP_MAC_CTX, EVP_MAC_CTX_free>;

constexpr char kVersion = 1;
constexpr size_t kHeaderBytes = 5;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kMacBytes = 16;

// Fetched once: a fetch takes longer than encrypting a phone number.
struct Algorithms {
  EVP_CIPHER* aes_gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_KDF* hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
};

const Algorithms& Fetched() {
  static const Algorithms algorithms;
  Must(algorithms.aes_gcm && algorithms.hmac && algorithms.hkdf, "fetch");
  return algorithms;
}

const unsigned char* In(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Out(std::string& text, size_t offset) {
  return reinterpret_cast<unsigned char*>(text.data()) + offset;
}

void WriteKeyId(uint32_t id, std::string& out) {
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(id >> (24 - 8 * i));
}

uint32_t ReadKeyId(std::string_view ciphertext) {
  uint32_t id = 0;
  for (int i = 0; i < 4; ++i) id = (id << 8) | static_cast<uint8_t>(ciphertext[1 + i]);
  return id;
}

OSSL_PARAM TextParam(const char* name, std::string_view text) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(text.data()), text.size());
}

OSSL_PARAM BytesParam(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

// HKDF-SHA-256 (RFC 5869) with the use and the purpose as info.
SecretKey Derive(const SecretKey& key, std::string_view use, std::string_view purpose) {
  const std::string info = absl::StrCat("crm/", ToAbsl(use), "/1/", ToAbsl(purpose));
  const OSSL_PARAM params[] = {TextParam(OSSL_KDF_PARAM_DIGEST, "SHA256"),
                               BytesParam(OSSL_KDF_PARAM_KEY, key.bytes()),
                               BytesParam(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  const OpenSslPtr<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(Fetched().hkdf));
  SecretKey derived;
  Must(EVP_KDF_derive(context.get(), derived.data(), SecretKey::kBytes, params) == 1, "HKDF");
  return derived;
}

MacContext MakeMac(const SecretKey& key) {
  const OSSL_PARAM params[] = {TextParam(OSSL_MAC_PARAM_DIGEST, "SHA256"),
                               OSSL_PARAM_construct_end()};
  MacContext context(EVP_MAC_CTX_new(Fetched().hmac));
  Must(EVP_MAC_init(context.get(), key.data(), SecretKey::kBytes, params) == 1, "EVP_MAC_init");
  return context;
}

CipherContext MakeEncryptor(const SecretKey& key) {
  CipherContext context(EVP_CIPHER_CTX_new());
  Must(EVP_EncryptInit_ex2(context.get(), Fetched().aes_gcm, key.data(), nullptr, nullptr) == 1,
       "EVP_EncryptInit_ex2");
  return context;
}

CipherContext MakeDecryptor(const SecretKey& key) {
  CipherContext context(EVP_CIPHER_CTX_new());
  Must(EVP_DecryptInit_ex2(context.get(), Fetched().aes_gcm, key.data(), nullptr, nullptr) == 1,
       "EVP_DecryptInit_ex2");
  return context;
}

absl::Status Malformed() {
  return Error(absl::StatusCode::kDataLoss, "CIPHERTEXT_MALFORMED",
               "a stored value is not one this system encrypted");
}

absl::Status Altered() {
  return Error(absl::StatusCode::kDataLoss, "CIPHERTEXT_INVALID",
               "a stored value was altered or belongs to another place");
}

absl::Status KeyUnknown(uint32_t id) {
  return Error(absl::StatusCode::kFailedPrecondition, "CIPHERTEXT_KEY_UNKNOWN",
               absl::StrCat("the key file holds no data key ", id))
      .Meta("data_key", absl::StrCat(id));
}

// Nonces by the thousand: the random source costs more per call than per byte.
class NonceBuffer {
 public:
  void Take(unsigned char* nonce) {
    if (used_ == buffer_.size()) Refill();
    std::memcpy(nonce, buffer_.data() + used_, kNonceBytes);
    used_ += kNonceBytes;
  }

 private:
  void Refill() {
    Must(RAND_bytes(buffer_.data(), static_cast<int>(buffer_.size())) == 1, "RAND_bytes");
    used_ = 0;
  }

  std::array<unsigned char, kNonceBytes * 512> buffer_;
  size_t used_ = kNonceBytes * 512;
};

// The HMAC contexts of one use, by purpose.
class MacSet {
 public:
  void Compute(const SecretKey& key, std::string_view use, std::string_view purpose,
               std::string_view bytes, unsigned char* mac) {
    EVP_MAC_CTX* context = For(key, use, purpose);
    std::array<unsigned char, kSha256Bytes> full;
    size_t size = 0;
    const bool done = EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                      EVP_MAC_update(context, In(bytes), bytes.size()) == 1 &&
                      EVP_MAC_final(context, full.data(), &size, full.size()) == 1;
    Must(done, "HMAC");
    std::memcpy(mac, full.data(), kMacBytes);
  }
  void Clear() { contexts_.clear(); }

 private:
  EVP_MAC_CTX* For(const SecretKey& key, std::string_view use, std::string_view purpose) {
    const auto found = contexts_.find(ToAbsl(purpose));
    if (found != contexts_.end()) return found->second.get();
    return contexts_.emplace(std::string(purpose), MakeMac(Derive(key, use, purpose)))
        .first->second.get();
  }

  absl::flat_hash_map<std::string, MacContext> contexts_;
};

}  // namespace

// The contexts of the threads that share a slot.
class alignas(64) Keyring::Slot {
 public:
  void Use(std::shared_ptr<const KeySetContents> keys) {
    const std::scoped_lock lock(mutex_);
    keys_ = std::move(keys);
    encryptor_.reset();
    decryptors_.clear();
    lookup_macs_.Clear();
    signing_macs_.Clear();
  }

  std::string Encrypt(std::string_view value, std::string_view aad) {
    std::string out(kOverheadBytes + value.size(), '\0');
    unsigned char* nonce = Out(out, kHeaderBytes);
    unsigned char* text = nonce + kNonceBytes;
    int size = 0;
    const std::scoped_lock lock(mutex_);
    out[0] = kVersion;
    WriteKeyId(keys_->current_data_key, out);
    nonces_.Take(nonce);
    EVP_CIPHER_CTX* context = Encryptor();
    const bool done =
        EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce, nullptr) == 1 &&
        EVP_EncryptUpdate(context, nullptr, &size, In(aad), static_cast<int>(aad.size())) == 1 &&
        EVP_EncryptUpdate(context, text, &size, In(value), static_cast<int>(value.size())) == 1 &&
        EVP_EncryptFinal_ex(context, text + value.size(), &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, text + value.size()) == 1;
    Must(done, "AES-256-GCM");
    return out;
  }

  absl::StatusOr<std::string> Decrypt(std::string_view ciphertext, std::string_view aad) {
    const uint32_t id = ReadKeyId(ciphertext);
    const std::string_view nonce = ciphertext.substr(kHeaderBytes, kNonceBytes);
    std::string_view text = ciphertext.substr(kHeaderBytes + kNonceBytes);
    std::array<unsigned char, kTagBytes> tag;
    text.copy(reinterpret_cast<char*>(tag.data()), kTagBytes, text.size() - kTagBytes);
    text.remove_suffix(kTagBytes);
    std::string out(text.size(), '\0');
    int size = 0;
    const std::scoped_lock lock(mutex_);
    EVP_CIPHER_CTX* context = Decryptor(id);
    if (context == nullptr) return KeyUnknown(id);
    const bool genuine =
        EVP_DecryptInit_ex2(context, nullptr, nullptr, In(nonce), nullptr) == 1 &&
        EVP_DecryptUpdate(context, nullptr, &size, In(aad), static_cast<int>(aad.size())) == 1 &&
        EVP_DecryptUpdate(context, Out(out, 0), &size, In(text), static_cast<int>(text.size())) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context, Out(out, out.size()), &size) == 1;
    if (!genuine) return Altered();
    return out;
  }

  void LookupMac(std::string_view purpose, std::string_view value, unsigned char* mac) {
    const std::scoped_lock lock(mutex_);
    lookup_macs_.Compute(keys_->lookup_key, "lookup", purpose, value, mac);
  }

  void SigningMac(std::string_view purpose, std::string_view bytes, unsigned char* mac) {
    const std::scoped_lock lock(mutex_);
    signing_macs_.Compute(keys_->signing_key, "sign", purpose, bytes, mac);
  }

 private:
  EVP_CIPHER_CTX* Encryptor() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!encryptor_) encryptor_ = MakeEncryptor(keys_->data_keys.at(keys_->current_data_key));
    return encryptor_.get();
  }

  EVP_CIPHER_CTX* Decryptor(uint32_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto found = decryptors_.find(id);
    if (found != decryptors_.end()) return found->second.get();
    const auto key = keys_->data_keys.find(id);
    if (key == keys_->data_keys.end()) return nullptr;
    return decryptors_.emplace(id, MakeDecryptor(key->second)).first->second.get();
  }

  std::mutex mutex_;
  std::shared_ptr<const KeySetContents> keys_ ABSL_GUARDED_BY(mutex_);
  CipherContext encryptor_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, CipherContext> decryptors_ ABSL_GUARDED_BY(mutex_);
  MacSet lookup_macs_ ABSL_GUARDED_BY(mutex_);
  MacSet signing_macs_ ABSL_GUARDED_BY(mutex_);
  NonceBuffer nonces_ ABSL_GUARDED_BY(mutex_);
};

Keyring::Keyring(std::string path, std::shared_ptr<const KeySetContents> keys)
    : path_(std::move(path)), slots_(new Slot[kSlots]), keys_(std::move(keys)) {
  for (size_t i = 0; i < kSlots; ++i) slots_[i].Use(keys_);
}

Keyring::~Keyring() = default;

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::Load(const std::string& path) {
  CRM_ASSIGN_OR_RETURN(KeySetContents contents, LoadKeyFile(path));
  // make_unique cannot reach the private constructor.
  return std::unique_ptr<Keyring>(
      new Keyring(path, std::make_shared<const KeySetContents>(std::move(contents))));
}

absl::Status Keyring::Reload() {
  CRM_ASSIGN_OR_RETURN(KeySetContents contents, LoadKeyFile(path_));
  const std::scoped_lock lock(mutex_);
  if (!EqualInConstantTime(contents.lookup_key.bytes(), keys_->lookup_key.bytes()) ||
      !EqualInConstantTime(contents.signing_key.bytes(), keys_->signing_key.bytes())) {
    return Error(absl::StatusCode::kFailedPrecondition, "KEY_FILE_INVALID",
                 absl::StrCat("key file ", path_,
                              ": lookup_key and signing_key cannot change while running"));
  }
  keys_ = std::make_shared<const KeySetContents>(std::move(contents));
  for (size_t i = 0; i < kSlots; ++i) slots_[i].Use(keys_);
  return absl::OkStatus();
}

Keyring::Slot& Keyring::SlotOfThisThread() {
  static std::atomic<size_t> threads{0};
  thread_local const size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return slots_[number % kSlots];
}

std::shared_ptr<const KeySetContents> Keyring::keys() const {
  const std::scoped_lock lock(mutex_);
  return keys_;
}

std::string Keyring::Encrypt(std::string_view value, std::string_view aad) {
  Must(value.size() <= kMaxValueBytes && aad.size() <= kMaxValueBytes, "value size");
  return SlotOfThisThread().Encrypt(value, aad);
}

absl::StatusOr<std::string> Keyring::Decrypt(std::string_view ciphertext, std::string_view aad) {
  if (!KeyIdOf(ciphertext) || ciphertext.size() > kMaxValueBytes + kOverheadBytes) {
    return Malformed();
  }
  return SlotOfThisThread().Decrypt(ciphertext, aad);
}

std::optional<uint32_t> Keyring::KeyIdOf(std::string_view ciphertext) {
  if (ciphertext.size() < kOverheadBytes || ciphertext[0] != kVersion) return std::nullopt;
  return ReadKeyId(ciphertext);
}

bool Keyring::IsCurrent(std::string_view ciphertext) const {
  return KeyIdOf(ciphertext) == current_key_id();
}

uint32_t Keyring::current_key_id() const { return keys()->current_data_key; }

std::string Keyring::LookupHash(std::string_view purpose, std::string_view value) {
  std::string hash(kLookupHashBytes, '\0');
  SlotOfThisThread().LookupMac(purpose, value, Out(hash, 0));
  return hash;
}

std::string Keyring::Sign(std::string_view purpose, std::string_view bytes) {
  std::string signature(kSignatureBytes, '\0');
  SlotOfThisThread().SigningMac(purpose, bytes, Out(signature, 0));
  return signature;
}

bool Keyring::Verify(std::string_view purpose, std::string_view bytes, std::string_view signature) {
  return EqualInConstantTime(Sign(purpose, bytes), signature);
}

}  // namespace crm::crypto
