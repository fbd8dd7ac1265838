// How our maps hash and compare keys: by text, with the hash that Freshet has too.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet::bench {

struct TextHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return XXH3_64bits(text.data(), text.size());
  }
  std::size_t operator()(const std::string& text) const noexcept {
    return (*this)(std::string_view(text));
  }
};

struct TextEqual {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const noexcept {
    return left == right;
  }
};

}  // namespace freshet::bench
