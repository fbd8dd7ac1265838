// FrequencySketch: about how often each key was asked for lately, in 8 bytes for each entry of a shard.
//
// A count-min sketch of 4-bit counters with minimal increment, as in Einziger, Friedman, Manes: "TinyLFU: A Highly Efficient
// Cache Admission Policy", TOS 2017. A key has four counters, all in the one cache line of 128 that its hash chooses, each in
// a quarter of its own; its frequency is the least of them. After ten additions for each entry that it is made for,
// all counters are halved, so that what was often asked for long ago is forgotten: 16 lines with each addition from then on
// until all are, so that no addition pays for the whole.
// Grows by forgetting all; without memory it goes on as it is. Confined to the shard's lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace freshet::detail {

class FrequencySketch {
 public:
  static constexpr int kMost = 15;

  /// Makes room for so many entries, if there is less.
  void fit(std::uint64_t entries) noexcept;
  /// The key was asked for `times` times.
  void add(std::uint64_t hash, int times) noexcept;
  /// Between 0 and kMost; more than the truth where keys collide.
  int frequency(std::uint64_t hash) const noexcept;

 private:
  static constexpr int kRows = 4;
  struct alignas(64) Line {
    std::array<std::uint64_t, 8> words{};  // 16 counters to a word, two words to a row
  };

  struct Counter {
    std::size_t word;
    int shift;
  };
  static Counter counter_of(std::uint64_t mixed, int row) noexcept;
  std::size_t line_of(std::uint64_t hash) const noexcept;
  void age() noexcept;

  std::unique_ptr<Line[]> lines_;
  std::size_t count_ = 0;        // of lines
  std::size_t to_halve_ = 0;     // how many are still to be halved, from the end
  std::uint64_t additions_ = 0;  // since they were halved last
};

}  // namespace freshet::detail
