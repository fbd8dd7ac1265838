// ResidentCount: how many entries in memory carry a label.
//
// One word for most labels. A label that many entries carry gets a line per group of threads, so that puts do not meet
// on one line. Thread-safe. The value is exact once the calls that changed it have returned.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "freshet/detail/runtime/runtime.hpp"
#include "runtime/thread_slot.hpp"

namespace freshet::detail {

class ResidentCount {
 public:
  ResidentCount() = default;
  ResidentCount(const ResidentCount&) = delete;
  ResidentCount& operator=(const ResidentCount&) = delete;
  ~ResidentCount() { delete stripes_.load(std::memory_order_relaxed); }

  /// O(1). Allocates once, when the count first exceeds kSpreadAbove; goes on with one word if it cannot.
  void add(std::int64_t delta) noexcept {
    // acquire: pairs with the release in spread(), so that the stripes are seen initialised.
    if (Stripes* stripes = stripes_.load(std::memory_order_acquire)) {
      (*stripes)[thread_slot() % kStripes].value.fetch_add(delta, std::memory_order_relaxed);
    } else if (first_.fetch_add(delta, std::memory_order_relaxed) + delta > kSpreadAbove) {
      spread();
    }
  }

  /// Never negative in a quiet program; may pass below zero for a moment while others count.
  std::int64_t value() const noexcept {
    std::int64_t total = first_.load(std::memory_order_relaxed);
    if (const Stripes* stripes = stripes_.load(std::memory_order_acquire)) {
      for (const Stripe& stripe : *stripes) total += stripe.value.load(std::memory_order_relaxed);
    }
    return total;
  }

 private:
  static constexpr std::int64_t kSpreadAbove = 4096;
  static constexpr std::size_t kStripes = rt::kThreadStripes;
  struct alignas(64) Stripe {
    rt::Atomic<std::int64_t> value{0};
  };
  using Stripes = std::array<Stripe, kStripes>;

  void spread() noexcept {
    Stripes* fresh = new (std::nothrow) Stripes;
    Stripes* expected = nullptr;
    if (fresh != nullptr &&
        !stripes_.compare_exchange_strong(expected, fresh, std::memory_order_release))
      delete fresh;
  }

  rt::Atomic<std::int64_t> first_{0};
  rt::Atomic<Stripes*> stripes_{nullptr};
};

}  // namespace freshet::detail
