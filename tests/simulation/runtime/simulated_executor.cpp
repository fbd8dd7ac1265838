#include "simulation/runtime/simulated_executor.hpp"

#include <string>
#include <utility>

#include "simulation/runtime/arena.hpp"
#include "simulation/runtime/machine.hpp"

namespace freshet {

std::shared_ptr<Executor> make_thread_pool_executor(unsigned threads) {
  return std::make_shared<simulation::SimulatedExecutor>(threads);
}

namespace simulation {

SimulatedExecutor::SimulatedExecutor(unsigned threads) : state_(std::make_shared<State>()) {
  for (unsigned i = 0; i < threads; ++i) {
    ++state_->working;
    Machine::here().spawn(
        "executor " + std::to_string(i), [state = state_] { work(state); }, true);
  }
}

SimulatedExecutor::~SimulatedExecutor() { stop(); }

void SimulatedExecutor::stop() {
  State& state = *state_;
  state.stopped = true;
  state.ready.clear();
  Machine::wake(&state);
  while (state.working > 0 && Machine::here().running())
    Machine::here().block(Waits::work, &state.working, {__FILE__, __LINE__});
}

void SimulatedExecutor::wait_until_idle() {
  const State& state = *state_;
  while (state.busy > 0 || !state.ready.empty())
    Machine::here().block(Waits::work, &state.busy, {__FILE__, __LINE__});
}

void SimulatedExecutor::post(Task task) {
  switch_point();
  add(*state_, std::move(task));
}

void SimulatedExecutor::post_after(Duration delay, Task task) {
  switch_point();
  Machine::here().add_timer(
      Machine::here().peek_now() + delay.count(),
      [state = state_, task = std::move(task)]() mutable { add(*state, std::move(task)); });
}

void SimulatedExecutor::add(State& state, Task task) {
  if (state.stopped) return;
  {
    const ArenaPause pause;
    state.ready.push_back(std::move(task));
  }
  Machine::wake(&state);
}

void SimulatedExecutor::work(const std::shared_ptr<State>& state) {
  for (;;) {
    while (state->ready.empty() && !state->stopped)
      Machine::here().block(Waits::work, state.get(), {__FILE__, __LINE__});
    if (state->stopped) break;
    Task task = std::move(state->ready.front());
    state->ready.pop_front();
    ++state->busy;
    try {
      std::exchange(task, {})();
    } catch (...) {  // NOLINT(bugprone-empty-catch): documented, tasks report by other means
    }
    --state->busy;
    Machine::wake(&state->busy);
  }
  --state->working;
  Machine::wake(&state->working);
}

}  // namespace simulation
}  // namespace freshet
