// TestCache: a cache for a test of your own code, set up in a line. docs/guides/testing-your-code.md shows it at work.
//
//   auto cache = freshet::testing::TestCache::from_yaml_file("policy.yaml");
//   ProfileService service(cache.invalidator());    // your code, with the policy that it has in production
//   cache.pass(5min);                               // nothing sleeps
//
// Knows no test framework; freshet/testing/matchers.hpp has expectations for GoogleTest.
//
// What a test may rely on: time moves only when told. Nothing runs in the background, but in pass() and run_ready(), on the
// thread that calls them, in an order that is the same each time. Random numbers come from a fixed seed. What a call invalidated,
// loaded or served stale is recorded when the call has returned. Two kits share nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/freshet.hpp"
#include "freshet/testing/in_place_executor.hpp"
#include "freshet/testing/log_recorder.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "freshet/testing/notice_recorder.hpp"

namespace freshet::testing {

/// An invalidator in memory, on a clock set by hand and an executor stepped by hand. Make one per test case. Thread-safe but for
/// pass(), run_ready(), clear() and close(), which are for one thread at a time.
///
/// `components` may bring strategies, a random source, analytics and warnings; clock, executors and logger are always the kit's.
/// Loads with a time-out run on the thread of their call and are never late (in_place_executor.hpp).
class TestCache {
 public:
  /// From a policy in YAML, a file of one, or blocks: from_blocks({{"profiles", "ttl: 5m"}, {"user_*", "strategy: manual"}}).
  /// Throw ConfigError with everything that is wrong with it.
  static TestCache from_yaml(std::string_view text, Components components = {}) {
    return TestCache(std::move(components), [text](const Components& own) {
      return CacheInvalidator::from_yaml(text, own);
    });
  }
  static TestCache from_yaml_file(const std::filesystem::path& file, Components components = {}) {
    return TestCache(std::move(components), [&file](const Components& own) {
      return CacheInvalidator::from_yaml_file(file, own);
    });
  }
  static TestCache from_blocks(const std::map<std::string, std::string>& blocks,
                               Components components = {}) {
    std::string yaml = "freshet: 1\nnamespaces:\n";
    for (const auto& [name, block] : blocks) {
      yaml.append("  \"").append(name).append("\": {").append(block).append("}\n");
    }
    return from_yaml(yaml, std::move(components));
  }
  /// From a policy in code. The builder's own components do not count.
  static TestCache from_builder(CacheInvalidatorBuilder builder, Components components = {}) {
    return TestCache(std::move(components),
                     [&builder](const Components& own) { return builder.components(own).build(); });
  }

  ~TestCache() { close(); }
  TestCache(const TestCache&) = delete;
  TestCache& operator=(const TestCache&) = delete;

  /// What the code under test is given; a copy of it does as well.
  CacheInvalidator& invalidator() noexcept { return invalidator_; }

  template <class T>
  Cache<T> cache(std::string_view name_space) {
    return invalidator_.cache<T>(name_space);
  }

  /// For code under test that asks for the time, or posts tasks of its own.
  const std::shared_ptr<ManualClock>& clock() const noexcept { return clock_; }
  const std::shared_ptr<ManualExecutor>& executor() const noexcept { return executor_; }
  const LogRecorder& log() const noexcept { return *log_; }

  /// Runs what is ready now: refreshes, posted handlers, removal listeners. Returns how many tasks that were.
  std::size_t run_ready() { return executor_->run_ready(); }

  /// Moves time by `span` and runs what becomes due, in the order of its time and at its time. Time makes at most kMaxStops stops,
  /// so that a week takes no longer than an hour: of a longer span than kMaxStops timers fill, a timer is late by up to
  /// span / kMaxStops. The cache's own timer fires ten times a second: up to 1,000 seconds nothing is late.
  void pass(Duration span) {
    const Instant end = later(clock_->now(), span);
    const Duration step = std::max<Duration>(span / kMaxStops, std::chrono::nanoseconds{1});
    while (clock_->now() < end) {
      executor_->run_ready();
      const Instant due = executor_->next_due().value_or(end);
      clock_->set(std::min(end, std::max(due, later(clock_->now(), step))));
    }
    executor_->run_ready();
  }
  static constexpr int kMaxStops = 10'000;

  /// Each invalidation so far, oldest first: calls, rules, strategies and reloads alike, also those that hit no entry.
  std::vector<RecordedNotice> invalidations() const { return notices_.of(NoticeKind::invalidated); }

  /// Each entry that has left so far, oldest first, with its cause. What a tag or a namespace takes leaves when it is next looked
  /// at: invalidator().settle() makes it leave now.
  std::vector<RecordedNotice> removals() const { return notices_.of(NoticeKind::removed); }

  /// How often values were loaded (refreshes included), refreshed in the background, served stale: in all, of a namespace, of a key.
  std::size_t loads(std::string_view name_space = {}, std::string_view key = {}) const {
    return notices_.count(NoticeKind::loaded, name_space, key);
  }
  std::size_t refreshes(std::string_view name_space = {}, std::string_view key = {}) const {
    return notices_.count(NoticeKind::refreshed, name_space, key);
  }
  std::size_t stale_serves(std::string_view name_space = {}, std::string_view key = {}) const {
    return notices_.count(NoticeKind::served_stale, name_space, key);
  }

  /// Between two cases that share a kit: runs what is ready, then lets every entry go and forgets what was recorded and logged.
  /// What is no entry stays: the time, bound loaders, versions, timers that wait, and the counters of stats(), which only grow. It is
  /// an invalidation: a block with `hold_off` keeps nothing that is loaded within that time after it.
  void clear() {
    executor_->run_ready();
    invalidator_.invalidate_all({.cause = "TestCache::clear()"});
    invalidator_.settle();
    executor_->run_ready();
    notices_.clear();
    log_->clear();
  }

  /// Closes the invalidator, as a service does at its end; the destructor does so too. What was recorded can still be asked for.
  void close() { invalidator_.close(); }

 private:
  template <class Make>
  TestCache(Components components, const Make& make)
      : invalidator_(make(with_own(std::move(components)))), notices_(invalidator_) {}

  Components with_own(Components components) const {
    components.clock = clock_;
    components.executor = executor_;
    components.load_executor = std::make_shared<InPlaceExecutor>();
    components.logger = log_;
    if (!components.random) components.random = make_random_source(1);
    return components;
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::shared_ptr<ManualExecutor> executor_ = std::make_shared<ManualExecutor>(clock_);
  std::shared_ptr<LogRecorder> log_ = std::make_shared<LogRecorder>();
  CacheInvalidator invalidator_;
  NoticeRecorder notices_;
};

}  // namespace freshet::testing
