// Findings: everything that is wrong with a configuration, collected; and the words that findings
// are made of.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/errors.hpp"

namespace freshet {

/// Collects, so that one run tells its reader everything. Confined to one thread.
class Findings {
 public:
  /// Any number of them.
  Findings() = default;
  /// So many and no more: the one after them is thrown as a ConfigError with those that there are. A text of a few bytes
  /// per mistake would otherwise make as many findings, each compared with every word that it could have meant.
  explicit Findings(std::size_t at_most) : at_most_(at_most) {}

  /// The same finding twice counts once when it is thrown.
  void add(Place place, std::string path, std::string message);

  /// A finding about options that have no place, or whose place the receiver looks up by its path.
  void add(std::string path, std::string message) {
    add(Place{}, std::move(path), std::move(message));
  }

  bool empty() const noexcept { return findings_.empty(); }
  const std::vector<Finding>& all() const noexcept { return findings_; }

  /// Throws a ConfigError with all of them in the order of their places, if there are any.
  void throw_if_any() const;

 private:
  std::vector<Finding> in_order() const;

  std::vector<Finding> findings_;
  std::size_t at_most_ = std::numeric_limits<std::size_t>::max();
};

/// `text` in double quotes, escaped and shortened: whatever a file holds, a message stays one
/// readable line.
std::string in_quotes(std::string_view text);

/// `path.name`, or `name` alone for an empty path; the name escaped and shortened like in_quotes().
std::string path_to(std::string_view path, std::string_view name);

/// The candidate that `word` was most likely meant to be: fewest insertions, deletions,
/// replacements and swaps of neighbours, case aside, and no more than a third of the word or so.
/// Time: word × candidates at worst, words of 64 bytes at most.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string> candidates);

/// `, did you mean "strategy"?`, or `, expected one of: eviction, key, …` when nothing is near; of
/// many candidates, the first 64 and how many more there are.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace freshet
