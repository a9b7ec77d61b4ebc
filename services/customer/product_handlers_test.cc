// ProductService over gRPC, and the rules of product names.
#include "services/customer/activity_test_fixture.h"
#include "services/customer/product_rules.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;

// CUS-40
TEST(ProductNames, FoldSpacesCaseAndWidth) {
  for (const char* name : {"GTXPro", "gtx pro", " ＧＴＸ　Ｐｒｏ ", "G T X P R O"}) {
    EXPECT_EQ(FoldProductName(name), "gtxpro") << name;
  }
  EXPECT_NE(FoldProductName("GTX-Pro"), "gtxpro");
  EXPECT_EQ(FoldProductName("激光 切割机"), "激光切割机");
  EXPECT_EQ(FoldProductName(" \t"), "");
}

// CUS-40
TEST(ProductNames, OwnNamesAreCodeAndNamesOnce) {
  v1::Product product;
  product.set_code("gtx");
  product.set_name_zh("GTX");
  product.set_name_en("GTX Pro");
  EXPECT_THAT(OwnNames(product), ElementsAre("gtx", "gtxpro"));
}

class ProductHandlersTest : public ActivityTest {
 protected:
  absl::StatusOr<v1::Product> Create(const v1::Product& product) {
    v1::CreateProductRequest request;
    *request.mutable_product() = product;
    return Call<v1::Product>(steward_, absl::StrCat(kProducts, "CreateProduct"), request);
  }

  absl::StatusOr<v1::MapProductNameResponse> Map(const std::string& name,
                                                 const std::string& product) {
    v1::MapProductNameRequest request;
    request.set_name(name);
    request.set_product(product);
    return Call<v1::MapProductNameResponse>(steward_, absl::StrCat(kProducts, "MapProductName"),
                                            request);
  }

  std::vector<std::string> Unmapped() {
    auto listed = Call<v1::ListUnmappedProductsResponse>(
        seller_, absl::StrCat(kProducts, "ListUnmappedProducts"),
        v1::ListUnmappedProductsRequest());
    EXPECT_TRUE(listed.ok()) << listed.status();
    std::vector<std::string> names;
    for (const auto& name : listed->names()) {
      names.push_back(absl::StrCat(name.name(), " ", name.source(), " ", name.count()));
    }
    return names;
  }
};

// CUS-40
TEST_F(ProductHandlersTest, CreatesChangesAndRetires) {
  v1::Product product = Product("GTX-100", "光刻机", "GTX Pro");
  EXPECT_TRUE(product.active());
  v1::UpdateProductRequest update;
  update.mutable_product()->set_code("GTX-100");
  update.mutable_product()->set_etag(product.etag());
  update.mutable_product()->set_category("laser");
  update.mutable_product()->set_margin("35.5");
  auto updated = Call<v1::Product>(steward_, absl::StrCat(kProducts, "UpdateProduct"), update);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->margin(), "35.50");
  update.mutable_product()->set_category("stale");
  EXPECT_EQ(
      ErrorReason(
          Call<v1::Product>(steward_, absl::StrCat(kProducts, "UpdateProduct"), update).status()),
      "ETAG_STALE");

  v1::RetireProductRequest retire;
  retire.set_product("GTX-100");
  ASSERT_TRUE(Call<v1::Product>(steward_, absl::StrCat(kProducts, "RetireProduct"), retire).ok());
  v1::GetProductRequest get;
  get.set_product("GTX-100");
  auto read = Call<v1::Product>(seller_, absl::StrCat(kProducts, "GetProduct"), get);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->active());
  EXPECT_EQ(read->category(), "laser");

  v1::ListProductsRequest list;
  list.set_filter("active = true");
  auto listed =
      Call<v1::ListProductsResponse>(seller_, absl::StrCat(kProducts, "ListProducts"), list);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->products_size(), 0);
}

// CUS-40: a name means at most one product.
TEST_F(ProductHandlersTest, NamesAreUnique) {
  Product("GTX-100", "光刻机", "GTX Pro");
  v1::Product same;
  same.set_code("gtxpro");
  same.set_name_zh("别的");
  same.set_kind(v1::PRODUCT_KIND_SERVICE);
  EXPECT_EQ(ErrorReason(Create(same).status()), "PRODUCT_NAME_TAKEN");
  same.set_code("OTHER");
  ASSERT_TRUE(Create(same).ok());
  EXPECT_EQ(ErrorReason(Map("gtx PRO", "OTHER").status()), "PRODUCT_NAME_TAKEN");
  v1::UpdateProductRequest rename;
  rename.mutable_product()->set_code("OTHER");
  rename.mutable_product()->set_name_en("GTX  pro");
  EXPECT_EQ(
      ErrorReason(
          Call<v1::Product>(steward_, absl::StrCat(kProducts, "UpdateProduct"), rename).status()),
      "PRODUCT_NAME_TAKEN");
}

// CUS-40
TEST_F(ProductHandlersTest, ComplementsExist) {
  v1::Product product;
  product.set_code("A");
  product.set_name_zh("甲产品");
  product.set_kind(v1::PRODUCT_KIND_PRODUCT);
  product.add_complements("A");
  EXPECT_THAT(Violations(Create(product).status()),
              ElementsAre("product.complements[0] COMPLEMENT_ITSELF"));
  product.set_complements(0, "B");
  EXPECT_THAT(Violations(Create(product).status()),
              ElementsAre("product.complements[0] PRODUCT_UNKNOWN"));
}

// CUS-40: unknown names are counted and listed until they are mapped; then records use the code.
TEST_F(ProductHandlersTest, UnknownNamesAreListedForMapping) {
  const v1::Customer customer = Person("王建国", "13800138001");
  Product("GTX-100", "光刻机", "GTX Pro");
  v1::Interaction visit = Visit(customer.number(), Now());
  visit.add_products("Laser 9000");
  visit.add_products("gtxpro");
  visit.add_products("光刻机");
  auto first = Record(visit);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->products(), ElementsAre("Laser 9000", "GTX-100"));
  visit.set_products(0, "LASER9000");
  ASSERT_TRUE(Record(visit).ok());
  EXPECT_THAT(Unmapped(), ElementsAre("LASER9000 interaction 2"));

  EXPECT_EQ(Map("laser 9000", "NONE").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Map("laser 9000", "GTX-100").ok());
  EXPECT_THAT(Unmapped(), ElementsAre());
  EXPECT_THAT(Record(visit)->products(), ElementsAre("GTX-100"));
}

// PLT-13
TEST_F(ProductHandlersTest, OnlySomeMayWrite) {
  v1::CreateProductRequest request;
  request.mutable_product()->set_code("A");
  EXPECT_EQ(
      Call<v1::Product>(seller_, absl::StrCat(kProducts, "CreateProduct"), request).status().code(),
      absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace crm::customer
