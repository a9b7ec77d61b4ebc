#include "services/customer/search_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/filter/scope.h"
#include "common/text/email.h"
#include "common/text/phone.h"
#include "common/text/unicode.h"

namespace crm::customer {
namespace {

constexpr size_t kDefaultHits = 20;
constexpr size_t kMaxHits = 100;
constexpr size_t kMinTailDigits = 4;
constexpr size_t kPhoneDigits = 11;
// Customers that share the last four digits of their phone: 1 in 10 000.
constexpr int kTailCandidates = 2000;
constexpr int kContactCandidates = 200;

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// The dash of a landline is no digit: 0755-88886666 ends in 588886666.
bool EndsWithDigits(std::string_view phone, std::string_view end) {
  std::string digits;
  for (const char c : phone) {
    if (c != '-') digits += c;
  }
  return phone.ends_with(end) || digits.ends_with(end);
}

v1::SearchHit::Match MatchOf(MatchKind kind) {
  switch (kind) {
    case MatchKind::kWhole:
      return v1::SearchHit::MATCH_NAME;
    case MatchKind::kPrefix:
      return v1::SearchHit::MATCH_NAME_PREFIX;
    case MatchKind::kPart:
      return v1::SearchHit::MATCH_NAME_PART;
  }
  return v1::SearchHit::MATCH_NAME_PART;
}

}  // namespace

// One search: tries what the text can be, strongest first, until there are enough hits.
class SearchHandlers::Search {
 public:
  Search(const Archive& archive, db::Connection& db, const auth::RowScope& scope,
         std::string_view query, size_t limit)
      : archive_(archive),
        db_(db),
        scope_(scope),
        query_(text::CollapseSpaces(text::ToHalfWidth(query))),
        limit_(limit) {}

  absl::StatusOr<v1::SearchCustomersResponse> Run() && {
    CRM_RETURN_IF_ERROR(ByNumber());
    CRM_RETURN_IF_ERROR(ByPhone());
    CRM_RETURN_IF_ERROR(ByEmail());
    CRM_RETURN_IF_ERROR(ByName());
    return std::move(response_);
  }

 private:
  bool full() const { return static_cast<size_t>(response_.hits_size()) >= limit_; }

  void Add(StoredCustomer customer, v1::SearchHit::Match match) {
    if (!seen_.insert(customer.key.id).second) return;
    if (full()) return response_.set_more(true);
    v1::SearchHit& hit = *response_.add_hits();
    *hit.mutable_customer() = std::move(customer.message);
    hit.set_match(match);
  }

  absl::Status ByNumber() {
    const std::string number = absl::AsciiStrToUpper(query_);
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                         archive_.store.GetMany(db_, {number}, scope_));
    for (StoredCustomer& customer : found) Add(std::move(customer), v1::SearchHit::MATCH_NUMBER);
    return absl::OkStatus();
  }

  absl::Status ByPhone() {
    const auto whole = text::NormalizePhone(query_, {.allow_landline = true});
    if (whole.ok()) {
      CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found, WithTail(*whole));
      for (StoredCustomer& customer : found) {
        if (customer.message.phone() == *whole) {
          Add(std::move(customer), v1::SearchHit::MATCH_PHONE);
        }
      }
      CRM_RETURN_IF_ERROR(ByIdentity({v1::IDENTITY_KIND_PHONE, *whole}));
      CRM_RETURN_IF_ERROR(ByCompanyPhone(*whole));
      return ByContactPhone(*whole);
    }
    if (!IsDigits(query_) || query_.size() < kMinTailDigits || query_.size() > kPhoneDigits) {
      return absl::OkStatus();
    }
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found, WithTail(query_));
    for (StoredCustomer& customer : found) {
      if (absl::EndsWith(customer.message.phone(), query_)) {
        Add(std::move(customer), v1::SearchHit::MATCH_PHONE);
      }
    }
    CRM_RETURN_IF_ERROR(ByCompanyPhone(query_));
    return ByContactPhone(query_);
  }

  // `digits`: the whole phone, or its end.
  absl::Status ByCompanyPhone(std::string_view digits) {
    CRM_ASSIGN_OR_RETURN(const std::vector<int64_t> ids, WithCompanyTail(digits));
    if (ids.empty()) return absl::OkStatus();
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                         archive_.store.GetByIds(db_, ids, scope_));
    for (StoredCustomer& customer : found) {
      if (EndsWithDigits(customer.message.company_phone(), digits)) {
        Add(std::move(customer), v1::SearchHit::MATCH_PHONE);
      }
    }
    return absl::OkStatus();
  }

  // Customers in scope by the keyed hash of the last four digits of the company's phone.
  absl::StatusOr<std::vector<int64_t>> WithCompanyTail(std::string_view digits) {
    const resource::ResourceTable& table = archive_.store.table();
    const filter::Fragment scope = filter::ScopeCondition(table.schema(), scope_);
    db::Values params = {table.TailHash("company_phone", digits)};
    std::string sql = "SELECT id FROM customer WHERE company_phone_tail_hash = ?";
    if (!scope.empty()) absl::StrAppend(&sql, " AND ", scope.sql);
    params.insert(params.end(), scope.values.begin(), scope.values.end());
    absl::StrAppend(&sql, " ORDER BY id DESC LIMIT ?");
    params.emplace_back(kTailCandidates);
    CRM_ASSIGN_OR_RETURN(db::Rows rows,
                         db_.Select({"customers_by_company_phone_tail", sql}, params));
    std::vector<int64_t> ids;
    while (rows.Next()) ids.push_back(rows.Int(0));
    return ids;
  }

  absl::Status ByContactPhone(std::string_view digits) {
    CRM_ASSIGN_OR_RETURN(const std::vector<StoredContact> contacts,
                         archive_.contacts.WithPhoneTail(db_, digits, scope_, kContactCandidates));
    return AddCustomersOf(contacts, v1::SearchHit::MATCH_PHONE);
  }

  absl::Status AddCustomersOf(const std::vector<StoredContact>& contacts,
                              v1::SearchHit::Match match) {
    std::vector<int64_t> ids;
    for (const StoredContact& contact : contacts) ids.push_back(contact.customer_id);
    return AddByIds(ids, match);
  }

  absl::Status AddByIds(const std::vector<int64_t>& ids, v1::SearchHit::Match match) {
    if (ids.empty()) return absl::OkStatus();
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                         archive_.store.GetByIds(db_, ids, scope_));
    for (StoredCustomer& customer : found) Add(std::move(customer), match);
    return absl::OkStatus();
  }

  absl::Status ByIdentity(const Identity& identity) {
    CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                         archive_.identities.FindHolders(db_, {identity}));
    std::vector<int64_t> ids;
    for (const IdentityHolder& holder : holders) ids.push_back(holder.customer_id);
    return AddByIds(ids, identity.kind == v1::IDENTITY_KIND_EMAIL ? v1::SearchHit::MATCH_EMAIL
                                                                  : v1::SearchHit::MATCH_PHONE);
  }

  absl::StatusOr<std::vector<StoredCustomer>> WithTail(std::string_view digits) {
    return archive_.store.GetByPhoneTail(db_, digits, scope_, kTailCandidates);
  }

  absl::Status ByEmail() {
    if (!absl::StrContains(query_, "@")) return absl::OkStatus();
    const auto email = text::NormalizeEmail(query_);
    if (!email.ok()) return absl::OkStatus();
    CRM_RETURN_IF_ERROR(ByIdentity({v1::IDENTITY_KIND_EMAIL, *email}));
    CRM_ASSIGN_OR_RETURN(const std::vector<StoredContact> contacts,
                         archive_.contacts.WithEmail(db_, *email, scope_, kContactCandidates));
    return AddCustomersOf(contacts, v1::SearchHit::MATCH_EMAIL);
  }

  absl::Status ByName() {
    if (full()) return absl::OkStatus();
    // One more than wanted tells whether there are more.
    const size_t wanted = limit_ - static_cast<size_t>(response_.hits_size()) + 1;
    const std::vector<Hit> hits = archive_.names.Find(query_, scope_, wanted);
    std::vector<int64_t> ids;
    for (const Hit& hit : hits) ids.push_back(hit.key);
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                         archive_.store.GetByIds(db_, ids, scope_));
    absl::flat_hash_map<int64_t, StoredCustomer*> by_id;
    for (StoredCustomer& customer : found) by_id[customer.key.id] = &customer;
    for (const Hit& hit : hits) {
      auto customer = by_id.find(hit.key);
      if (customer != by_id.end()) Add(std::move(*customer->second), MatchOf(hit.kind));
    }
    return absl::OkStatus();
  }

  const Archive& archive_;
  db::Connection& db_;
  const auth::RowScope& scope_;
  const std::string query_;
  const size_t limit_;
  absl::flat_hash_set<int64_t> seen_;
  v1::SearchCustomersResponse response_;
};

void SearchHandlers::Register(server::MethodTable& table) {
  table.Unary<v1::SearchCustomersRequest, v1::SearchCustomersResponse>(
      "SearchCustomers",
      [this](server::CallContext& call, const v1::SearchCustomersRequest& request) {
        return SearchCustomers(call, request);
      });
}

absl::StatusOr<v1::SearchCustomersResponse> SearchHandlers::SearchCustomers(
    server::CallContext& call, const v1::SearchCustomersRequest& request) {
  const size_t limit = request.page_size() == 0
                           ? kDefaultHits
                           : std::min(static_cast<size_t>(request.page_size()), kMaxHits);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(v1::SearchCustomersResponse response,
                       Search(archive_, *db, call.scope(), request.query(), limit).Run());
  for (v1::SearchHit& hit : *response.mutable_hits()) {
    archive_.CompleteAnswer(call.language(), *hit.mutable_customer());
  }
  return response;
}

}  // namespace crm::customer
