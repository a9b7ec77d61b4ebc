#include "services/ticket/word_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;

// TIC-12
TEST(WordPiecesTest, JoinsWhatWasCutTooFine) {
  EXPECT_THAT(JoinPieces({"打印", "机", "没有", "反应"}), ElementsAre("打印机", "没有", "反应"));
  EXPECT_THAT(JoinPieces({"硒", "鼓", "漏", "粉"}), ElementsAre("硒鼓", "漏粉"));
  EXPECT_THAT(JoinPieces({"打印", "", "机"}), ElementsAre("打印", "", "机"));
  EXPECT_THAT(JoinPieces({"发票", "未", "收到"}), ElementsAre("发票", "未", "收到"));
  EXPECT_THAT(JoinPieces({"printer", "机"}), ElementsAre("printer", "机"));
}

// TIC-12, PLT-14
TEST(WordPiecesTest, LeavesNamesApart) {
  EXPECT_THAT(JoinPieces({"王", "建国", "发票"}), ElementsAre("王", "", "发票"));
  EXPECT_THAT(JoinPieces({"李", "秀", "英", "发票"}), ElementsAre("李", "", "", "发票"));
  EXPECT_THAT(JoinPieces({"张", "伟"}), ElementsAre("张", ""));
  EXPECT_THAT(JoinPieces({"通知", "王", "建国"}), ElementsAre("通知", "王", ""));
}

}  // namespace
}  // namespace crm::ticket
