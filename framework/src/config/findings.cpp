// Findings, ConfigError and the words of their messages.
#include "freshet/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace freshet {
namespace {

constexpr std::size_t kShownBytes = 64;  // of a word that somebody else wrote
constexpr std::size_t kShownWords = 64;  // of those that were expected

/// At most kShownBytes of it, not ending inside a UTF-8 character, without control characters,
/// quotes escaped.
std::string shown(std::string_view text) {
  std::size_t end = std::min(text.size(), kShownBytes);
  while (end < text.size() && end > 0 && (text[end] & 0xC0) == 0x80) --end;
  std::string result;
  for (const char c : text.substr(0, end)) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  if (end < text.size()) result += "…";
  return result;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Optimal string alignment distance, case aside, if it is at most `most`; otherwise something more. Both words have at
/// most kShownBytes. Time: length × most, since what lies further than `most` off the diagonal costs more than that.
std::size_t distance(std::string_view a, std::string_view b, std::size_t most) {
  using Row = std::array<std::size_t, kShownBytes + 2>;  // one more than the word, as a bound
  const std::size_t more = most + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return more;
  Row before_last{};
  Row last{};
  Row current{};
  for (std::size_t j = 0; j <= b.size() + 1; ++j) last[j] = std::min(j, more);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t first = i > most ? i - most : 1;
    const std::size_t end = std::min(b.size(), i + most);
    current[first - 1] = first == 1 ? std::min(i, more) : more;
    for (std::size_t j = first; j <= end; ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    current[end + 1] = more;
    before_last = last;
    last = current;
  }
  return last[b.size()];
}

/// How far a word may be from what was meant: one slip for short words, up to three for long ones.
std::size_t tolerance(std::size_t length) noexcept {
  if (length <= 3) return 1;
  return length <= 6 ? 2 : 3;
}

std::string join_lines(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (!text.empty()) text += '\n';
    text += finding.text();
  }
  return text;
}

}  // namespace

std::string Finding::text() const {
  std::string text = place.file;
  if (place.line > 0)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ":", place.line, place.column);
  if (!text.empty()) text += ": ";
  if (!path.empty()) text += path + ": ";
  return text + message;
}

ConfigError::ConfigError(std::vector<Finding> findings)
    : Error(join_lines(findings)), findings_(std::move(findings)) {}

void Findings::add(Place place, std::string path, std::string message) {
  if (findings_.size() < at_most_) {
    findings_.push_back({std::move(place), std::move(path), std::move(message)});
    return;
  }
  std::vector<Finding> told = in_order();
  told.push_back({std::move(place),
                  {},
                  fmt::format("there is more: reading stopped here, after {} findings", at_most_)});
  throw ConfigError(std::move(told));
}

void Findings::throw_if_any() const {
  if (!findings_.empty()) throw ConfigError(in_order());
}

/// By place, each once.
std::vector<Finding> Findings::in_order() const {
  std::vector<Finding> sorted = findings_;
  const auto key = [](const Finding& finding) {
    return std::tuple(finding.place.line, finding.place.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&key](const Finding& a, const Finding& b) { return key(a) < key(b); });
  std::vector<Finding> once;
  for (Finding& finding : sorted) {
    const auto same = [&finding](const Finding& other) {
      return other.place == finding.place && other.path == finding.path &&
             other.message == finding.message;
    };
    // Equal findings have equal places, so they stand close together.
    bool known = false;
    for (auto other = once.rbegin(); other != once.rend() && key(*other) == key(finding) && !known;
         ++other) {
      known = same(*other) && finding.place.line > 0;
    }
    if (!known) once.push_back(std::move(finding));
  }
  return once;
}

std::string in_quotes(std::string_view text) { return '"' + shown(text) + '"'; }

std::string path_to(std::string_view path, std::string_view name) {
  return path.empty() ? shown(name) : fmt::format("{}.{}", path, shown(name));
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string> candidates) {
  if (word.empty() || word.size() > kShownBytes) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t least = tolerance(word.size()) + 1;
  for (const std::string& candidate : candidates) {
    if (least == 0) break;  // no word is nearer than the same one in other case
    if (candidate.size() > kShownBytes) continue;
    const std::size_t steps = distance(word, candidate, least - 1);
    if (steps < least && steps < std::max(word.size(), candidate.size())) {
      least = steps;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  if (const auto nearest = nearest_word(word, candidates))
    return fmt::format(", did you mean {}?", in_quotes(*nearest));
  if (candidates.empty()) return {};
  std::string list;
  for (const std::string& candidate : candidates.first(std::min(candidates.size(), kShownWords)))
    list += (list.empty() ? "" : ", ") + shown(candidate);
  if (candidates.size() > kShownWords)
    list += fmt::format(" and {} more", candidates.size() - kShownWords);
  return fmt::format(", expected {}{}", candidates.size() == 1 ? "" : "one of: ", list);
}

}  // namespace freshet
