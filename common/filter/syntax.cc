#include "common/filter/syntax.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/request_error.h"
#include "common/text/unicode.h"

namespace crm::filter {
namespace {

constexpr std::string_view kSyntax = "FILTER_SYNTAX";
constexpr size_t kMaxBytesPerCharacter = 4;

bool IsKeyword(std::string_view word) { return word == "AND" || word == "OR" || word == "NOT"; }

bool IsAsciiMark(char32_t c) {
  return c < 0x80 &&
         std::string_view("()\"'=<>!,:").find(static_cast<char>(c)) != std::string_view::npos;
}

// Marks that a Chinese input method types in place of ours: （）：＝＜＞！，“”‘’
bool IsChineseMark(char32_t c) {
  constexpr std::u32string_view kMarks = U"（）：＝＜＞！，“”‘’";
  return kMarks.find(c) != std::u32string_view::npos;
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// `2026-05-01T` opens a time: the colons that follow belong to it.
bool OpensTime(std::string_view word) {
  constexpr std::string_view kShape = "0000-00-00T";
  if (word.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !IsDigit(word[i]) : word[i] != kShape[i]) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(std::string_view text, schema::Language language) : text_(text), language_(language) {}

  absl::StatusOr<std::optional<Expression>> Parse() {
    CRM_RETURN_IF_ERROR(CheckText());
    SkipSpace();
    if (done()) return std::nullopt;
    CRM_ASSIGN_OR_RETURN(Expression expression, ParseExpression(0));
    if (!done()) {
      return Fail(at_, "nothing opens this parenthesis", "此右括号没有对应的左括号");
    }
    return std::optional<Expression>(std::move(expression));
  }

 private:
  absl::Status CheckText() const {
    const size_t some = std::min(text_.size(), (kMaxFilterCharacters + 1) * kMaxBytesPerCharacter);
    const std::string_view most =
        text::FirstCodePoints(text_.substr(0, some), kMaxFilterCharacters);
    if (most.size() < text_.size()) {
      return Fail(most.size(), "use at most 4000 characters", "最多 4000 个字符",
                  "FILTER_TOO_LONG");
    }
    if (!text::IsValidUtf8(text_)) {
      return Fail(FirstInvalidByte(), "send valid UTF-8", "请使用有效的 UTF-8 编码");
    }
    return absl::OkStatus();
  }

  size_t FirstInvalidByte() const {
    for (text::CodePoints points(text_); !points.done();) {
      const size_t start = points.position();
      points.Next();
      if (!text::IsValidUtf8(text_.substr(start, points.position() - start))) return start;
    }
    return text_.size();
  }

  // expression = factor { [AND] factor }
  absl::StatusOr<Expression> ParseExpression(int depth) {
    Expression all{Expression::Kind::kAll, {}, {}};
    while (true) {
      CRM_ASSIGN_OR_RETURN(Expression factor, ParseFactor(depth));
      all.operands.push_back(std::move(factor));
      SkipSpace();
      const bool joined = PeekWord() == "AND";
      if (joined) at_ += 3;
      if (!joined && (done() || Peek() == ')')) return Unwrap(std::move(all));
    }
  }

  // factor = term { OR term }
  absl::StatusOr<Expression> ParseFactor(int depth) {
    Expression any{Expression::Kind::kAny, {}, {}};
    while (true) {
      CRM_ASSIGN_OR_RETURN(Expression term, ParseTerm(depth));
      any.operands.push_back(std::move(term));
      SkipSpace();
      if (PeekWord() != "OR") return Unwrap(std::move(any));
      at_ += 2;
    }
  }

  // term = [NOT | -] ( "(" expression ")" | comparison )
  absl::StatusOr<Expression> ParseTerm(int depth) {
    SkipSpace();
    const bool negated = SkipNegation();
    SkipSpace();
    CRM_ASSIGN_OR_RETURN(Expression simple,
                         Peek() == '(' ? ParseParentheses(depth) : ParseComparison());
    if (!negated) return simple;
    Expression negation{Expression::Kind::kNot, {}, {}};
    negation.operands.push_back(std::move(simple));
    return negation;
  }

  absl::StatusOr<Expression> ParseParentheses(int depth) {
    const size_t open = at_++;
    if (depth == kMaxFilterDepth) {
      return Fail(open, "use at most 20 levels of parentheses", "括号最多嵌套 20 层",
                  "FILTER_TOO_DEEP");
    }
    CRM_ASSIGN_OR_RETURN(Expression inner, ParseExpression(depth + 1));
    if (Peek() != ')') return Fail(open, "close this parenthesis", "此左括号没有对应的右括号");
    ++at_;
    return inner;
  }

  absl::StatusOr<Expression> ParseComparison() {
    Comparison comparison;
    CRM_RETURN_IF_ERROR(CountComparison(at_));
    comparison.field_offset = at_;
    CRM_ASSIGN_OR_RETURN(comparison.field, ReadName("field name", "字段名"));
    if (Peek() == '.') {
      comparison.key_offset = ++at_;
      CRM_ASSIGN_OR_RETURN(comparison.key, ReadName("name after the point", "点号后的名称"));
    }
    SkipSpace();
    comparison.op_offset = at_;
    CRM_ASSIGN_OR_RETURN(comparison.op, ReadOperator(comparison.field));
    SkipSpace();
    if (Peek() == '(') return ParseAlternatives(comparison);
    CRM_ASSIGN_OR_RETURN(comparison.literal, ReadLiteral());
    return MakeComparison(std::move(comparison));
  }

  // field = (a OR b), field:(a AND b): the comparison with each of them.
  absl::StatusOr<Expression> ParseAlternatives(const Comparison& comparison) {
    const size_t open = at_++;
    std::string joined_by;
    Expression group;
    while (true) {
      Comparison one = comparison;
      SkipSpace();
      CRM_ASSIGN_OR_RETURN(one.literal, ReadLiteral());
      group.operands.push_back(MakeComparison(std::move(one)));
      SkipSpace();
      if (Peek() == ')') break;
      if (done()) return Fail(open, "close this parenthesis", "此左括号没有对应的右括号");
      const std::string_view word = PeekWord();
      const bool joins = word == "AND" || word == "OR";
      if (!joins || (!joined_by.empty() && joined_by != word)) {
        return Fail(at_, "expected ) or the same of AND and OR as before",
                    "应为 ) 或与前面相同的 AND / OR");
      }
      joined_by = std::string(word);
      at_ += word.size();
      CRM_RETURN_IF_ERROR(CountComparison(at_));
    }
    ++at_;
    group.kind = joined_by == "AND" ? Expression::Kind::kAll : Expression::Kind::kAny;
    return Unwrap(std::move(group));
  }

  absl::StatusOr<std::string> ReadName(std::string_view en, std::string_view zh) {
    const std::string_view word = PeekWord();
    if (word.empty() || IsKeyword(word)) return ExpectedName(en, zh);
    at_ += word.size();
    return std::string(word);
  }

  absl::Status ExpectedName(std::string_view en, std::string_view zh) const {
    if (AtChineseMark()) return FailAtChineseMark();
    return Fail(at_, absl::StrCat("expected a ", ToAbsl(en)), absl::StrCat("应为", ToAbsl(zh)));
  }

  absl::StatusOr<Operator> ReadOperator(std::string_view before) {
    constexpr std::pair<std::string_view, Operator> kOperators[] = {
        {"!=", Operator::kNotEqual},
        {"<=", Operator::kLessOrEqual},
        {">=", Operator::kGreaterOrEqual},
        {"=", Operator::kEqual},
        {"<", Operator::kLess},
        {">", Operator::kGreater},
        {":", Operator::kHas},
    };
    for (const auto& [spelling, op] : kOperators) {
      if (!text_.substr(at_).starts_with(spelling)) continue;
      at_ += spelling.size();
      return op;
    }
    if (AtChineseMark()) return FailAtChineseMark();
    if (IsKeyword(absl::AsciiStrToUpper(ToAbsl(before)))) {
      return Fail(at_,
                  "expected one of = != < <= > >= : here; AND, OR and NOT are written in capitals",
                  "此处应为 = != < <= > >= : 之一；AND、OR、NOT 须大写");
    }
    return Fail(at_, "expected one of = != < <= > >= : here", "此处应为 = != < <= > >= : 之一");
  }

  absl::StatusOr<Literal> ReadLiteral() {
    Literal literal;
    literal.offset = at_;
    if (Peek() == '"' || Peek() == '\'') {
      literal.form = Literal::Form::kQuoted;
      CRM_ASSIGN_OR_RETURN(literal.text, ReadQuoted());
    } else {
      CRM_RETURN_IF_ERROR(ReadWordOrCall(literal));
    }
    CRM_RETURN_IF_ERROR(CheckLiteralEnd());
    return literal;
  }

  absl::Status ReadWordOrCall(Literal& literal) {
    const std::string_view word = PeekValue();
    if (word.empty() || IsKeyword(word)) {
      if (AtChineseMark()) return FailAtChineseMark();
      return Fail(at_, "expected a value here", "此处应为一个值");
    }
    literal.text = std::string(word);
    at_ += word.size();
    if (word == "*") literal.form = Literal::Form::kAny;
    if (Peek() != '(') return absl::OkStatus();
    literal.form = Literal::Form::kCall;
    return ReadArgument(literal);
  }

  // "(" [integer] ")"
  absl::Status ReadArgument(Literal& literal) {
    ++at_;
    SkipSpace();
    const std::string_view word = PeekValue();
    if (!word.empty()) {
      int64_t number = 0;
      if (!absl::SimpleAtoi(ToAbsl(word), &number)) {
        return Fail(at_, "expected a whole number", "应为整数");
      }
      literal.argument = number;
      at_ += word.size();
      SkipSpace();
    }
    if (Peek() != ')') return Fail(at_, "expected )", "应为 )");
    ++at_;
    return absl::OkStatus();
  }

  // "a = 1b = 2" and "a = "x"y" are slips, not two conditions.
  absl::Status CheckLiteralEnd() const {
    if (done() || Peek() == ')' || AtSpace()) return absl::OkStatus();
    if (AtChineseMark()) return FailAtChineseMark();
    return Fail(at_,
                "expected AND, OR, ) or the end after a value; put values with marks in quotes",
                "值之后应为 AND、OR、) 或结尾；含标点的值请加引号");
  }

  absl::StatusOr<std::string> ReadQuoted() {
    const size_t open = at_;
    const char quote = text_[at_++];
    std::string value;
    while (!done() && Peek() != quote) {
      if (Peek() == '\\') {
        CRM_RETURN_IF_ERROR(ReadEscape(value));
      } else {
        value += text_[at_++];
      }
    }
    if (done()) return Fail(open, "close this quotation mark", "此引号没有结束");
    ++at_;
    return value;
  }

  absl::Status ReadEscape(std::string& value) {
    constexpr std::string_view kEscapes = "\"'\\ntr";
    constexpr std::string_view kMeanings = "\"'\\\n\t\r";
    const size_t start = at_++;
    const size_t known = done() ? std::string_view::npos : kEscapes.find(Peek());
    if (known != std::string_view::npos) {
      value += kMeanings[known];
      ++at_;
      return absl::OkStatus();
    }
    const std::optional<char32_t> code_point = ReadUnicodeEscape();
    if (!code_point.has_value()) {
      return Fail(start, R"(use only the escapes \\ \" \' \n \t \r and \u with four digits)",
                  R"(只能使用转义 \\ \" \' \n \t \r 和 \u 加四位十六进制数)");
    }
    text::AppendUtf8(*code_point, value);
    return absl::OkStatus();
  }

  // u0041, or a pair of surrogates; a lone one is no character.
  std::optional<char32_t> ReadUnicodeEscape() {
    std::optional<char32_t> unit = ReadHexUnit();
    if (!unit.has_value() || *unit < 0xD800 || *unit > 0xDFFF) return unit;
    if (*unit > 0xDBFF || Peek() != '\\') return std::nullopt;
    ++at_;
    const std::optional<char32_t> low = ReadHexUnit();
    if (!low.has_value() || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
    return 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
  }

  std::optional<char32_t> ReadHexUnit() {
    uint32_t unit = 0;
    const std::string_view digits = text_.substr(std::min(at_ + 1, text_.size()), 4);
    const bool hex = digits.size() == 4 && std::all_of(digits.begin(), digits.end(), [](char c) {
                       return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                     });
    if (Peek() != 'u' || !hex || !absl::SimpleHexAtoi(ToAbsl(digits), &unit)) return std::nullopt;
    at_ += 5;
    return static_cast<char32_t>(unit);
  }

  bool SkipNegation() {
    const bool word = PeekWord() == "NOT";
    if (!word && Peek() != '-') return false;
    at_ += word ? 3 : 1;
    return true;
  }

  void SkipSpace() {
    for (text::CodePoints points(text_.substr(at_)); !points.done();) {
      const size_t start = points.position();
      if (!text::IsSpace(points.Next())) {
        at_ += start;
        return;
      }
    }
    at_ = text_.size();
  }

  // Up to white space or a mark; a point ends it too.
  std::string_view PeekWord() const {
    return PeekUntil([](char32_t c) { return c == '.'; });
  }
  // Up to white space or a mark other than the colons of a time.
  std::string_view PeekValue() const {
    return PeekUntil([](char32_t) { return false; });
  }
  template <typename Ends>
  std::string_view PeekUntil(Ends ends) const {
    const std::string_view rest = text_.substr(at_);
    for (text::CodePoints points(rest); !points.done();) {
      const size_t start = points.position();
      const char32_t c = points.Next();
      const std::string_view word = rest.substr(0, start);
      if (c == ':' && OpensTime(word)) continue;
      if (text::IsSpace(c) || IsAsciiMark(c) || IsChineseMark(c) || ends(c)) return word;
    }
    return rest;
  }

  char32_t PeekCodePoint() const { return text::CodePoints(text_.substr(at_)).Next(); }
  bool AtSpace() const { return !done() && text::IsSpace(PeekCodePoint()); }
  bool AtChineseMark() const { return !done() && IsChineseMark(PeekCodePoint()); }

  absl::Status FailAtChineseMark() const {
    return Fail(at_, "use ASCII marks such as ( ) = : \", or put the value in quotes",
                "请使用半角标点，如 ( ) = : \"，或给值加引号");
  }

  absl::Status CountComparison(size_t offset) {
    if (++comparisons_ <= kMaxFilterComparisons) return absl::OkStatus();
    return Fail(offset, "use at most 100 comparisons", "最多 100 个条件",
                "FILTER_TOO_MANY_COMPARISONS");
  }

  static Expression MakeComparison(Comparison comparison) {
    return {Expression::Kind::kComparison, {}, std::move(comparison)};
  }
  static Expression Unwrap(Expression group) {
    if (group.operands.size() != 1) return group;
    Expression only = std::move(group.operands.front());
    return only;
  }

  bool done() const { return at_ >= text_.size(); }
  char Peek() const { return done() ? '\0' : text_[at_]; }

  absl::Status Fail(size_t offset, std::string_view en, std::string_view zh,
                    std::string_view rule = kSyntax) const {
    return FilterError(text_, offset, rule, en, zh, language_);
  }

  const std::string_view text_;
  const schema::Language language_;
  size_t at_ = 0;
  int comparisons_ = 0;
};

}  // namespace

absl::StatusOr<std::optional<Expression>> ParseFilterSyntax(std::string_view filter,
                                                            schema::Language language) {
  return Parser(filter, language).Parse();
}

absl::Status FilterError(std::string_view filter, size_t offset, std::string_view rule,
                         std::string_view en, std::string_view zh, schema::Language language) {
  return RequestErrorAt({"filter", "FILTER_INVALID", language}, filter, offset, rule,
                        {std::string(en), std::string(zh)});
}

}  // namespace crm::filter
