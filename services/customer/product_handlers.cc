#include "services/customer/product_handlers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/run_list.h"
#include "common/record/table.h"
#include "common/resource/history.h"
#include "common/resource/update.h"
#include "services/customer/product_rules.h"

namespace crm::customer {
namespace {

absl::Status NameTaken(std::string_view code) {
  return Error(absl::StatusCode::kAlreadyExists, "PRODUCT_NAME_TAKEN",
               "the code or a name means another product")
      .Meta("product", code)
      .Resource(kProductType, code);
}

}  // namespace

void ProductHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateProductRequest, v1::Product>("CreateProduct",
                                                     bind(&ProductHandlers::Create));
  table.Unary<v1::GetProductRequest, v1::Product>("GetProduct", bind(&ProductHandlers::Get));
  table.Unary<v1::ListProductsRequest, v1::ListProductsResponse>("ListProducts",
                                                                 bind(&ProductHandlers::List));
  table.Unary<v1::UpdateProductRequest, v1::Product>("UpdateProduct",
                                                     bind(&ProductHandlers::Update));
  table.Unary<v1::RetireProductRequest, v1::Product>("RetireProduct",
                                                     bind(&ProductHandlers::Retire));
  table.Unary<v1::ListUnmappedProductsRequest, v1::ListUnmappedProductsResponse>(
      "ListUnmappedProducts", bind(&ProductHandlers::ListUnmapped));
  table.Unary<v1::MapProductNameRequest, v1::MapProductNameResponse>(
      "MapProductName", bind(&ProductHandlers::MapName));
}

absl::StatusOr<v1::Product> ProductHandlers::Create(CallContext& call,
                                                    const v1::CreateProductRequest& request) {
  const ProductStore& store = activity_.products;
  v1::Product product = request.product();
  CRM_RETURN_IF_ERROR(record::RefuseIn("product", CheckProduct(product), call.language()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(CheckComplements(*db, product));
  CRM_ASSIGN_OR_RETURN(const ProductStore::Meanings taken, store.Resolve(*db, OwnNames(product)));
  if (!taken.empty()) return NameTaken(taken.begin()->second.code);

  product.set_active(true);
  return changes_.Create(call.writes(), std::move(product), record::SourceOf(call)).message;
}

absl::StatusOr<v1::Product> ProductHandlers::Get(CallContext& call,
                                                 const v1::GetProductRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(StoredProduct product, activity_.products.Get(*db, request.product()));
  return std::move(product.message);
}

absl::StatusOr<v1::ListProductsResponse> ProductHandlers::List(
    CallContext& call, const v1::ListProductsRequest& request) {
  return record::RunList<v1::ListProductsResponse>(
      call, request,
      {.table = activity_.products.table(),
       .name = "product_list",
       .order_by = "code",
       .count_name = "product_count",
       .keyring = activity_.archive.keyring,
       .zone = activity_.archive.zone},
      [](v1::ListProductsResponse& response) { return response.add_products(); });
}

absl::StatusOr<v1::Product> ProductHandlers::Update(CallContext& call,
                                                    const v1::UpdateProductRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredProduct before,
                       activity_.products.Get(*db, request.product().code()));
  v1::Product after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.product(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.product().etag(), "product.etag", written));
  CRM_RETURN_IF_ERROR(record::RefuseIn("product", CheckProduct(after), call.language()));
  CRM_RETURN_IF_ERROR(CheckComplements(*db, after));
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> fresh, FreshNames(*db, after));
  return changes_.Change(call.writes(), before, std::move(after), fresh, record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::Product> ProductHandlers::Retire(CallContext& call,
                                                    const v1::RetireProductRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredProduct before, activity_.products.Get(*db, request.product()));
  v1::Product after = before.message;
  after.set_active(false);
  return changes_.Change(call.writes(), before, std::move(after), {}, record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::ListUnmappedProductsResponse> ProductHandlers::ListUnmapped(
    CallContext& call, const v1::ListUnmappedProductsRequest& request) {
  return record::RunList<v1::ListUnmappedProductsResponse>(
      call, request,
      {.table = activity_.products.unmapped_table(),
       .name = "unmapped_product_list",
       .order_by = "last_seen desc",
       .keyring = activity_.archive.keyring,
       .zone = activity_.archive.zone},
      [](v1::ListUnmappedProductsResponse& response) { return response.add_names(); });
}

absl::StatusOr<v1::MapProductNameResponse> ProductHandlers::MapName(
    CallContext& call, const v1::MapProductNameRequest& request) {
  const std::string folded = FoldProductName(request.name());
  if (folded.empty()) return InvalidField("name", "REQUIRED", "give a name that is not blank");
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(StoredProduct product, activity_.products.Get(*db, request.product()));
  CRM_ASSIGN_OR_RETURN(const ProductStore::Meanings meanings,
                       activity_.products.Resolve(*db, {folded}));
  const auto now = meanings.find(folded);
  const bool is_own = now != meanings.end() && now->second.own;
  if (is_own && now->second.code != product.message.code()) return NameTaken(now->second.code);
  if (!is_own) activity_.products.MapName(call.writes(), folded, product.message.code());
  v1::MapProductNameResponse response;
  *response.mutable_product() = std::move(product.message);
  return response;
}

absl::Status ProductHandlers::CheckComplements(db::Connection& db,
                                               const v1::Product& product) const {
  const std::vector<std::string> codes(product.complements().begin(), product.complements().end());
  CRM_ASSIGN_OR_RETURN(const std::vector<std::string> existing,
                       activity_.products.Existing(db, codes));
  for (size_t i = 0; i < codes.size(); ++i) {
    if (std::find(existing.begin(), existing.end(), codes[i]) == existing.end()) {
      return InvalidField(absl::StrCat("product.complements[", i, "]"), "PRODUCT_UNKNOWN",
                          "use the code of a product");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ProductHandlers::FreshNames(
    db::Connection& db, const v1::Product& product) const {
  std::vector<std::string> names = OwnNames(product);
  CRM_ASSIGN_OR_RETURN(const ProductStore::Meanings meanings,
                       activity_.products.Resolve(db, names));
  for (const auto& [folded, meaning] : meanings) {
    if (meaning.code != product.code()) return NameTaken(meaning.code);
    names.erase(std::find(names.begin(), names.end(), folded));
  }
  return names;
}

}  // namespace crm::customer
