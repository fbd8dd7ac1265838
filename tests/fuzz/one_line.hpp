// What every message about somebody else's text must be.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/fuzzers.hpp"

namespace freshet::fuzz {

/// There is one, it is one line, nothing in it steers a terminal, and it stays short whatever it is about.
inline void require_one_line(std::string_view message) {
  constexpr std::size_t kMaxBytes = 8 * 1024;
  const bool plain = std::none_of(message.begin(), message.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  require(!message.empty(), "a message says something");
  require(plain, "a message is one line without control characters: " + std::string(message));
  require(message.size() <= kMaxBytes, "a message is short");
}

}  // namespace freshet::fuzz
