// EventRates: how often the events of one name are carried out, where the policy limits it.
//
// A window of a second begins with an event. Within it the first `max_per_second` are carried out as they come; those beyond
// are held back until the second is over and released together, each distinct event once. So nothing is lost, and nothing
// waits longer than a second. What is released counts as one in the window that then begins. At the border of two windows
// twice as many as the limit may come close together.
//
// Bounded: state for the names that the policy limits, kMaxHeld distinct events at once over all names; what comes beyond is
// the caller's to carry out at once. A burst costs one timer. What is still held when the owner goes is not carried out: the
// entries go with it. Thread-safe. `release` is called on the executor with no lock held.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/event.hpp"
#include "freshet/executor.hpp"
#include "rules/rule_model.hpp"
#include "runtime/task_gate.hpp"

namespace freshet::rules {

/// An event, and the names of the events that led to it.
struct ChainedEvent {
  Event event;
  std::vector<std::string> chain;
};

enum class Admission : std::uint8_t {
  carry_out,   // within the limit, or there is none
  held,        // taken
  held_first,  // taken, the first one of this name ever
  no_room,     // beyond the limit, but too many are held: the caller's to carry out
};

class EventRates {
 public:
  static constexpr Duration kWindow = std::chrono::seconds{1};
  static constexpr std::size_t kMaxHeld = 10'000;
  using Release = std::function<void(std::vector<ChainedEvent>)>;

  EventRates(std::span<const EventLimit> limits, std::shared_ptr<const Clock> clock,
             std::shared_ptr<Executor> executor, Release release);

  /// Other limits from here on. What is held is released when it would have been.
  void set_limits(std::span<const EventLimit> limits) FRESHET_EXCLUDES(mutex_);

  /// Takes the event if it is held back, and leaves it as it was if not.
  Admission admit(ChainedEvent& event) FRESHET_EXCLUDES(mutex_);

  /// Waits for a release under way on another thread; none starts afterwards.
  void stop() { gate_.shut(); }

  /// Lets go of all that is held, once nothing is released any more. Adds to `dropped` how many events that were, by name; equal
  /// ones count once.
  void drop(std::map<std::string, std::uint64_t>& dropped) FRESHET_EXCLUDES(mutex_);
  /// What the timers go through.
  detail::TaskGate& gate() noexcept { return gate_; }

 private:
  static constexpr std::uint64_t kNoLimit = UINT64_MAX;  // of a name that had one and still holds

  struct State {
    std::uint64_t limit = kNoLimit;
    Instant began{};
    std::uint64_t used = 0;  // of this window; zero: none has begun
    bool told = false;
    std::vector<ChainedEvent> held{};                       // in the order in which they came
    std::unordered_map<std::string, std::size_t> places{};  // identity to index in `held`
  };

  Admission hold(State& state, ChainedEvent& event) FRESHET_REQUIRES(mutex_);
  void on_timer(const std::string& name) FRESHET_EXCLUDES(mutex_);

  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Executor> executor_;
  const Release release_;
  // No name has a limit: nothing is locked. relaxed: an event beside a change of limits may go by either.
  detail::rt::Atomic<bool> unlimited_;
  detail::rt::Mutex mutex_;
  std::unordered_map<std::string, State> states_ FRESHET_GUARDED_BY(mutex_);
  std::size_t held_ FRESHET_GUARDED_BY(mutex_) = 0;
  detail::TaskGate gate_;  // last: timers use the rest
};

}  // namespace freshet::rules
