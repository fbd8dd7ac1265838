// Patterns in the names of blocks, compared with what the words of the grammar say.
//
// The input is two patterns and a name, one in a line.
#include <algorithm>
#include <vector>

#include "config/block_resolver.hpp"
#include "config/glob.hpp"
#include "freshet/limits.hpp"
#include "fuzz/fuzzers.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMaxCompared = 96;  // more than one word of places

/// Which pairs of places in two patterns some name can lead to at once; `wild`: whether `*` and `?` of `b` count.
bool plainly_meet(std::string_view a, std::string_view b, bool wild) {
  const auto star = [](std::string_view text, std::size_t at) {
    return at < text.size() && text[at] == '*';
  };
  std::vector<std::vector<bool>> reached(a.size() + 1, std::vector<bool>(b.size() + 1));
  reached[0][0] = true;
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (!reached[i][j]) continue;
      const bool star_a = star(a, i);
      const bool star_b = wild && star(b, j);
      if (star_a) reached[i + 1][j] = true;  // the star takes nothing more
      if (star_b) reached[i][j + 1] = true;
      if (star_a && j < b.size()) reached[i][j + 1] = true;  // the star takes what b has here
      if (star_b && i < a.size()) reached[i + 1][j] = true;
      if (star_a || star_b || i == a.size() || j == b.size()) continue;
      if (a[i] == '?' || (wild && b[j] == '?') || a[i] == b[j]) reached[i + 1][j + 1] = true;
    }
  }
  return reached[a.size()][b.size()];
}

}  // namespace

void fuzz_block_glob(std::string_view input) {
  const auto [a, rest] = split_at(input, "\n");
  const auto [b, name] = split_at(rest, "\n");
  if (std::max(a.size(), b.size()) > kMaxNamespaceBytes) return;  // no block may be called so
  const bool matches = config::glob_matches(a, name);
  const bool meets = config::globs_meet(a, b);
  require(meets == config::globs_meet(b, a), "two patterns meet each other");
  require(config::globs_meet(a, a), "a pattern meets itself");
  if (matches && config::glob_matches(b, name)) require(meets, "patterns that match one name meet");
  require(config::is_glob(a) == (config::literal_prefix(a).size() < a.size()),
          "a pattern is more than its literal prefix");
  if (matches)
    require(name.starts_with(config::literal_prefix(a)), "a match begins as the pattern");
  if (a.size() <= kMaxCompared && b.size() <= kMaxCompared && name.size() <= kMaxCompared) {
    require(matches == plainly_meet(a, name, false), "a pattern matches what its words say");
    require(meets == plainly_meet(a, b, true), "patterns meet where some name fits both");
  }

  const std::vector<std::string> blocks{std::string(a), std::string(b)};
  const auto block = config::BlockResolver(blocks).find(name);
  const bool served = a == name || b == name || (config::is_glob(a) && matches) ||
                      (config::is_glob(b) && config::glob_matches(b, name));
  // A name with wildcards in it serves no namespace of exactly that name.
  if (!config::is_glob(name))
    require(block.has_value() == served, "a block serves what it matches");
}

}  // namespace freshet::fuzz
