// TextMap: which line and column a byte of a text stands in, and whether the text is one that YAML
// allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/errors.hpp"

namespace freshet::config {

/// Reads the text once when made; a place costs the same wherever it is. The text outlives it.
class TextMap {
 public:
  TextMap(std::string_view text, std::string file);

  struct Fault {
    Place place;
    std::string message;
  };
  /// The first byte that is no part of a UTF-8 character, or that is a control character other than
  /// tab and line ends. yaml-cpp lets the former through and takes byte 4 for the end of the file.
  const std::optional<Fault>& fault() const noexcept { return fault_; }

  /// From a line and a byte within it, both counted from 0.
  Place place(std::size_t line, std::size_t byte) const;

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> lines_;  // where each begins
  std::vector<std::uint32_t>
      followers_;  // bytes before this one that continue a character; empty for ASCII
  std::optional<Fault> fault_;
};

}  // namespace freshet::config
