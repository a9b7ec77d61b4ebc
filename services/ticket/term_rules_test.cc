// The words of tickets: TIC-12.
#include "services/ticket/term_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crm::ticket {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class TermRulesTest : public ::testing::Test {
 protected:
  std::vector<std::string> TermsOf(const std::string& text, const std::string& requester = "") {
    v1::Ticket ticket;
    ticket.set_description(text);
    ticket.set_requester_name(requester);
    return finder_.TermsOf(ticket);
  }

  const TermFinder finder_;
};

// TIC-12
TEST_F(TermRulesTest, FindsChineseAndEnglishWords) {
  EXPECT_THAT(TermsOf("打印机无法联网，打印机没有反应。"),
              AllOf(Contains("打印机"), Not(Contains("无法")), Not(Contains("没有"))));
  EXPECT_THAT(TermsOf("The Printer is offline; PRINTER jams"),
              ElementsAre("printer", "offline", "jams"));
  EXPECT_THAT(TermsOf("ＶＰＮ连接失败"), Contains("vpn"));
  EXPECT_THAT(TermsOf("   "), IsEmpty());
}

// TIC-12: the subject counts, too.
TEST_F(TermRulesTest, ReadsSubjectAndDescription) {
  v1::Ticket ticket;
  ticket.set_subject("invoice missing");
  ticket.set_description("invoice of march");
  EXPECT_THAT(finder_.TermsOf(ticket), ElementsAre("invoice", "missing", "march"));
}

// TIC-12, PLT-14
TEST_F(TermRulesTest, PersonalDataIsNoTerm) {
  for (const char* text :
       {"电话 13800138001", "020-8888 6666", "邮箱 zhang.wei@example.com", "＋86 138-0013-8001",
        "身份证110101199003078515", "https://shop.example.com/order/zhangwei", "工号A1024",
        "www.zhangwei.cn"}) {
    for (const std::string& term : TermsOf(text)) {
      EXPECT_THAT((std::vector<std::string>{"电话", "邮箱", "身份证", "工号"}), Contains(term))
          << text;
    }
  }
}

// TIC-12, PLT-14
TEST_F(TermRulesTest, NamesAreNoTerms) {
  EXPECT_THAT(TermsOf("我叫建国，王建国，建国要退货", "王建国"), Not(Contains("建国")));
  EXPECT_THAT(TermsOf("欧阳明月的发票，明月的地址", "欧阳明月"),
              AllOf(Not(Contains("明月")), Not(Contains("欧阳")), Contains("发票")));
  EXPECT_THAT(TermsOf("请找建国先生或光明师傅换硒鼓"),
              AllOf(Not(Contains("建国")), Not(Contains("光明"))));
  EXPECT_THAT(TermsOf("联系人：光明，地址在东门"), Not(Contains("光明")));
  EXPECT_THAT(TermsOf("Mr Webster called about toner", "Jane Porter"),
              AllOf(Not(Contains("webster")), Contains("toner")));
  EXPECT_THAT(TermsOf("Porter wants toner", "Jane Porter"), Not(Contains("porter")));
}

// TIC-12, PLT-9
TEST_F(TermRulesTest, EachOnceAndNotTooMany) {
  EXPECT_THAT(TermsOf("toner toner Toner"), ElementsAre("toner"));
  std::string text;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'c'; ++b) text += std::string("wo") + a + b + "x ";
  }
  EXPECT_THAT(TermsOf(text), SizeIs(40));
  EXPECT_THAT(TermsOf("\xff\xfe broken \xe6\x89"), ElementsAre("broken"));
}

}  // namespace
}  // namespace crm::ticket
