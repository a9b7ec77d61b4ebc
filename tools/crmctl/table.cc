#include "tools/crmctl/table.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/text/unicode.h"

namespace crm::cli {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kNarrowest = 6;
constexpr std::string_view kCut = "…";

bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// The longest beginning of `text` that is not wider than `width`.
std::string_view Beginning(std::string_view text, size_t width) {
  size_t used = 0;
  for (text::CodePoints points(text); !points.done();) {
    const size_t start = points.position();
    points.Next();
    used += text::DisplayWidth(text.substr(start, points.position() - start));
    if (used > width) return text.substr(0, start);
  }
  return text;
}

void WrapLine(std::string_view line, size_t width, std::vector<std::string>& lines) {
  while (width > 1 && text::DisplayWidth(line) > width) {
    std::string_view part = Beginning(line, width);
    const size_t blank = part.rfind(' ');
    if (blank != std::string_view::npos && blank > part.size() / 2)
      part = part.substr(0, blank + 1);
    lines.emplace_back(part);
    line.remove_prefix(part.size());
  }
  lines.emplace_back(line);
}

void TrimRight(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (text::CodePoints points(text); !points.done();) {
    const char32_t c = points.Next();
    if (c == '\t') {
      clean += ' ';
    } else if (c == '\n' || !IsControl(c)) {
      text::AppendUtf8(c, clean);
    }
  }
  return clean;
}

std::string FitToWidth(std::string_view text, size_t width) {
  if (text::DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  return std::string(Beginning(text, width - 1)).append(kCut);
}

std::string Pad(std::string_view text, size_t width, Align align) {
  const size_t used = text::DisplayWidth(text);
  const std::string blanks(width > used ? width - used : 0, ' ');
  return align == Align::kLeft ? std::string(text) + blanks : blanks + std::string(text);
}

std::vector<std::string> WrapToWidth(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const size_t end = text.find('\n');
    WrapLine(text.substr(0, end), width, lines);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

Table::Table(std::vector<Column> columns, size_t width, Style style)
    : columns_(std::move(columns)), width_(width), style_(style) {}

void Table::Add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  std::vector<std::vector<std::string>> row;
  for (const std::string& cell : cells) row.push_back(WrapToWidth(Printable(cell), 0));
  rows_.push_back(std::move(row));
}

std::string Table::Flush() {
  std::string out;
  if (widths_.empty()) {
    FixWidths();
    out = Header();
  }
  for (const auto& row : rows_) Append(row, out);
  rows_.clear();
  return out;
}

void Table::FixWidths() {
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t widest = text::DisplayWidth(columns_[c].title);
    for (const auto& row : rows_) {
      for (const std::string& line : row[c]) widest = std::max(widest, text::DisplayWidth(line));
    }
    widths_.push_back(widest);
  }
  if (width_ == 0 || widths_.empty()) return;
  const size_t gaps = kGap * (widths_.size() - 1);
  while (std::accumulate(widths_.begin(), widths_.end(), gaps) > width_) {
    size_t& widest = *std::max_element(widths_.begin(), widths_.end());
    if (widest <= kNarrowest) return;
    --widest;
  }
}

std::string Table::Header() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string rule;
  for (size_t c = 0; c < widths_.size(); ++c) {
    if (c > 0) rule.append(kGap, ' ');
    for (size_t i = 0; i < widths_[c]; ++i) rule += "─";
  }
  return style_.Bold(Line(titles)) + "\n" + style_.Dim(rule) + "\n";
}

void Table::Append(const std::vector<std::vector<std::string>>& row, std::string& out) const {
  size_t height = 0;
  for (const auto& cell : row) height = std::max(height, cell.size());
  for (size_t line = 0; line < height; ++line) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(line < cell.size() ? cell[line] : "");
    out += Line(cells) + "\n";
  }
}

std::string Table::Line(const std::vector<std::string>& cells) const {
  std::string line;
  for (size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) line.append(kGap, ' ');
    const std::string cell = width_ == 0 ? cells[c] : FitToWidth(cells[c], widths_[c]);
    line += Pad(cell, widths_[c], columns_[c].align);
  }
  TrimRight(line);
  return line;
}

std::string Details(const std::vector<std::pair<std::string, std::string>>& lines, size_t width,
                    const Style& style) {
  size_t widest = 0;
  for (const auto& [label, value] : lines) widest = std::max(widest, text::DisplayWidth(label));
  const size_t room = width > widest + kGap ? width - widest - kGap : 0;
  std::string out;
  for (const auto& [label, value] : lines) {
    std::string title = label;
    for (const std::string& part : WrapToWidth(Printable(value), room)) {
      out += style.Dim(Pad(title, widest, Align::kLeft)) + std::string(kGap, ' ') + part + "\n";
      title.clear();
    }
  }
  return out;
}

}  // namespace crm::cli
