// The rules of contents and file names.
#include "common/attachment/content_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace crm::attachment {
namespace {

using ::testing::HasSubstr;

std::string TypeOf(std::string_view content, std::string_view name = "file") {
  ContentTypeFinder finder;
  finder.Add(content);
  return std::string(finder.Type(name));
}

// TIC-9
TEST(ContentType, IsFoundFromTheBytes) {
  EXPECT_EQ(TypeOf("%PDF-1.4"), "application/pdf");
  EXPECT_EQ(TypeOf("\x89PNG\r\n\x1a\n\0\0"), "image/png");
  EXPECT_EQ(TypeOf("\xFF\xD8\xFF\xE0 JFIF"), "image/jpeg");
  EXPECT_EQ(TypeOf("GIF89a..."), "image/gif");
  EXPECT_EQ(TypeOf("RIFF....WAVEfmt "), "audio/wav");
  EXPECT_EQ(TypeOf(std::string("\0\0\0 ftypM4A ", 12)), "audio/mp4");
  EXPECT_EQ(TypeOf("#!AMR\n<"), "audio/amr");
  EXPECT_EQ(TypeOf(std::string("OggS\0\2", 6)), "audio/ogg");
  EXPECT_EQ(TypeOf("ID3\x04"), "audio/mpeg");
  EXPECT_EQ(TypeOf("\xFF\xFB\x90\x64"), "audio/mpeg");
  EXPECT_THAT(TypeOf("PK\x03\x04....[Content_Types].xml....word/document.xml"),
              HasSubstr("wordprocessingml"));
  EXPECT_THAT(TypeOf("PK\x03\x04....[Content_Types].xml....xl/workbook.xml"),
              HasSubstr("spreadsheetml"));
  EXPECT_EQ(TypeOf("姓名,电话\r\n", "客户.CSV"), "text/csv");
  EXPECT_EQ(TypeOf("你好\n", "note.txt"), "text/plain");
}

// TIC-9
TEST(ContentType, RefusesEverythingElse) {
  EXPECT_EQ(TypeOf("MZ\x90\0"), "");  // a program
  EXPECT_EQ(TypeOf("PK\x03\x04 plain zip"), "");
  EXPECT_EQ(TypeOf(std::string("\0\0\0 ftypisom", 12)), "");  // a video
  EXPECT_EQ(TypeOf(std::string("RIFF\x10\0\0\0AVI LIST", 16)), "");
  EXPECT_EQ(TypeOf("\xD6\xD0\xB9\xFA", "gbk.txt"), "");
  EXPECT_EQ(TypeOf("bell \a"), "");
  EXPECT_EQ(TypeOf(""), "text/plain");  // nothing in it to refuse; the length is checked elsewhere
}

// TIC-9: a character may be cut in two by the pieces.
TEST(ContentType, TextIsCheckedAcrossPieces) {
  const std::string text = "价格表";
  ContentTypeFinder finder;
  for (const char byte : text) finder.Add(std::string_view(&byte, 1));
  EXPECT_EQ(finder.Type("a.txt"), "text/plain");
  ContentTypeFinder cut;
  cut.Add(std::string_view(text).substr(0, 4));
  EXPECT_EQ(cut.Type("a.txt"), "");
  ContentTypeFinder late;
  late.Add("fine so far ");
  EXPECT_FALSE(late.refused());
  late.Add("\x01");
  EXPECT_TRUE(late.refused());
}

// TIC-9
TEST(FileName, IsMadeSafe) {
  EXPECT_EQ(SafeFileName("合同.pdf", "application/pdf"), "合同.pdf");
  EXPECT_EQ(SafeFileName("../../etc/合同.exe", "application/pdf"), "合同.exe.pdf");
  EXPECT_EQ(SafeFileName("C:\\temp\\a.JPG", "image/jpeg"), "a.JPG");
  EXPECT_EQ(SafeFileName("a<b>|c?.png", "image/png"), "a_b__c_.png");
  EXPECT_EQ(SafeFileName("..", "image/png"), "file.png");
  EXPECT_EQ(SafeFileName("a\xE2\x80\xAEgnp.exe\n.png", "image/png"), "agnp.exe.png");
  EXPECT_EQ(SafeFileName(".png", "image/png"), "png.png");
  EXPECT_EQ(SafeFileName(std::string(400, 'x'), "image/png"), std::string(190, 'x') + ".png");
}

}  // namespace
}  // namespace crm::attachment
