// CountedValue: a value that says whether it is the one that was asked for and not destroyed yet, and how many there are.
#pragma once

#include <atomic>
#include <cstdint>

namespace freshet::testing {

class CountedValue {
 public:
  explicit CountedValue(int key) noexcept : key_(key), mark_(mark_of(key)) { ++alive_; }
  CountedValue(CountedValue&& other) noexcept : key_(other.key_), mark_(other.mark_) { ++alive_; }
  CountedValue& operator=(CountedValue&&) = delete;
  ~CountedValue() {
    mark_ = 0;
    --alive_;
  }

  /// Made for this key, and alive.
  bool is_of(int key) const noexcept { return key_ == key && mark_ == mark_of(key); }

  /// How many there are, of all tests of the program.
  static int alive() noexcept { return alive_; }

 private:
  static std::uint64_t mark_of(int key) noexcept {
    return 0x9E3779B97F4A7C15U * (static_cast<std::uint64_t>(key) + 1);
  }

  int key_;
  volatile std::uint64_t
      mark_;  // volatile: written before the memory goes, which nobody may read any more
  static inline std::atomic<int> alive_{0};
};

}  // namespace freshet::testing
