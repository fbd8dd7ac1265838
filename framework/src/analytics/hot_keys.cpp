#include "analytics/hot_keys.hpp"

#include <algorithm>

namespace freshet::detail {

HotKeyTracker::HotKeyTracker(const AnalyticsOptions& options)
    : options_(options), summary_(options.hot_keys ? options.tracked_keys : 1) {
  std::uint64_t seed = 0;
  for (Stripe& stripe : stripes_) {
    rt::Lock lock(stripe.mutex);
    stripe.random = ++seed * 0x9E37'79B9'7F4A'7C15U;
  }
}

void HotKeyTracker::sample(Stripe& stripe, const CountedName& key) noexcept {
  if (!stripe.mutex.try_lock()) return drop();
  stripe.left.store(draw_gap(stripe) - 1, std::memory_order_relaxed);
  if (SampleBuffer::fits(key) && !stripe.samples.push(key)) {
    flush(stripe);
    stripe.samples.push(key);
  }
  stripe.mutex.unlock();
}

// Evenly from 1 to twice the gap less one, whose mean is the gap (Marsaglia's xorshift).
std::uint32_t HotKeyTracker::draw_gap(Stripe& stripe) noexcept {
  const std::uint32_t gap = gap_.load(std::memory_order_relaxed);
  stripe.random ^= stripe.random << 13;
  stripe.random ^= stripe.random >> 7;
  stripe.random ^= stripe.random << 17;
  return 1 + static_cast<std::uint32_t>((stripe.random >> 32) % (2 * std::uint64_t{gap} - 1));
}

void HotKeyTracker::flush(Stripe& stripe) noexcept {
  if (summary_mutex_.try_lock()) {
    count(stripe.samples);
    summary_mutex_.unlock();
  } else {
    stripe.samples.for_each([this](const CountedName&) { drop(); });
  }
  stripe.samples.clear();
}

void HotKeyTracker::count(const SampleBuffer& samples) noexcept {
  StreamSummary& summary = summary_;
  std::uint64_t& counted = counted_;
  // The analysis does not see that the lambda runs within this call.
  samples.for_each([&](const CountedName& key) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    try {
      summary.add(key);
    } catch (...) {
      return drop();
    }
    if (options_.halve_after == 0 || ++counted < options_.halve_after) return;
    counted = 0;
    summary.halve();
    const std::uint32_t gap = gap_.load(std::memory_order_relaxed);
    if (gap * 2 <= options_.sample_one_in) gap_.store(gap * 2, std::memory_order_relaxed);
  });
}

void HotKeyTracker::take_samples() noexcept {
  for (Stripe& stripe : stripes_) {
    rt::Lock lock(stripe.mutex);
    rt::Lock summary(summary_mutex_);
    count(stripe.samples);
    stripe.samples.clear();
  }
}

HotReads HotKeyTracker::hottest(std::size_t count) {
  HotReads hottest;
  if (count == 0 || !options_.hot_keys) return hottest;
  take_samples();
  rt::Lock lock(summary_mutex_);
  const std::uint64_t unit = gap_.load(std::memory_order_relaxed);
  std::size_t seen = 0;
  summary_.visit([&](const Frequency& found) {
    hottest.add(found.hash, (found.count - found.error) * unit);
    return ++seen < count;
  });
  return hottest;
}

std::vector<HotKey> HotKeyTracker::top(std::size_t count, std::string_view name_space) {
  take_samples();
  std::vector<HotKey> keys;
  if (count == 0) return keys;
  rt::Lock lock(summary_mutex_);
  const std::uint64_t unit = gap_.load(std::memory_order_relaxed);
  summary_.visit([&](const Frequency& found) {
    if (!name_space.empty() && found.space != name_space) return true;
    keys.push_back({found.space, found.text, found.count * unit, found.error * unit});
    return keys.size() < count;
  });
  return keys;
}

}  // namespace freshet::detail
