#include "common/record/history_page.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/history.h"

namespace crm::record {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;

int PageSize(int32_t asked) {
  return asked == 0 ? kDefaultPageSize : std::min<int32_t>(asked, kMaxPageSize);
}

// A page token of a history is the version it stopped at.
absl::StatusOr<int64_t> ParseToken(const std::string& token) {
  int64_t version = 0;
  if (token.empty()) return version;
  if (!absl::SimpleAtoi(token, &version) || version < 1) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID",
                        "send next_page_token of the answer before");
  }
  return version;
}

}  // namespace

absl::StatusOr<HistoryPage> ReadHistoryPage(db::Connection& db, int64_t resource_id,
                                            const std::string& page_token, int32_t page_size,
                                            std::optional<crm::types::v1::HistoryEntry> creation) {
  CRM_ASSIGN_OR_RETURN(const int64_t before, ParseToken(page_token));
  const int limit = PageSize(page_size);
  HistoryPage page;
  CRM_ASSIGN_OR_RETURN(page.entries, resource::ReadHistory(db, resource_id, before, limit));
  if (static_cast<int>(page.entries.size()) == limit) {
    page.next_page_token = absl::StrCat(page.entries.back().version());
  } else if (before != 1 && creation.has_value()) {
    page.entries.push_back(*std::move(creation));
  }
  return page;
}

}  // namespace crm::record
