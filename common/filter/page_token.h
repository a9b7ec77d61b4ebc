// Page tokens (PLT-4): where a list stopped, opaque to the client.
//
// A token is base64url of a version byte and the encrypted values of the last row. Encrypted, not
// only signed: the values may be sensitive, and the internal key never leaves a service (PLT-3). It
// is bound to the request by what it authenticates, so a token altered, made up, or sent with
// another filter, order, parent, scope or resource is refused. The keys are in the key file: tokens
// work on every replica and after a restart, until the data key is removed.
//
// Each token is one of the 2^32 encryptions of a data key (common/crypto/keyring.h).
//
// Errors: INVALID_ARGUMENT PAGE_TOKEN_INVALID with a violation of `page_token`.
#ifndef CRM_COMMON_FILTER_PAGE_TOKEN_H_
#define CRM_COMMON_FILTER_PAGE_TOKEN_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/keyring.h"
#include "common/db/value.h"
#include "common/schema/language.h"

namespace crm::filter {

// One text from the parts of a request, such that no two different lists of parts give the same.
std::string JoinParts(std::initializer_list<std::string_view> parts);
// The same for values.
std::string EncodeValues(const db::Values& values);

// `request`: all that must not change between pages.
std::string MakePageToken(crypto::Keyring& keyring, const db::Values& last,
                          std::string_view request);
absl::StatusOr<db::Values> OpenPageToken(crypto::Keyring& keyring, std::string_view token,
                                         std::string_view request, schema::Language language);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_PAGE_TOKEN_H_
