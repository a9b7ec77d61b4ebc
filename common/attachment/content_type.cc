#include "common/attachment/content_type.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/text/unicode.h"

namespace crm::attachment {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kMaxNameLength = 190;  // leaves room for an extension

struct Magic {
  size_t offset;
  std::string_view bytes;
  std::string_view type;
};

constexpr Magic kMagics[] = {
    {0, "%PDF-"sv, "application/pdf"},   {0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    {0, "\xFF\xD8\xFF"sv, "image/jpeg"}, {0, "GIF87a"sv, "image/gif"},
    {0, "GIF89a"sv, "image/gif"},        {4, "ftypM4A "sv, "audio/mp4"},
    {0, "#!AMR\n"sv, "audio/amr"},       {0, "#!AMR-WB\n"sv, "audio/amr-wb"},
    {0, "OggS\0"sv, "audio/ogg"},        {0, "ID3"sv, "audio/mpeg"},
};

// Office documents are zip files with one of these folders.
constexpr Magic kOfficeFolders[] = {
    {0, "word/"sv, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {0, "xl/"sv, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {0, "ppt/"sv, "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
};

struct Extensions {
  std::string_view type;
  std::array<std::string_view, 3> names;  // the first one is added where none fits
};

constexpr Extensions kExtensions[] = {
    {"application/pdf", {".pdf"}},
    {"image/png", {".png"}},
    {"image/jpeg", {".jpg", ".jpeg"}},
    {"image/gif", {".gif"}},
    {"audio/mp4", {".m4a"}},
    {"audio/amr", {".amr"}},
    {"audio/amr-wb", {".awb", ".amr"}},
    {"audio/ogg", {".ogg", ".oga", ".opus"}},
    {"audio/mpeg", {".mp3"}},
    {"audio/wav", {".wav"}},
    {kOfficeFolders[0].type, {".docx"}},
    {kOfficeFolders[1].type, {".xlsx"}},
    {kOfficeFolders[2].type, {".pptx"}},
    {"text/csv", {".csv"}},
    {"text/plain", {".txt", ".log", ".md"}},
};

bool IsMpegFrame(std::string_view bytes) {
  if (bytes.size() < 3) return false;
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const bool sync = at(0) == 0xFF && (at(1) & 0xE0) == 0xE0;
  const bool version = (at(1) & 0x18) != 0x08;
  const bool layer3 = (at(1) & 0x06) == 0x02;
  const bool rates = (at(2) & 0xF0) != 0xF0 && (at(2) & 0xF0) != 0 && (at(2) & 0x0C) != 0x0C;
  return sync && version && layer3 && rates;
}

std::string_view OfficeType(std::string_view head) {
  if (head.substr(0, 4) != "PK\x03\x04"sv) return {};
  if (head.find("[Content_Types].xml") == std::string_view::npos) return {};
  for (const Magic& folder : kOfficeFolders) {
    if (head.find(folder.bytes) != std::string_view::npos) return folder.type;
  }
  return {};
}

std::string_view TypeOfHead(std::string_view head) {
  for (const Magic& magic : kMagics) {
    if (head.size() > magic.offset &&
        head.substr(magic.offset, magic.bytes.size()) == magic.bytes) {
      return magic.type;
    }
  }
  if (head.substr(0, 4) == "RIFF" && head.size() >= 12 && head.substr(8, 4) == "WAVE") {
    return "audio/wav";
  }
  if (IsMpegFrame(head)) return "audio/mpeg";
  return OfficeType(head);
}

bool IsTextByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || c == '\t' || c == '\n' || c == '\r';
}

// How many bytes at the end begin a character that is not complete.
size_t OpenEnd(std::string_view bytes) {
  for (size_t back = 1; back <= std::min<size_t>(3, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

bool HasExtension(std::string_view name, std::string_view extension) {
  return !extension.empty() && name.size() > extension.size() &&
         absl::EndsWithIgnoreCase(ToAbsl(name), ToAbsl(extension));
}

// What is left of a name without folders and troublesome characters.
std::string BareName(std::string_view name) {
  const size_t folder = name.find_last_of("/\\");
  if (folder != std::string_view::npos) name.remove_prefix(folder + 1);
  std::string bare;
  for (text::CodePoints points(name); !points.done();) {
    const char32_t point = points.Next();
    std::string one;
    text::AppendUtf8(point, one);
    if (text::IsInvisible(point) || text::HasControlCharacters(one)) continue;
    const bool troublesome = one.size() == 1 && absl::StrContains("<>:\"|?*", one);
    bare += troublesome ? "_" : one;
  }
  std::string_view trimmed = text::Trim(bare);
  while (!trimmed.empty() && (trimmed.front() == '.' || trimmed.front() == ' ')) {
    trimmed.remove_prefix(1);
  }
  while (!trimmed.empty() && (trimmed.back() == '.' || trimmed.back() == ' ')) {
    trimmed.remove_suffix(1);
  }
  return std::string(trimmed);
}

}  // namespace

void ContentTypeFinder::Add(std::string_view bytes) {
  if (!started_) {
    started_ = true;
    type_ = TypeOfHead(bytes);
    may_be_text_ = type_.empty();
  }
  if (may_be_text_) AddText(bytes);
}

void ContentTypeFinder::AddText(std::string_view bytes) {
  std::string all = carry_;
  all += bytes;
  const size_t open = OpenEnd(all);
  const std::string_view text(all.data(), all.size() - open);
  carry_ = all.substr(text.size());
  may_be_text_ = text::IsValidUtf8(text) && std::all_of(text.begin(), text.end(), IsTextByte);
}

std::string_view ContentTypeFinder::Type(std::string_view file_name) const {
  if (!type_.empty()) return type_;
  if (!started_ || !may_be_text_ || !carry_.empty()) return {};
  return HasExtension(file_name, ".csv") ? "text/csv" : "text/plain";
}

std::string SafeFileName(std::string_view name, std::string_view content_type) {
  std::string bare = BareName(name);
  if (bare.empty()) bare = "file";
  for (const Extensions& extensions : kExtensions) {
    if (extensions.type != content_type) continue;
    const bool fits =
        std::any_of(extensions.names.begin(), extensions.names.end(),
                    [&](std::string_view extension) { return HasExtension(bare, extension); });
    if (fits && text::CodePointLength(bare) <= kMaxNameLength) return bare;
    return absl::StrCat(ToAbsl(text::FirstCodePoints(bare, kMaxNameLength)),
                        ToAbsl(extensions.names.front()));
  }
  return std::string(text::FirstCodePoints(bare, kMaxNameLength));
}

}  // namespace crm::attachment
