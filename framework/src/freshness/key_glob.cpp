#include "freshness/key_glob.hpp"

#include <algorithm>

namespace freshet::detail {
namespace {

using ByteSet = std::array<bool, 256>;

// One step of a pattern: what it accepts, or a star.
struct Parsed {
  ByteSet accepts{};
  bool star = false;
};

ByteSet single(char byte) {
  ByteSet set{};
  set[static_cast<unsigned char>(byte)] = true;
  return set;
}

// `text` starts after the bracket; takes what belongs to the set from it.
std::optional<ByteSet> parse_set(std::string_view& text) {
  const bool inverted = !text.empty() && text.front() == '!';
  if (inverted) text.remove_prefix(1);
  ByteSet set{};
  for (bool first = true;; first = false) {
    if (text.empty()) return std::nullopt;
    if (text.front() == ']' && !first) break;
    const auto from = static_cast<unsigned char>(text.front());
    auto to = from;
    if (text.size() > 2 && text[1] == '-' && text[2] != ']') {
      to = static_cast<unsigned char>(text[2]);
      text.remove_prefix(2);
    }
    text.remove_prefix(1);
    for (unsigned byte = from; byte <= to; ++byte) set[byte] = true;
  }
  text.remove_prefix(1);
  if (inverted) std::transform(set.begin(), set.end(), set.begin(), [](bool in) { return !in; });
  return set;
}

std::optional<std::vector<Parsed>> parse_steps(std::string_view text) {
  std::vector<Parsed> steps;
  while (!text.empty()) {
    const char next = text.front();
    text.remove_prefix(1);
    Parsed step;
    if (next == '*') {
      step.star = true;
      if (!steps.empty() && steps.back().star) continue;
    } else if (next == '?') {
      step.accepts.fill(true);
    } else if (next == '[') {
      const auto set = parse_set(text);
      if (!set) return std::nullopt;
      step.accepts = *set;
    } else if (next == '\\') {
      if (text.empty()) return std::nullopt;
      step.accepts = single(text.front());
      text.remove_prefix(1);
    } else {
      step.accepts = single(next);
    }
    steps.push_back(step);
  }
  return steps;
}

constexpr std::size_t kBits = 64;

}  // namespace

std::optional<KeyGlob> KeyGlob::parse(std::string_view pattern) {
  const auto steps = parse_steps(pattern);
  if (!steps) return std::nullopt;
  KeyGlob glob;
  glob.text_ = pattern;
  glob.head_ = pattern.substr(0, pattern.find_first_of("*?[\\"));
  std::size_t state = 0;
  glob.loops_.resize(steps->size() / kBits + 1);
  glob.on_.resize(glob.loops_.size());
  for (const Parsed& step : *steps) {
    if (step.star) {
      glob.loops_[state / kBits] |= Word{1} << (state % kBits);
      continue;
    }
    // Bit i + 1 of the next states: state i is alive and the step from i to i + 1 accepts the byte.
    ++state;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      if (step.accepts[byte]) glob.on_[state / kBits][byte] |= Word{1} << (state % kBits);
    }
  }
  glob.steps_ = state;
  glob.on_.resize(state / kBits + 1);
  glob.loops_.resize(state / kBits + 1);
  return glob;
}

std::string KeyGlob::literal(std::string_view text) {
  std::string pattern;
  for (const char byte : text) {
    if (std::string_view("*?[\\").find(byte) != std::string_view::npos) pattern += '\\';
    pattern += byte;
  }
  return pattern;
}

bool KeyGlob::matches(std::string_view key) const {
  if (key.substr(0, head_.size()) != head_) return false;
  return on_.size() == 1 ? matches_short(key) : matches_long(key);
}

bool KeyGlob::matches_short(std::string_view key) const noexcept {
  Word alive = 1;
  for (const char byte : key) {
    alive = ((alive << 1) & on_[0][static_cast<unsigned char>(byte)]) | (alive & loops_[0]);
    if (alive == 0) return false;
  }
  return ((alive >> steps_) & 1) != 0;
}

bool KeyGlob::matches_long(std::string_view key) const {
  std::vector<Word> alive(on_.size());
  alive[0] = 1;
  for (const char byte : key) {
    Word carried = 0;
    Word any = 0;
    for (std::size_t i = 0; i < alive.size(); ++i) {
      const Word moved = (alive[i] << 1) | carried;
      carried = alive[i] >> (kBits - 1);
      alive[i] = (moved & on_[i][static_cast<unsigned char>(byte)]) | (alive[i] & loops_[i]);
      any |= alive[i];
    }
    if (any == 0) return false;
  }
  return ((alive[steps_ / kBits] >> (steps_ % kBits)) & 1) != 0;
}

}  // namespace freshet::detail
