#include "common/testing/source_queries.h"

#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/db/db_error.h"
#include "common/source_tree/source_tree.h"

namespace crm::testing {
namespace {

// Blanks and comments.
void SkipSpace(re2::StringPiece& text) {
  static const auto& space = *new RE2(R"((?:\s|//[^\n]*\n)+)");
  RE2::Consume(&text, space);
}

bool Skip(re2::StringPiece& text, const RE2& token) {
  SkipSpace(text);
  return RE2::Consume(&text, token);
}

// One or more string literals side by side; none if something else stands there.
std::optional<std::string> ReadText(re2::StringPiece& text) {
  static const auto& raw = *new RE2(R"re((?s)R"sql\((.*?)\)sql")re");
  static const auto& plain = *new RE2(R"re("((?:[^"\\]|\\.)*)")re");
  std::optional<std::string> whole;
  std::string part;
  while (true) {
    SkipSpace(text);
    if (RE2::Consume(&text, plain, &part)) {
      const std::string written = part;
      absl::CUnescape(written, &part);
    } else if (!RE2::Consume(&text, raw, &part)) {
      return whole;
    }
    whole = whole.value_or("") + part;
  }
}

// Behind the opening brace: `"name", "SQL"}`.
std::optional<SourceQuery> ReadQuery(re2::StringPiece text) {
  const auto name = ReadText(text);
  if (!name.has_value() || !Skip(text, ",")) return std::nullopt;
  const auto sql = ReadText(text);
  if (!sql.has_value() || !Skip(text, "\\}")) return std::nullopt;
  return SourceQuery{*name, *sql};
}

// Behind the opening brace: `"table", {"column", …}, "what follows the values"}`.
std::optional<SourceQuery> ReadInsert(re2::StringPiece text) {
  const auto table = ReadText(text);
  if (!table.has_value() || !Skip(text, ",") || !Skip(text, "\\{")) return std::nullopt;
  std::vector<std::string> columns;
  while (auto column = ReadText(text)) {
    columns.push_back(*std::move(column));
    Skip(text, ",");
  }
  if (columns.empty() || !Skip(text, "\\}") || !Skip(text, ",")) return std::nullopt;
  const std::string marks = absl::StrJoin(std::vector<std::string>(columns.size(), "?"), ", ");
  return SourceQuery{absl::StrCat("insert ", *table),
                     absl::StrCat("INSERT INTO ", *table, " (", absl::StrJoin(columns, ", "),
                                  ") VALUES (", marks, ") ", ReadText(text).value_or(""))};
}

// Of tests, and what runs outside of any schema.
bool IsLeftOut(const std::filesystem::path& file) {
  static const auto& names =
      *new RE2(R"((?:.*_test|.*test_.*|echo_server|mysql_connection|source_queries)\.(?:cc|h))");
  const std::string extension = file.extension();
  return (extension != ".cc" && extension != ".h") ||
         RE2::FullMatch(file.filename().string(), names);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<SourceQuery> QueriesOf(std::string_view file, std::string_view text) {
  static const auto& comments = *new RE2(R"((?m)^\s*//.*$)");
  static const auto& begin =
      *new RE2(R"((constexpr (?:db::)?Query \w+|Select\(|Execute\(|ExecuteRows\(|InsertSpec)\{)");
  std::string code(text);
  RE2::GlobalReplace(&code, comments, "");
  std::vector<SourceQuery> queries;
  re2::StringPiece rest(code);
  std::string what;
  while (RE2::FindAndConsume(&rest, begin, &what)) {
    auto query = what == "InsertSpec" ? ReadInsert(rest) : ReadQuery(rest);
    // A constant that is written in another way is not left out: it cannot be prepared as it is
    // read here.
    if (!query.has_value() && absl::StartsWith(what, "constexpr")) query = SourceQuery{what, ""};
    if (!query.has_value()) continue;
    query->where = absl::StrCat(ToAbsl(file), ": ", query->where);
    queries.push_back(*std::move(query));
  }
  return queries;
}

std::vector<SourceQuery> QueriesIn(std::string_view folder) {
  std::vector<SourceQuery> queries;
  const std::filesystem::path root = SourceFile("");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
    if (!entry.is_regular_file() || IsLeftOut(entry.path())) continue;
    const std::string name = std::filesystem::relative(entry.path(), root);
    std::vector<SourceQuery> found = QueriesOf(name, ReadFile(entry.path()));
    std::move(found.begin(), found.end(), std::back_inserter(queries));
  }
  return queries;
}

std::vector<std::string> Unpreparable(TestDatabase& database,
                                      const std::vector<SourceQuery>& queries) {
  constexpr db::Query kKeep{"keep_statement", "SET @statement = ?"};
  constexpr db::Query kPrepare{"prepare_statement", "PREPARE statement_of_test FROM @statement"};
  std::vector<std::string> refused;
  auto connection = database.pool().Acquire(TestDatabase::Deadline());
  if (!connection.ok()) return {connection.status().ToString()};
  for (const SourceQuery& query : queries) {
    absl::Status status = (*connection)->Execute(kKeep, {query.sql}).status();
    if (status.ok()) status = (*connection)->ExecuteText(kPrepare);
    if (status.ok()) continue;
    refused.push_back(absl::StrCat(query.where, ": error ", db::DriverCodeOf(status), ": ",
                                   query.sql.substr(0, 200)));
  }
  return refused;
}

}  // namespace crm::testing
