// RemovalListeners: who is told of each entry that leaves, with its value and the cause.
//
// No removal is lost. One that somebody listens to waits in a queue with a reference to its entry, so that the value can
// still be read, and is told on the executor, one after the other. When kMaxWaiting wait, the removing thread tells the next
// ones itself, in place: a slow listener slows down those who remove, and memory stays bounded. It holds no lock of ours
// then. What a listener in place removes is told after it has returned, on the same thread: listeners do not nest.
// A listener that throws is counted and logged, and the others are told all the same.
// What still waits when the owner goes is told by its thread.
// Costs one relaxed load per removal while nobody listens. Thread-safe. Listeners are called with no lock held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/executor.hpp"
#include "freshet/logger.hpp"
#include "freshet/removal_cause.hpp"
#include "freshet/signal_bus.hpp"
#include "runtime/rate_limited_log.hpp"
#include "runtime/task_gate.hpp"
#include "stats/counters.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

class RemovalListeners {
 public:
  static constexpr std::size_t kMaxWaiting = 10'000;
  static constexpr std::size_t kBatch = 256;  // told by one task of the executor
  using Listener = RemovalListener;

  struct Collaborators {
    std::shared_ptr<const Clock> clock;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Logger> logger;
  };

  /// `counters` outlives this.
  RemovalListeners(Collaborators collaborators, BlockCounters& counters);
  ~RemovalListeners();
  RemovalListeners(const RemovalListeners&) = delete;
  RemovalListeners& operator=(const RemovalListeners&) = delete;

  /// Tells `listener` of what leaves a namespace from here on. `scope`: only of keys that begin so, which it is given without
  /// it. May outlive this.
  Connection listen(LabelRef space, std::string scope, Listener listener);

  /// Whether anybody listens.
  bool listened() const noexcept {
    // relaxed: a listener that is just being registered may miss what happens meanwhile.
    return registry_->listening.load(std::memory_order_relaxed) != 0;
  }

  /// Removals that wait to be told.
  std::size_t waiting() const FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    return queue_.size();
  }

  /// Whether the calling thread is telling some on the executor.
  bool is_here() const { return gate_.is_on_this_thread(); }

  /// The entry has left.
  void note(const Entry& entry, RemovalCause cause) noexcept FRESHET_EXCLUDES(mutex_);

 private:
  struct Slot;
  using Slots = std::vector<std::shared_ptr<const Slot>>;
  /// Who listens. Shared with the connections, which may outlive the listeners' owner.
  struct Registry {
    rt::Mutex mutex;
    // Never changed, only replaced: whoever tells somebody holds on to the list.
    std::shared_ptr<const Slots> slots FRESHET_GUARDED_BY(mutex) = std::make_shared<const Slots>();
    rt::Atomic<std::size_t> listening{0};

    void add(std::shared_ptr<const Slot> slot) FRESHET_EXCLUDES(mutex);
    void drop_disconnected() noexcept FRESHET_EXCLUDES(mutex);
    std::shared_ptr<const Slots> current() FRESHET_EXCLUDES(mutex);
  };
  /// An entry that left, and who listened when it did.
  struct Removal {
    EntryRef entry;
    RemovalCause cause{};
    std::shared_ptr<const Slots> to{};
  };
  /// What one thread tells in place.
  struct InPlace {
    const RemovalListeners* by = nullptr;
    std::vector<Removal>* waiting = nullptr;
  };
  struct InPlaceTag;

  static bool concerns(const Slot& slot, const Entry& entry) noexcept;
  /// False if it has to be told in place.
  bool enqueue(Removal& removal, bool& first) noexcept FRESHET_EXCLUDES(mutex_);
  void post_drain() noexcept;
  void drain() noexcept FRESHET_EXCLUDES(mutex_);
  void tell(const Removal& removal) noexcept;
  void tell_in_place(Removal removal) noexcept;
  void count_failure(std::string_view thrown) noexcept;

  const std::shared_ptr<Executor> executor_;
  BlockCounters& counters_;
  RateLimitedLog log_;
  const std::shared_ptr<Registry> registry_ = std::make_shared<Registry>();
  mutable rt::Mutex mutex_;
  std::deque<Removal> queue_ FRESHET_GUARDED_BY(mutex_);
  bool posted_ FRESHET_GUARDED_BY(mutex_) = false;  // a task will look at the queue
  TaskGate gate_;                                   // last: posted tasks use the rest
};

}  // namespace freshet::detail
