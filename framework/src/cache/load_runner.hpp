// LoadRunner: runs loads that may outlive their calls (OwnedLoad) on Components::load_executor.
//
// Without one it begins a pool of kThreads with the first such load. A load that is dropped by the executor, or that has not begun
// when the cache is closed, is given up, so that nobody waits for it.
// Thread-safe. Its destructor waits for the loads that run.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <unordered_set>

#include "cache/owned_load.hpp"
#include "freshet/executor.hpp"
#include "runtime/task_gate.hpp"

namespace freshet::detail {

class LoadRunner {
 public:
  static constexpr unsigned kThreads = 16;

  /// Null: a pool of its own.
  explicit LoadRunner(std::shared_ptr<Executor> executor);
  ~LoadRunner() { stop(); }
  LoadRunner(const LoadRunner&) = delete;
  LoadRunner& operator=(const LoadRunner&) = delete;

  /// Whether the calling thread runs a load of this: one that asked for another and waited might keep it from beginning.
  bool is_here() const { return gate_.is_on_this_thread(); }
  /// False if it will not run: the cache is closed, or there is no memory.
  bool post(const std::shared_ptr<OwnedLoad>& load) FRESHET_EXCLUDES(mutex_);
  /// Loads that have not begun are given up, and none begins any more. Waits for nothing.
  void give_up_queued() noexcept FRESHET_EXCLUDES(mutex_);
  void stop() {
    give_up_queued();
    drops_.shut();
    gate_.shut();
  }

  TaskGate& gate() noexcept { return gate_; }
  const TaskGate& gate() const noexcept { return gate_; }

 private:
  using Loads = std::unordered_set<std::shared_ptr<OwnedLoad>>;
  class Handed;

  std::shared_ptr<Executor> executor() FRESHET_EXCLUDES(mutex_);
  void begin(const std::shared_ptr<OwnedLoad>& load) FRESHET_EXCLUDES(mutex_);
  void drop(const std::shared_ptr<OwnedLoad>& load) noexcept FRESHET_EXCLUDES(mutex_);
  /// Takes it out of what is queued.
  void forget(const std::shared_ptr<OwnedLoad>& load) noexcept FRESHET_EXCLUDES(mutex_);

  const std::exception_ptr closed_;  // made before it is needed, where there may be no memory
  rt::Mutex mutex_;
  std::shared_ptr<Executor> executor_ FRESHET_GUARDED_BY(mutex_);
  Loads queued_ FRESHET_GUARDED_BY(
      mutex_);      // their only owner, but for calls that wait: those keep the engine too
  TaskGate gate_;   // loads; these two last: their tasks use the rest
  TaskGate drops_;  // what becomes of those that an executor lets fall
};

}  // namespace freshet::detail
