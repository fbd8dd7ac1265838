// Lets fmt print Statistics: fmt::print("{}\n", invalidator.stats()). The only public header that includes fmt.
#pragma once

#include <fmt/format.h>  // core.h declares the formatter of strings, only this defines it

#include <string>
#include <string_view>

#include "freshet/statistics.hpp"

template <>
struct fmt::formatter<freshet::Statistics> : fmt::formatter<std::string_view> {
  template <class FormatContext>
  auto format(const freshet::Statistics& statistics, FormatContext& context) const {
    const std::string text = statistics.text();
    return fmt::formatter<std::string_view>::format(text, context);
  }
};
