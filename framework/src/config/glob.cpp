// Matching goes from left to right and, on a mismatch, back to the last star only: what lies before
// it fits already, and taking a run as early as possible leaves the most for the rest.
#include "config/glob.hpp"

#include <algorithm>
#include <cstddef>

namespace freshet::config {
namespace {

/// `same(pattern character, name character)` says whether they agree.
template <class Same>
bool match(std::string_view pattern, std::string_view name, Same same) noexcept {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last one passed
  std::size_t resume = 0;                     // where in the name its run ends for now
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && same(pattern[p], name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool agree(char a, char b) noexcept { return a == '?' || b == '?' || a == b; }

/// Whether the first characters of both agree, as many as both have.
bool heads_agree(std::string_view a, std::string_view b) noexcept {
  const std::size_t shared = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shared), b.begin(), agree);
}

bool tails_agree(std::string_view a, std::string_view b) noexcept {
  const std::size_t shared = std::min(a.size(), b.size());
  return std::equal(a.rbegin(), a.rbegin() + static_cast<std::ptrdiff_t>(shared), b.rbegin(),
                    agree);
}

}  // namespace

bool is_glob(std::string_view pattern) noexcept {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

std::string_view literal_prefix(std::string_view pattern) noexcept {
  return pattern.substr(0, pattern.find_first_of("*?"));
}

bool glob_matches(std::string_view pattern, std::string_view name) noexcept {
  return match(pattern, name, [](char p, char n) { return p == '?' || p == n; });
}

bool globs_meet(std::string_view a, std::string_view b) noexcept {
  const std::size_t star_a = a.find('*');
  const std::size_t star_b = b.find('*');
  // Without a star the length is fixed, and the one can be read as a name in which `?` agrees with
  // anything.
  if (star_a == std::string_view::npos) return match(b, a, agree);
  if (star_b == std::string_view::npos) return match(a, b, agree);
  // With a star in each, the ends decide: head, both middles one after the other, tail is a name
  // for both.
  return heads_agree(a.substr(0, star_a), b.substr(0, star_b)) &&
         tails_agree(a.substr(a.rfind('*') + 1), b.substr(b.rfind('*') + 1));
}

}  // namespace freshet::config
