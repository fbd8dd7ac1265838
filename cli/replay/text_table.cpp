#include "replay/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace freshet::replay {
namespace {

constexpr std::size_t kGap = 3;

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line = fmt::format("{:<{}}", cells[0], widths[0]);
  for (std::size_t i = 1; i < cells.size(); ++i)
    line += fmt::format("{:>{}}", cells[i], widths[i] + kGap);
  return line + '\n';
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text = line_of(rows.front(), widths);
  const std::size_t gaps = kGap * (widths.size() - 1);
  text += std::string(std::accumulate(widths.begin(), widths.end(), gaps), '-') + '\n';
  for (std::size_t i = 1; i < rows.size(); ++i) text += line_of(rows[i], widths);
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string percent(double share) { return fmt::format("{:.2f} %", share * 100.0); }

}  // namespace freshet::replay
