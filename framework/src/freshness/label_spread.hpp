// LabelSpread: how entries are spread over the labels of a kind. Plain data.
#pragma once

#include <cstdint>
#include <string>

namespace freshet::detail {

struct LabelSpread {
  std::uint64_t labels = 0;   // that at least one entry carries, of those looked at
  std::uint64_t carried = 0;  // the sum of their entries
  std::string broadest{};     // carried by the most entries
  std::uint64_t broadest_entries = 0;
};

}  // namespace freshet::detail
