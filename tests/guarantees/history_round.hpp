// HistoryRound: several threads at one cache, doing everything that the API offers at once; gives the History of it.
//
// Workers read, load, load in bulk, put, lease, add labels late and invalidate. One more thread sweeps and moves the clock; the
// library's own background thread sweeps and refreshes. At pause points, and in loaders, threads give way at random, so that
// races happen where there are some. The choices of each thread follow from the seed; what the threads make of them does not.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "freshet/testing/manual_clock.hpp"
#include "guarantees/history_worker.hpp"

namespace freshet::testing::history {

class HistoryRound final : public RoundState {
 public:
  /// `steps` are those of all workers together.
  HistoryRound(const Configuration& with, const std::vector<Call>& every, std::uint64_t first_seed,
               std::size_t workers, std::size_t steps)
      : RoundState(with, every, first_seed), workers_(workers), steps_(steps) {
    history.logs.resize(workers + 2);
    background_log = workers + 1;
    for (Log& log : history.logs) {
      log.operations.reserve(steps);
      log.made.reserve(steps / 2);
    }
    Components components;
    components.clock = with.manual_clock ? std::shared_ptr<Clock>(clock_) : make_system_clock();
    components.executor = executor_ = make_thread_pool_executor(1);
    components.random = make_random_source(first_seed);
    invalidator.emplace(CacheInvalidator::from_yaml(with.policy, components));
  }

  /// Ends when all threads have.
  void run();

  const Statistics& statistics() const noexcept { return statistics_; }

  std::int64_t clock() const noexcept override { return clock_->now().time_since_epoch().count(); }
  void give_way() override { std::this_thread::yield(); }
  /// The object is kept until all threads have been joined: its own count of references is inside the standard library, where
  /// ThreadSanitizer does not see it, so that whoever let go of it last would be blamed for what others had read.
  [[noreturn]] void fail(const std::runtime_error& error) override {
    const std::exception_ptr kept = std::make_exception_ptr(error);
    {
      const std::lock_guard lock(thrown_mutex_);
      thrown_.push_back(kept);
    }
    std::rethrow_exception(kept);
  }

 private:
  void sweep_until_done();

  const std::size_t workers_;
  const std::size_t steps_;
  Statistics statistics_;
  std::mutex thrown_mutex_;
  std::vector<std::exception_ptr> thrown_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::shared_ptr<Executor> executor_;
  std::atomic<std::size_t> working_{0};
};

inline void HistoryRound::sweep_until_done() {
  Worker worker(*this, workers_);
  const Worker::Present present(worker);
  Dice dice(seed);
  while (working_.load() != 0) {
    if (configuration.manual_clock) clock_->advance(std::chrono::microseconds(dice.below(2000)));
    invalidator->sweep(dice.below(2) == 0 ? 1 + dice.below(4) : SIZE_MAX);
    for (std::uint32_t i = dice.below(8); i > 0; --i) std::this_thread::yield();
  }
}

inline void HistoryRound::run() {
#ifdef FRESHET_PAUSE_POINTS
  detail::rt::pause_hook.store(
      [](const char*) {
        if (Worker* worker = Worker::current()) worker->give_way(32);
      },
      std::memory_order_release);
#endif
  {
    Worker first(*this, workers_);
    first.set_version(call_of_model, Mode::remove);
    first.set_version(call_of_policy, Mode::remove);
  }
  working_ = workers_;
  std::vector<std::thread> threads;
  for (std::size_t log = 0; log < workers_; ++log) {
    threads.emplace_back([this, log] {
      Worker(*this, log).run(steps_ / workers_);
      --working_;
    });
  }
  threads.emplace_back([this] { sweep_until_done(); });
  for (std::thread& thread : threads) thread.join();
  statistics_ = invalidator->stats();
  invalidator->close();
  executor_.reset();
  invalidator.reset();
#ifdef FRESHET_PAUSE_POINTS
  detail::rt::pause_hook.store(nullptr, std::memory_order_release);
#endif
  history.stamps = stamps;
}

}  // namespace freshet::testing::history
