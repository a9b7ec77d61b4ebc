#include "common/text/email.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace crm::text {
namespace {

TEST(Email, DomainInLowerCase) {  // CUS-4
  EXPECT_EQ(*NormalizeEmail("Zhang.San@Example.COM"), "Zhang.San@example.com");
  EXPECT_EQ(*NormalizeEmail(" a@b.cn "), "a@b.cn");
  EXPECT_EQ(*NormalizeEmail("ｚｈａｎｇ＠example．com"), "zhang@example.com");
  EXPECT_EQ(*NormalizeEmail("a+tag_1@mail.sub-domain.com.cn"), "a+tag_1@mail.sub-domain.com.cn");
  EXPECT_EQ(*NormalizeEmail("12345@qq.com"), "12345@qq.com");
  EXPECT_EQ(*NormalizeEmail("a@xn--fiq228c.xn--fiqs8s"), "a@xn--fiq228c.xn--fiqs8s");
}

TEST(Email, Refused) {  // CUS-4
  EXPECT_EQ(NormalizeEmail("  ").problem().rule, "EMAIL_EMPTY");
  const std::string long_local(65, 'a');
  for (const std::string& text : {std::string("a"),
                                  std::string("@b.cn"),
                                  std::string("a@"),
                                  std::string("a@b"),
                                  std::string("a@@b.cn"),
                                  std::string("a@b@c.cn"),
                                  std::string(".a@b.cn"),
                                  std::string("a.@b.cn"),
                                  std::string("a..b@c.cn"),
                                  std::string("a b@c.cn"),
                                  std::string("a@-b.cn"),
                                  std::string("a@b-.cn"),
                                  std::string("a@b..cn"),
                                  std::string("a@b.c"),
                                  std::string("a@b.123"),
                                  std::string("a@.cn"),
                                  std::string("a@b.cn."),
                                  std::string("张三@example.com"),
                                  std::string("a@例子.中国"),
                                  std::string("\"a b\"@c.cn"),
                                  std::string("a@b.cn,c@d.cn"),
                                  std::string("a\n@b.cn"),
                                  std::string("\xFF@b.cn"),
                                  long_local + "@b.cn",
                                  "a@" + std::string(64, 'b') + ".cn"}) {
    const Result<std::string> email = NormalizeEmail(text);
    ASSERT_FALSE(email.ok()) << text;
    EXPECT_EQ(email.problem().rule, "EMAIL_FORMAT") << text;
  }
}

TEST(Url, Accepted) {
  EXPECT_EQ(*NormalizeUrl("HTTPS://Www.Example.COM/Path?Q=1#A"),
            "https://www.example.com/Path?Q=1#A");
  EXPECT_EQ(*NormalizeUrl("http://example.cn"), "http://example.cn");
  EXPECT_EQ(*NormalizeUrl("http://example.cn:8080/"), "http://example.cn:8080/");
  EXPECT_EQ(*NormalizeUrl("http://192.168.1.1/a"), "http://192.168.1.1/a");
  EXPECT_EQ(*NormalizeUrl("https://example.cn/关于"), "https://example.cn/关于");
  EXPECT_EQ(*NormalizeUrl("https://example.cn?q=1"), "https://example.cn?q=1");
}

TEST(Url, Refused) {
  for (const std::string& text : {std::string(""),
                                  std::string("www.example.com"),
                                  std::string("ftp://example.com"),
                                  std::string("javascript:alert(1)"),
                                  std::string("javascript://example.com/%0aalert(1)"),
                                  std::string("http://"),
                                  std::string("http:///a"),
                                  std::string("http://localhost"),
                                  std::string("http://a b.com"),
                                  std::string("http://example.com/a b"),
                                  std::string("http://user:pw@example.com"),
                                  std::string("http://user@example.com"),
                                  std::string("http://example.com:0x50"),
                                  std::string("http://example.com:"),
                                  std::string("http://example.com:99999"),
                                  std::string("http://256.1.1.1"),
                                  std::string("http://1.2.3"),
                                  std::string("http://1.2.3.4.5"),
                                  std::string("http://[::1]/"),
                                  std::string("http://example.com/\u202Egpj"),
                                  std::string("http://example.com/<b>"),
                                  std::string("http://-a.com"),
                                  "http://example.com/" + std::string(3000, 'a')}) {
    EXPECT_FALSE(NormalizeUrl(text).ok()) << text;
  }
}

}  // namespace
}  // namespace crm::text
