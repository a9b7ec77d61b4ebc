#include "common/text/real_name.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

#include "absl/strings/string_view.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

constexpr Problem kEmpty{"NAME_EMPTY", "请填写真实姓名", "enter the real name"};
constexpr Problem kDigit{"NAME_DIGIT", "姓名中不能有数字", "leave out digits"};
constexpr Problem kEmoji{"NAME_EMOJI", "姓名中不能有表情符号", "leave out emoji"};
constexpr Problem kCharacters{"NAME_CHARACTERS", "姓名只能包含文字、空格和 ·",
                              "use letters, spaces and ·"};
constexpr Problem kLength{"NAME_LENGTH", "请填写完整姓名（2 至 50 个字）",
                          "enter the full name, 2 to 50 characters"};
constexpr Problem kTitle{"NAME_TITLE", "请填写真实姓名，不要用称呼",
                         "enter the full name without a title"};
constexpr Problem kNickname{"NAME_NICKNAME", "请填写真实姓名，不要用昵称",
                            "enter the real name, not a nickname"};

constexpr size_t kMinLetters = 2;
constexpr size_t kMaxLength = 50;
constexpr char32_t kDot = 0xB7;

// With at most two Chinese characters before it, a title makes no full name.
constexpr std::array<std::u32string_view, 22> kChineseTitles = {
    U"先生",   U"女士", U"小姐",   U"老师", U"太太", U"夫人", U"师傅", U"经理",
    U"总经理", U"主任", U"老板",   U"医生", U"教授", U"同学", U"阿姨", U"叔叔",
    U"大哥",   U"大姐", U"董事长", U"总监", U"厂长", U"店长"};
constexpr std::array<std::u32string_view, 13> kLatinTitles = {
    U"mr",  U"mrs",   U"ms",     U"miss", U"mx",        U"dr",    U"prof",
    U"sir", U"madam", U"mister", U"lady", U"professor", U"doctor"};

std::u32string Decode(std::string_view text) {
  std::u32string decoded;
  decoded.reserve(text.size());
  for (CodePoints points(text); !points.done();) decoded.push_back(points.Next());
  return decoded;
}

std::string Encode(std::u32string_view text) {
  std::string encoded;
  encoded.reserve(text.size() * 4);
  for (const char32_t c : text) AppendUtf8(c, encoded);
  return encoded;
}

bool IsDotLike(char32_t c) {
  return c == kDot || c == 0x2022 || c == 0x2027 || c == 0x22C5 || c == 0x30FB || c == 0xFF65 ||
         c == 0x318D;
}

bool IsLetter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  constexpr uint32_t kLetters = U_GC_L_MASK | U_GC_M_MASK;
  return IsHan(c) || (U_GET_GC_MASK(static_cast<UChar32>(c)) & kLetters) != 0;
}

bool IsEmoji(char32_t c) {
  return c >= 0x80 && (u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_EMOJI) || c == 0xFE0F);
}

bool IsJoiner(char32_t c) {
  return c == ' ' || c == '.' || c == '\'' || c == '-' || c == kDot || c == 0x2019;
}

const Problem* CheckCharacter(char32_t c) {
  if (IsEmoji(c)) return &kEmoji;
  if (IsLetter(c) || IsJoiner(c) || IsInvisible(c)) return nullptr;
  constexpr uint32_t kNumbers = U_GC_N_MASK;
  if ((U_GET_GC_MASK(static_cast<UChar32>(c)) & kNumbers) != 0) return &kDigit;
  return &kCharacters;
}

// Joiners are part of some scripts' spelling; the other invisible ones come with copied text.
bool IsStray(char32_t c) { return IsInvisible(c) && c != 0x200C && c != 0x200D; }

// Without stray characters, every run of white space as one space.
std::u32string Collapse(std::u32string_view name) {
  std::u32string collapsed;
  collapsed.reserve(name.size());
  for (const char32_t c : name) {
    if (IsStray(c) || (IsSpace(c) && collapsed.ends_with(U' '))) continue;
    collapsed.push_back(IsSpace(c) ? U' ' : c);
  }
  return collapsed;
}

// Between Chinese characters a space says nothing and a full stop is meant as a dot.
std::u32string Tidy(std::u32string_view name) {
  std::u32string tidy;
  tidy.reserve(name.size());
  for (size_t i = 0; i < name.size(); ++i) {
    const char32_t c = IsDotLike(name[i]) ? kDot : name[i];
    const bool inside = i > 0 && i + 1 < name.size() && IsHan(name[i - 1]) && IsHan(name[i + 1]);
    if (c == ' ' && inside) continue;
    tidy.push_back(c == '.' && inside ? kDot : c);
  }
  return tidy;
}

const Problem* CheckShape(std::u32string_view name) {
  if (!IsLetter(name.front())) return &kCharacters;
  // An initial may end a name: Smith J.
  if (!IsLetter(name.back()) && name.back() != '.') return &kCharacters;
  const auto doubled = [](char32_t a, char32_t b) { return a == kDot && b == kDot; };
  if (std::adjacent_find(name.begin(), name.end(), doubled) != name.end()) return &kCharacters;
  const auto letters = static_cast<size_t>(std::count_if(name.begin(), name.end(), IsLetter));
  return letters < kMinLetters || name.size() > kMaxLength ? &kLength : nullptr;
}

bool HasChineseTitle(std::u32string_view name) {
  constexpr size_t kFamilyName = 2;
  return std::any_of(kChineseTitles.begin(), kChineseTitles.end(), [&](std::u32string_view title) {
    return name.ends_with(title) && name.size() <= title.size() + kFamilyName;
  });
}

char32_t LowerLatin(char32_t c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

bool HasLatinTitle(std::u32string_view name) {
  std::u32string first(name.substr(0, name.find_first_of(U". ")));
  std::transform(first.begin(), first.end(), first.begin(), LowerLatin);
  return std::find(kLatinTitles.begin(), kLatinTitles.end(), first) != kLatinTitles.end();
}

bool Matches(std::u32string_view pattern, std::u32string_view name) {
  return std::equal(pattern.begin(), pattern.end(), name.begin(), name.end(),
                    [](char32_t p, char32_t c) { return p == 'X' ? IsHan(c) : p == c; });
}

// Longest first, so that none hides a longer one.
constexpr std::array<std::string_view, 12> kChineseForms = {
    "有限责任公司", "股份有限公司", "有限公司", "股份公司", "集团公司", "总公司",
    "有限合伙",     "普通合伙",     "股份",     "集团",     "公司",     "有限"};
constexpr std::array<std::string_view, 22> kLatinForms = {
    "co",   "company",     "ltd", "limited", "inc",      "incorporated", "llc",  "llp",
    "corp", "corporation", "plc", "group",   "holdings", "holding",      "gmbh", "ag",
    "sa",   "srl",         "bv",  "nv",      "pte",      "pty"};
// What a place's name in front is part of the name for.
constexpr std::array<std::string_view, 30> kKinds = {
    "银行", "大学",     "医院",     "学院",         "中学",   "小学", "地铁", "机场",
    "港口", "燃气",     "电力",     "水务",         "公交",   "航空", "铁路", "电视台",
    "日报", "农商银行", "商业银行", "农村商业银行", "自来水", "供水", "热力", "化工",
    "钢铁", "啤酒",     "石油",     "建工",         "地产",   "科技"};

bool IsBranch(std::string_view name) {
  return name.ends_with("分公司") || name.ends_with("子公司");
}

// `name` without one form of company at its end, unless nothing would be left.
bool StripChineseForm(std::string_view& name) {
  if (IsBranch(name)) return false;
  for (const std::string_view form : kChineseForms) {
    if (name.size() <= form.size() || !name.ends_with(form)) continue;
    name.remove_suffix(form.size());
    return true;
  }
  return false;
}

bool IsLatinForm(std::string_view word) {
  return std::find(kLatinForms.begin(), kLatinForms.end(), word) != kLatinForms.end();
}

bool IsWordCharacter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return IsHan(c) || u_isalnum(static_cast<UChar32>(c)) != 0;
}

// Runs of Chinese characters, and words of other scripts.
std::vector<std::string_view> Words(std::string_view folded) {
  std::vector<std::string_view> words;
  size_t start = 0;
  bool han = false;
  const auto end_word = [&](size_t end) {
    if (end > start) words.push_back(folded.substr(start, end - start));
  };
  for (CodePoints points(folded); !points.done();) {
    const size_t position = points.position();
    const char32_t c = points.Next();
    const bool word = IsWordCharacter(c);
    if (!word || IsHan(c) != han) end_word(position);
    if (!word) start = points.position();
    if (word && IsHan(c) != han) start = position;
    han = word ? IsHan(c) : han;
  }
  end_word(folded.size());
  return words;
}

void StripForms(std::vector<std::string_view>& words) {
  while (!words.empty()) {
    if (words.size() > 1 &&
        (IsLatinForm(words.back()) || std::find(kChineseForms.begin(), kChineseForms.end(),
                                                words.back()) != kChineseForms.end())) {
      words.pop_back();
    } else if (!StripChineseForm(words.back())) {
      return;
    }
  }
}

bool IsKind(std::string_view name) {
  return std::find(kKinds.begin(), kKinds.end(), name) != kKinds.end();
}

std::string_view StripPlaces(std::string_view name, const PlaceNames& places) {
  constexpr int kProvinceAndCity = 2;
  constexpr size_t kMinName = 2;
  for (int i = 0; i < kProvinceAndCity; ++i) {
    const std::string_view rest = places.Strip(name);
    if (CodePointLength(rest) < kMinName || IsKind(rest)) break;
    name = rest;
  }
  return name;
}

}  // namespace

RealNameRules::RealNameRules(std::span<const std::string> nicknames) {
  for (const std::string& nickname : nicknames) nicknames_.push_back(Decode(nickname));
}

std::vector<std::string> RealNameRules::DefaultNicknames() { return {"三哥", "老X", "小X", "X总"}; }

bool RealNameRules::IsNickname(std::u32string_view name) const {
  return std::any_of(nicknames_.begin(), nicknames_.end(),
                     [name](std::u32string_view pattern) { return Matches(pattern, name); });
}

Result<std::string> RealNameRules::Normalize(std::string_view text) const {
  const std::u32string name = Tidy(Collapse(Decode(ToHalfWidth(Trim(text)))));
  if (name.empty()) return kEmpty;
  for (const char32_t c : name) {
    if (const Problem* problem = CheckCharacter(c)) return *problem;
  }
  if (const Problem* problem = CheckShape(name)) return *problem;
  if (HasChineseTitle(name) || HasLatinTitle(name)) return kTitle;
  if (IsNickname(name)) return kNickname;
  return Encode(name);
}

PlaceNames::PlaceNames(std::span<const std::string> names) {
  for (const std::string& name : names) {
    std::string folded = FoldForSearch(name);
    longest_ = std::max(longest_, CodePointLength(folded));
    names_.insert(std::move(folded));
  }
}

std::string_view PlaceNames::Strip(std::string_view name) const {
  std::string_view prefix = FirstCodePoints(name, longest_);
  while (!prefix.empty()) {
    if (names_.contains(absl::string_view(prefix.data(), prefix.size()))) {
      return name.substr(prefix.size());
    }
    prefix.remove_suffix(LastCodePoints(prefix, 1).size());
  }
  return name;
}

std::string NormalizedOrganizationKey(std::string_view name, const PlaceNames& places) {
  const std::string folded = FoldForSearch(name);
  std::vector<std::string_view> words = Words(folded);
  StripForms(words);
  std::string joined;
  for (const std::string_view word : words) joined.append(word);
  return std::string(StripPlaces(joined, places));
}

}  // namespace crm::text
