#include "peers/expiry.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "peers/freshet_adapter.hpp"
#include "peers/measure.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

constexpr std::uint32_t kDoomed = 1'000'000;
constexpr double kQuietSeconds = 2;      // before the first deadline
constexpr double kPatienceSeconds = 30;  // after the last
constexpr double kSuspicious =
    20e-6;  // seconds from where on it is asked whether the kernel was it

Duration nanoseconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

/// The longest operation of one stretch of time.
struct Longest {
  double seconds = 0;
  std::uint64_t over_a_millisecond = 0;
  std::uint64_t operations = 0;
  std::uint64_t preempted = 0;
};

/// Does one operation after another and keeps the longest of each phase. Confined to its thread.
class Watcher {
 public:
  explicit Watcher(const Cache<std::string>& cache) : cache_(cache) {
    for (std::uint32_t id = 0; id < kFewKeys; ++id) keys_.push_back(operation_of(kDoomed + id));
  }

  void fill() {
    for (const Operation& key : keys_) cache_.put(key.key(), Value::of(key.key()).text());
  }

  void watch_until(double end, Longest& longest) {
    while (monotonic_seconds() < end) watch_some(longest);
  }

  template <class Done>
  void watch_until_done(Done&& done, Longest& longest) {
    while (!done()) watch_some(longest);
  }

 private:
  static constexpr std::size_t kSome = 64;

  void watch_some(Longest& longest) {
    long preempted = preemptions();
    for (std::size_t i = 0; i < kSome; ++i) {
      const double began = monotonic_seconds();
      operate();
      const double took = monotonic_seconds() - began;
      ++longest.operations;
      if (took > kSuspicious) {
        const long now = preemptions();
        if (now != preempted) {
          preempted = now;
          ++longest.preempted;
          continue;
        }
      }
      longest.over_a_millisecond += took > 1e-3;
      longest.seconds = std::max(longest.seconds, took);
    }
  }

  /// Mostly visits; one in ten puts over what is there, one in a hundred loads what is not.
  void operate() {
    const std::uint64_t turn = turn_++;
    const Operation& key = keys_[turn * 7'919 % keys_.size()];
    if (turn % 10 == 8) {
      cache_.put(key.key(), Value::of(key.key()).text());
    } else if (turn % 100 == 99) {
      const Operation fresh = operation_of(next_new_++);
      cache_.get_or_load(fresh.key(), [fresh] { return Value::of(fresh.key()).text(); });
    } else {
      cache_.visit(key.key(), [&](const std::string& value) { belongs(value, key.key()); });
    }
  }

  const Cache<std::string>& cache_;
  std::vector<Operation> keys_;
  std::uint64_t turn_ = 0;
  std::uint32_t next_new_ = 2 * kDoomed;
};

/// Stores a million whose deadlines are spread over the second from `first` on, in no order.
void store_doomed(const Cache<std::string>& cache, double first) {
  for (std::uint32_t i = 0; i < kDoomed; ++i) {
    const Operation operation = operation_of(i);
    const double spread = static_cast<double>(std::uint64_t{i} * 9'999'991 % kDoomed) / kDoomed;
    EntryOptions options;
    options.ttl = nanoseconds_of(first + spread - monotonic_seconds());
    cache.put(operation.key(), Value::of(operation.key()).text(), options);
  }
}

}  // namespace

Expiry measure_expiry() {
  CacheInvalidator invalidator = invalidator_for(4 * std::size_t{kDoomed});
  const Cache<std::string> cache = invalidator.cache<std::string>("things");
  Watcher watcher(cache);
  const double filling = monotonic_seconds();
  watcher.fill();
  const double took = monotonic_seconds() - filling;
  // Three times as long as it should take, and the quiet time.
  const double first = monotonic_seconds() + 3 * took * kDoomed / kFewKeys + 1 + kQuietSeconds;
  store_doomed(cache, first);

  std::atomic<bool> gone{false};
  Longest before;
  Longest during;
  std::jthread watching([&] {
    watcher.watch_until(first - 0.05, before);
    while (monotonic_seconds() < first) std::this_thread::yield();
    watcher.watch_until_done([&] { return gone.load(std::memory_order_relaxed); }, during);
  });
  Expiry expiry;
  expiry.seconds_until_gone = -1;
  const double last = first + 1;
  const auto expired = [&] { return invalidator.stats().total.removed_expired; };
  while (monotonic_seconds() < last + kPatienceSeconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (monotonic_seconds() < first || expired() < kDoomed) continue;
    expiry.seconds_until_gone = std::max(0.0, monotonic_seconds() - last);
    break;
  }
  gone = true;
  watching.join();
  expiry.longest_before = before.seconds * 1e6;
  expiry.longest_during = during.seconds * 1e6;
  expiry.over_a_millisecond = during.over_a_millisecond;
  expiry.operations = during.operations;
  expiry.preempted = during.preempted;
  return expiry;
}

}  // namespace freshet::bench
