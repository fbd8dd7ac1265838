// HotKeyTracker: which keys of a policy block are read most.
//
// A read counts down to its thread's next sample and is done: a load and a store on a line of its own. The sampled read
// copies its key into the stripe's buffer; a full buffer goes into the summary. Neither waits: where somebody else holds
// the lock, the sample or the buffer is dropped, and counted. The distance between samples is drawn, so that a program
// that reads its keys in turns does not have always the same one counted.
//
// Ageing: see AnalyticsOptions; by reads, not by time: in a block that nobody reads nothing cools down. The halvings at
// which the gap doubles change the unit and age nothing. From then on, once in about sample_one_in * halve_after reads, a
// read counts half of what it did: a key that is read no more has lost n counted reads after log2(n) + 1 halvings, and
// each halving rounds a count down by less than one unit. Counting in units of `gap` reads, and halving whenever the gap doubles, keeps each add at
// one unit, which the summary does in O(1).
// Error: what StreamSummary states, in units, and that of sampling. Exact while every read is counted, the block has no
//   more distinct keys than `tracked_keys`, and no sample was dropped. A thread's newest samples count when asked for.
// Memory: `tracked_keys` keys, and kStripes buffers of SampleBuffer::kBytes. Longer keys are not counted.
// Thread-safe. Lock order: a stripe's, then the summary's. Nothing is called with them held.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analytics/hot_reads.hpp"
#include "analytics/sample_buffer.hpp"
#include "analytics/stream_summary.hpp"
#include "freshet/analytics.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/hot_key.hpp"
#include "runtime/thread_slot.hpp"

namespace freshet::detail {

class HotKeyTracker {
 public:
  explicit HotKeyTracker(const AnalyticsOptions& options);

  /// A read of this key, hit or miss.
  void note(const CountedName& key) noexcept {
    note_from(thread_slot(), [&key] { return key; });
  }
  /// The same for a caller that has its thread's slot already; `name` is called for a sampled read only. On the path of
  /// every hit.
  template <class Name>
  void note_from(std::size_t slot, const Name& name) noexcept {
    if (!options_.hot_keys) return;
    Stripe& stripe = stripes_[slot % kStripes];
    // relaxed, and not one step: where threads share a stripe a sample may come early or late, which does no harm.
    const std::uint32_t left = stripe.left.load(std::memory_order_relaxed);
    if (left != 0) {
      stripe.left.store(left - 1, std::memory_order_relaxed);
    } else {
      sample(stripe, name());
    }
  }

  /// The most-read keys, hottest first, at most `count`; of one namespace if a name is given.
  std::vector<HotKey> top(std::size_t count, std::string_view name_space = {});

  /// The `count` most-read keys by their hashes, for whoever has to look many keys up. O(count).
  HotReads hottest(std::size_t count);

  /// Samples that were lost to a lock, or to a lack of memory.
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kStripes = rt::kThreadStripes;
  struct alignas(64) Stripe {
    rt::Atomic<std::uint32_t> left{0};  // reads until the next sample
    rt::Mutex mutex;
    SampleBuffer samples FRESHET_GUARDED_BY(mutex);
    std::uint64_t random FRESHET_GUARDED_BY(mutex) = 0;
  };

  void sample(Stripe& stripe, const CountedName& key) noexcept;
  std::uint32_t draw_gap(Stripe& stripe) noexcept FRESHET_REQUIRES(stripe.mutex);
  /// Empties the stripe's buffer into the summary, or, if somebody else holds that, into nothing.
  void flush(Stripe& stripe) noexcept FRESHET_REQUIRES(stripe.mutex);
  /// Counts what every thread has sampled so far.
  void take_samples() noexcept;
  void count(const SampleBuffer& samples) noexcept FRESHET_REQUIRES(summary_mutex_);
  void drop() noexcept { dropped_.fetch_add(1, std::memory_order_relaxed); }

  const AnalyticsOptions options_;
  std::array<Stripe, kStripes> stripes_;
  rt::Atomic<std::uint32_t> gap_{1};  // relaxed: a sample of the old distance does no harm
  rt::Atomic<std::uint64_t> dropped_{0};
  rt::Mutex summary_mutex_;
  StreamSummary summary_ FRESHET_GUARDED_BY(summary_mutex_);      // in units of gap_ reads
  std::uint64_t counted_ FRESHET_GUARDED_BY(summary_mutex_) = 0;  // since the last halving
};

}  // namespace freshet::detail
