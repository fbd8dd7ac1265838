// Tables and numbers for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace freshet::replay {

/// Rows of cells as aligned text: the first column to the left, the others to the right, a rule
/// under the first row. All rows have as many cells. Ends with a newline.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number);

/// 0.12345 as "12.35 %".
std::string percent(double share);

}  // namespace freshet::replay
