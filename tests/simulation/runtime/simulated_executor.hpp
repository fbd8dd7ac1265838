// SimulatedExecutor: a pool of simulated threads, and timers in virtual time.
//
// What make_thread_pool_executor() gives is one too (simulated_executor.cpp), since the real pool is not compiled here. Its
// destructor drops what has not started and waits for what has, like that of the real one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "freshet/executor.hpp"

namespace freshet::simulation {

class SimulatedExecutor final : public Executor {
 public:
  explicit SimulatedExecutor(unsigned threads);
  ~SimulatedExecutor() override;

  void post(Task task) override;
  void post_after(Duration delay, Task task) override;

  /// Waits until nothing is ready and nothing runs. What a timer will bring does not count. Call from a simulated thread.
  void wait_until_idle();

  /// Ends the pool's threads: drops what waits, and waits for what runs. Call from a simulated thread.
  void stop();

 private:
  struct State {
    std::deque<Task> ready{};
    bool stopped = false;
    unsigned working = 0;  // threads that have not ended
    unsigned busy = 0;     // with a task
  };
  static void work(const std::shared_ptr<State>& state);
  static void add(State& state, Task task);

  std::shared_ptr<State> state_;
};

}  // namespace freshet::simulation
