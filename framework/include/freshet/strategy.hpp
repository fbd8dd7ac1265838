// Strategy: decides how long an entry is good for and what happens past its soft deadline.
//
// A strategy never touches the store and is never called on a hit: it is asked when an entry is stored and when one is
// read past its soft deadline, and answers with numbers that the store keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/event.hpp"
#include "freshet/hot_key.hpp"
#include "freshet/invalidation_plan.hpp"
#include "freshet/logger.hpp"
#include "freshet/statistics.hpp"

namespace freshet {

/// When an entry stops being good, and when to load it again. From `soft` on it is refreshed while still served; from `hard`
/// on it is a miss; unread for `idle` it expires as well (kept to a sixteenth of itself). At `refresh_at` it is loaded again
/// in the background if it was read at least `refresh_from_accesses` times by then, or if it was read at all and its key
/// is one of the block's RefreshLimits::warm_keys most-read ones with as many reads; it is let go otherwise.
struct Deadlines {
  Instant soft = kNever;
  Instant hard = kNever;
  Duration idle{};                          // zero: none
  Instant refresh_at = kNever;              // needs a loader bound to the namespace
  std::uint16_t refresh_from_accesses = 0;  // counted exactly up to 65,535

  friend bool operator==(const Deadlines&, const Deadlines&) = default;
};

/// What to do with an entry past its soft deadline.
enum class ReadDecision : std::uint8_t { serve, serve_and_refresh, miss };

/// What a strategy may know of an entry. Valid during the call only.
struct EntryView {
  using Field = std::pair<std::string_view, std::string_view>;

  std::string_view name_space{};
  std::string_view key{};
  std::span<const Field> fields{};  // of the block's key template, in its order
  std::optional<Duration>
      requested_ttl{};  // EntryOptions::ttl: the caller's word, which replaces the policy's
  std::optional<Duration>
      loader_ttl{};      // LoadContext::ttl: how long the value itself is good, which only shortens
  Duration load_time{};  // how long the load took, or LoadContext::load_time; zero for a put
  Instant stored_at{};   // for on_soft_expired: when the value was stored
  Deadlines deadlines{};        // what on_store answered; within on_store: what those before it did
  std::uint64_t bytes = 0;      // of key and value where SizeOf says, of the key otherwise
  const void* value = nullptr;  // what is stored; null where the origin has nothing
  const std::type_info* value_type = nullptr;  // of `value`

  /// The value, if it is a T.
  template <class T>
  const T* value_as() const noexcept {
    return value != nullptr && *value_type == typeid(T) ? static_cast<const T*>(value) : nullptr;
  }

  /// The value of a field of the key, if the block's template has it.
  std::optional<std::string_view> field(std::string_view name) const noexcept {
    for (const Field& candidate : fields) {
      if (candidate.first == name) return candidate.second;
    }
    return std::nullopt;
  }
};

/// Chosen by the strategy that starts a timer.
using TimerId = std::uint32_t;

/// How much may be loaded in the background for one policy block.
struct RefreshLimits {
  std::uint64_t per_second = 200;  // >= 1
  std::uint64_t at_once = 16;      // >= 1
  std::uint64_t warm_keys = 0;     // of the block's most-read keys; see Deadlines. 0: none
};

/// What a strategy may ask for. Thread-safe. No call blocks or throws.
class StrategyHost {
 public:
  virtual ~StrategyHost() = default;
  /// Calls on_timer(timer) once, after `delay`, on the executor. Starting it again before that moves it.
  virtual void start_timer(TimerId timer, Duration delay) = 0;
  /// Loads a key again in the background, if a loader is bound to its namespace and the budget allows it.
  virtual void request_refresh(std::string_view name_space, std::string_view key) = 0;
  /// The block's most-read keys, hottest first, at most `count`.
  virtual std::vector<HotKey> hot_keys(std::size_t count) = 0;
  /// Replaces the block's limits. For on_attach.
  virtual void limit_refreshes(const RefreshLimits& limits) { (void)limits; }
  virtual void log(LogLevel level, std::string_view message) noexcept = 0;
};

/// Implementations are thread-safe: one object serves every thread of its policy block. A call that throws is counted in
/// Statistics under the strategy's name and logged, and the others go on: after on_store the entry is not kept, after
/// on_soft_expired the read is a miss, after on_event nothing is added to the plan, after on_timer nothing happens. What
/// on_attach throws reaches whoever makes the invalidator, or reloads its policy. A reload may replace a strategy: it goes when no
/// call is in it any more.
class Strategy {
 public:
  virtual ~Strategy() = default;

  /// The deadlines of an entry about to be stored. `hard <= now` means: do not keep it.
  virtual Deadlines on_store(const EntryView& entry, Instant now) = 0;

  /// Asked by a reader between the soft and the hard deadline. `serve_and_refresh` starts one load in the background,
  /// whoever else asks meanwhile.
  virtual ReadDecision on_soft_expired(const EntryView& entry, Instant now) = 0;

  /// Adds to `plan` what the event makes stale. Called for every event, whatever rules there are for it.
  virtual void on_event(const Event& event, InvalidationPlan& plan) { (void)event, (void)plan; }

  /// Called once, before anything else, with what the strategy may ask for; `host` outlives the strategy.
  virtual void on_attach(StrategyHost& host) { (void)host; }

  /// A timer that the strategy asked its host for has come.
  virtual void on_timer(TimerId timer, StrategyHost& host) { (void)timer, (void)host; }

  /// What it counts itself, for Statistics; names beyond the limits there are left out or cut.
  virtual std::vector<StrategyCounter> counters() const { return {}; }

  /// Calls that failed without throwing, for Statistics. Those that threw are counted by who called.
  virtual std::uint64_t failures() const noexcept { return 0; }
};

}  // namespace freshet
