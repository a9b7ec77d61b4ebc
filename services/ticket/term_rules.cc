#include "services/ticket/term_rules.h"

#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/absl_view.h"
#include "common/text/unicode.h"
#include "services/ticket/word_pieces.h"

namespace crm::ticket {
namespace {

constexpr size_t kMaxTerms = 40;
constexpr size_t kMinHan = 2;
constexpr size_t kMaxHan = 12;
constexpr size_t kMinLetters = 3;
constexpr size_t kMaxLetters = 30;

using Words = absl::flat_hash_set<std::string>;

const Words& EmptyWords() {
  static const Words& words = *new Words{
      // What every request says.
      "你好",   "您好",   "谢谢",  "麻烦",   "请问",   "需要",   "可以",    "不能",     "无法",
      "没有",   "现在",   "今天",  "昨天",   "明天",   "我们",   "你们",    "他们",     "自己",
      "一个",   "一下",   "一直",  "已经",   "还是",   "但是",   "因为",    "所以",     "如果",
      "这个",   "那个",   "这些",  "那些",   "什么",   "怎么",   "为什么",  "如何",     "时候",
      "之后",   "之前",   "以后",  "以前",   "然后",   "目前",   "问题",    "情况",     "客户",
      "公司",   "联系",   "帮忙",  "处理",   "解决",   "尽快",   "希望",    "要求",     "进行",
      "出现",   "发现",   "导致",  "仍然",   "依旧",   "依然",   "不是",    "就是",     "还有",
      "以及",   "或者",   "并且",  "而且",   "其他",   "多次",   "反馈",    "表示",     "the",
      "and",    "for",    "with",  "that",   "this",   "from",   "have",    "has",      "had",
      "was",    "were",   "are",   "not",    "but",    "you",    "your",    "our",      "can",
      "cannot", "could",  "would", "should", "please", "thanks", "thank",   "hello",    "dear",
      "when",   "what",   "how",   "why",    "who",    "which",  "there",   "their",    "they",
      "them",   "then",   "than",  "been",   "being",  "will",   "its",     "also",     "any",
      "all",    "some",   "does",  "did",    "doing",  "get",    "got",     "need",     "still",
      "after",  "before", "again", "today",  "now",    "issue",  "problem", "customer", "help"};
  return words;
}

// What comes before these is somebody's name.
const Words& TitlesAfter() {
  static const Words& words =
      *new Words{"先生", "女士", "小姐", "经理", "老师", "师傅", "总监", "主任", "同学", "老板"};
  return words;
}

// What comes after these is.
const Words& LeadsBefore() {
  static const Words& words =
      *new Words{"我叫",   "我是", "姓名", "名叫", "联系人", "收件人", "名字", "叫",
                 "联络人", "mr",   "mrs",  "ms",   "miss",   "name",   "sir",  "madam"};
  return words;
}

bool IsAddressCharacter(char32_t point) {
  constexpr std::string_view kMarks = ".-_+%@:/?=&#~";
  if (point >= 0x80) return false;
  const char character = static_cast<char>(point);
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) ||
         kMarks.find(character) != std::string_view::npos;
}

// Blanks runs of ASCII that hold an `@`, a digit or `://`: addresses, numbers, codes.
std::string WithoutAddresses(std::string_view text) {
  std::string kept;
  std::string run;
  const auto flush = [&] {
    const bool address =
        run.find('@') != std::string::npos || run.find("://") != std::string::npos ||
        run.find("www.") != std::string::npos ||
        std::any_of(run.begin(), run.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
    if (address) {
      kept.push_back(' ');
    } else {
      kept.append(run);
    }
    run.clear();
  };
  for (text::CodePoints points(text); !points.done();) {
    const char32_t point = points.Next();
    if (IsAddressCharacter(point)) {
      run.push_back(static_cast<char>(point));
    } else {
      flush();
      text::AppendUtf8(point, kept);
    }
  }
  flush();
  return kept;
}

// Also one that was joined with what comes after it.
bool IsTitle(std::string_view word) {
  constexpr size_t kTitleLength = 2;
  return TitlesAfter().contains(std::string(text::FirstCodePoints(word, kTitleLength)));
}

bool IsTerm(const std::string& word) {
  if (EmptyWords().contains(word) || IsTitle(word)) return false;
  if (IsAllHan(word)) {
    const size_t length = text::CodePointLength(word);
    return length >= kMinHan && length <= kMaxHan;
  }
  return word.size() >= kMinLetters && word.size() <= kMaxLetters &&
         std::all_of(word.begin(), word.end(),
                     [](unsigned char c) { return absl::ascii_isalpha(c); });
}

// The name, and what is left of it without a family name.
Words NamesOf(std::string_view requester) {
  Words names;
  const std::string folded = text::FoldForSearch(requester);
  for (absl::string_view part : absl::StrSplit(folded, ' ', absl::SkipEmpty())) {
    names.emplace(part);
  }
  if (!folded.empty() && IsAllHan(folded)) {
    const size_t length = text::CodePointLength(folded);
    for (size_t rest = kMinHan; rest < length; ++rest) {
      names.emplace(text::LastCodePoints(folded, rest));
      names.emplace(text::FirstCodePoints(folded, rest));
    }
  }
  return names;
}

}  // namespace

class TermFinder::Cutter {
 public:
  Cutter() {
    UErrorCode error = U_ZERO_ERROR;
    iterator_.reset(icu::BreakIterator::createWordInstance(icu::Locale::getChinese(), error));
    if (U_FAILURE(error)) iterator_.reset();
  }

  // In order; punctuation and blanks in between come as empty words.
  std::vector<std::string> Cut(const std::string& text) const {
    std::vector<std::string> words;
    if (iterator_ == nullptr) return words;
    const icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(text);
    iterator_->setText(unicode);
    int32_t begin = iterator_->first();
    for (int32_t end = iterator_->next(); end != icu::BreakIterator::DONE;
         begin = end, end = iterator_->next()) {
      std::string& word = words.emplace_back();
      if (iterator_->getRuleStatus() < UBRK_WORD_LETTER) continue;
      unicode.tempSubStringBetween(begin, end).toUTF8String(word);
    }
    return words;
  }

 private:
  std::unique_ptr<icu::BreakIterator> iterator_;
};

TermFinder::TermFinder() : cutter_(std::make_unique<Cutter>()) {}
TermFinder::~TermFinder() = default;

std::vector<std::string> TermFinder::TermsOf(const v1::Ticket& ticket) const {
  std::string text = WithoutAddresses(
      text::FoldForSearch(absl::StrCat(ticket.subject(), "。", ticket.description())));
  const std::string name = text::FoldForSearch(ticket.requester_name());
  if (!name.empty()) text = absl::StrReplaceAll(text, {{name, " "}});
  const Words names = NamesOf(ticket.requester_name());
  const std::vector<std::string> words = JoinPieces(cutter_->Cut(text));
  std::vector<std::string> terms;
  Words seen;
  const std::string none;
  const auto at = [&](size_t i) -> const std::string& {
    return i < words.size() ? words[i] : none;  // before the first one, too
  };
  for (size_t i = 0; i < words.size() && terms.size() < kMaxTerms; ++i) {
    const std::string& word = words[i];
    if (word.empty() || !IsTerm(word) || names.contains(word)) continue;
    if (IsTitle(at(i + 1)) || LeadsBefore().contains(at(i - 1))) continue;
    // With a blank or a colon in between.
    if (at(i - 1).empty() && LeadsBefore().contains(at(i - 2))) continue;
    if (seen.insert(word).second) terms.push_back(word);
  }
  return terms;
}

}  // namespace crm::ticket
