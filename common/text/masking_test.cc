#include "common/text/masking.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "common/text/unicode.h"

namespace crm::text {
namespace {

TEST(Masking, Phone) {  // PLT-14
  EXPECT_EQ(MaskPhone("13812345678"), "138****5678");
  EXPECT_EQ(MaskPhone("0755-88886666"), "0755-****6666");
  EXPECT_EQ(MaskPhone("0755-88886666-801"), "0755-****6666-***");
  EXPECT_EQ(MaskPhone("0379-6543210"), "0379-***3210");
  EXPECT_EQ(MaskPhone("400-8886666"), "400-***6666");
  EXPECT_EQ(MaskPhone("+14155552671"), "+14*****2671");
  EXPECT_EQ(MaskPhone("+85221234567"), "+85*****4567");
}

TEST(Masking, UnknownPhonesAreHidden) {  // PLT-14
  for (const std::string_view phone :
       {"1", "1381234", "138 1234 5678", "88886666", "+1", "+12345", "0755-1", "-", "+",
        "张三-13812345678", "1234567890-1234567", "abc"}) {
    EXPECT_EQ(MaskPhone(phone), "***") << phone;
  }
}

TEST(Masking, Name) {  // PLT-14
  EXPECT_EQ(MaskName("张三"), "张**");
  EXPECT_EQ(MaskName("张三丰"), "张**");
  EXPECT_EQ(MaskName("阿凡提·买买提"), "阿**");
  EXPECT_EQ(MaskName("𠮷田"), "𠮷**");
  EXPECT_EQ(MaskName("John Smith"), "J**");
  EXPECT_EQ(MaskName("张"), "**");
}

TEST(Masking, OrganizationName) {  // PLT-14
  EXPECT_EQ(MaskOrganizationName("深圳市某某科技有限公司"), "深圳****公司");
  EXPECT_EQ(MaskOrganizationName("六个字的公司"), "六个****公司");
  EXPECT_EQ(MaskOrganizationName("小米集团"), "小**");
  EXPECT_EQ(MaskOrganizationName("米"), "**");
}

TEST(Masking, Email) {  // PLT-14
  EXPECT_EQ(MaskEmail("zhang@example.com"), "z***@example.com");
  EXPECT_EQ(MaskEmail("z@example.com"), "***@example.com");
  EXPECT_EQ(MaskEmail("ab@c.cn"), "a***@c.cn");
  EXPECT_EQ(MaskEmail("no address"), "***");
  EXPECT_EQ(MaskEmail("@c.cn"), "***");
  EXPECT_EQ(MaskEmail("a@"), "***");
}

TEST(Masking, Id) {  // PLT-14
  EXPECT_EQ(MaskId("11010519491231002X"), "110*************2X");
  EXPECT_EQ(MaskId("6222020200012345678"), "622**************78");
  EXPECT_EQ(MaskId("0123456789"), "012*****89");
  EXPECT_EQ(MaskId("012345678"), "***");
  EXPECT_EQ(MaskId("1"), "***");
}

TEST(Masking, DateAndRest) {  // PLT-14
  EXPECT_EQ(MaskDate("1988-03-05"), "1988-**-**");
  EXPECT_EQ(MaskDate("1988-02-30"), "***");
  EXPECT_EQ(MaskDate("03-05"), "***");
  EXPECT_EQ(MaskAll("anything"), "***");
}

TEST(Masking, EmptyStaysEmptyAndNothingIsShownWhole) {  // PLT-14
  const auto masks = {MaskPhone, MaskName, MaskOrganizationName, MaskEmail, MaskId,
                      MaskDate,  MaskAll};
  for (const auto& mask : masks) {
    EXPECT_EQ(mask(""), "");
    for (const std::string_view value :
         {"a", "张", "1", "ab", "张三", "12", "😀", "\xFF", "a@b.cn"}) {
      EXPECT_EQ(mask(value).find(value), std::string::npos) << value << " → " << mask(value);
    }
  }
}

}  // namespace
}  // namespace crm::text
