#include "store/frequency_sketch.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace freshet::detail {
namespace {

constexpr std::uint64_t kEntriesPerLine = 8;
constexpr std::uint64_t kAdditionsPerEntry = 10;
constexpr std::size_t kHalvedAtOnce = 16;  // lines
constexpr std::uint64_t kFewestLines = 8;
constexpr std::uint64_t kMostLines = std::uint64_t{1} << 30;
constexpr std::uint64_t kCounter = 15;                     // the bits of one
constexpr std::uint64_t kHalves = 0x7777'7777'7777'7777U;  // what is left of each, one bit down

// A shard's keys share some bits of their hash: spreads the others over all.
std::uint64_t mix(std::uint64_t hash) noexcept { return hash * 0x9E37'79B9'7F4A'7C15U; }

}  // namespace

void FrequencySketch::fit(std::uint64_t entries) noexcept {
  if (entries <= count_ * kEntriesPerLine) return;
  const std::uint64_t wanted =
      std::clamp(std::bit_ceil(entries / kEntriesPerLine + 1), kFewestLines, kMostLines);
  Line* made = new (std::nothrow) Line[wanted];
  if (made == nullptr) return;
  lines_.reset(made);
  count_ = wanted;
  to_halve_ = 0;
  additions_ = 0;
}

std::size_t FrequencySketch::line_of(std::uint64_t hash) const noexcept {
  return (hash & UINT32_MAX) * count_ >> 32;
}

// Row r is in the words 2r and 2r+1; five bits of the mixed hash choose one of its 32 counters.
FrequencySketch::Counter FrequencySketch::counter_of(std::uint64_t mixed, int row) noexcept {
  const auto place = static_cast<unsigned>(mixed >> (44 + 5 * row)) & 31U;
  return {static_cast<std::size_t>(2 * row) + place / 16, static_cast<int>(place % 16 * 4)};
}

void FrequencySketch::add(std::uint64_t hash, int times) noexcept {
  if (count_ == 0) return;
  const auto wanted = static_cast<std::uint64_t>(std::min(frequency(hash) + times, kMost));
  auto& words = lines_[line_of(hash)].words;
  for (int row = 0; row < kRows; ++row) {
    const auto [word, shift] = counter_of(mix(hash), row);
    const std::uint64_t count = words[word] >> shift & kCounter;
    if (count < wanted) words[word] += (wanted - count) << shift;
  }
  additions_ += static_cast<std::uint64_t>(times);
  age();
}

int FrequencySketch::frequency(std::uint64_t hash) const noexcept {
  if (count_ == 0) return 0;
  const auto& words = lines_[line_of(hash)].words;
  std::uint64_t least = kCounter;
  for (int row = 0; row < kRows; ++row) {
    const auto [word, shift] = counter_of(mix(hash), row);
    least = std::min(least, words[word] >> shift & kCounter);
  }
  return static_cast<int>(least);
}

void FrequencySketch::age() noexcept {
  if (additions_ >= count_ * kEntriesPerLine * kAdditionsPerEntry) {
    additions_ = 0;
    to_halve_ = count_;
  }
  for (std::size_t i = 0; i < kHalvedAtOnce && to_halve_ > 0; ++i) {
    for (std::uint64_t& word : lines_[--to_halve_].words) word = word >> 1 & kHalves;
  }
}

}  // namespace freshet::detail
