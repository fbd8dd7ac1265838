// The simulated machine itself, on programs of a few lines: a simulation that cannot fail proves nothing.
#include "simulation/runtime/machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "simulation/runtime/arena.hpp"
#include "simulation/runtime/simulated_executor.hpp"

namespace freshet::simulation {
namespace {

namespace rt = detail::rt;
using std::chrono::milliseconds;

class MachineTest : public ::testing::TestWithParam<SchedulerKind> {
 protected:
  /// Runs the bodies as threads from a seed.
  Stop run(std::uint64_t seed, const std::vector<std::function<void()>>& bodies,
           const Faults& faults = {}) {
    machine_.begin(seed, {GetParam(), 64}, faults);
    for (std::size_t i = 0; i < bodies.size(); ++i)
      machine_.spawn("thread " + std::to_string(i), bodies[i]);
    const Stop stop = machine_.run();
    waiting_ = machine_.describe_waiting();
    machine_.end();
    return stop;
  }
  /// How many of the first seeds `seen` says yes after.
  template <class Seen>
  int count(int seeds, const std::vector<std::function<void()>>& bodies, const Faults& faults,
            Seen seen) {
    int found = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
      run(static_cast<std::uint64_t>(seed), bodies, faults);
      found += seen() ? 1 : 0;
    }
    return found;
  }

  Machine& machine_ = Machine::here();
  std::string waiting_;
};

TEST_P(MachineTest, ALostUpdateIsFound) {
  rt::Atomic<int> counter{0};
  const auto add = [&] { counter.store(counter.load() + 1); };
  const int lost = count(1000, {add, add}, {}, [&] { return counter.exchange(0) != 2; });
  EXPECT_GT(lost, 0);
  EXPECT_LT(lost, 1000) << "every schedule overtakes";
}

TEST_P(MachineTest, WhatIsOneStepIsNotOvertaken) {
  rt::Atomic<int> counter{0};
  const auto add = [&] { counter.fetch_add(1); };
  EXPECT_EQ(count(1000, {add, add}, {}, [&] { return counter.exchange(0) != 2; }), 0);
}

TEST_P(MachineTest, ASwitchWhileMemoryComesFromTheHeapEndsTheProgram) {
  const auto pause = [&] {
    const ArenaPause heap;
    for (int i = 0; i < 1000; ++i) switch_point();
  };
  const auto twice = [&] {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) run(seed, {pause, pause});
  };
  EXPECT_DEATH(twice(), "a switch while memory comes from the heap");
}

TEST_P(MachineTest, AMutexKeepsOthersOut) {
  rt::Mutex mutex;
  rt::Atomic<int> counter{0};
  const auto add = [&] {
    rt::Lock lock(mutex);
    counter.store(counter.load() + 1);
  };
  EXPECT_EQ(count(1000, {add, add, add}, {}, [&] { return counter.exchange(0) != 3; }), 0);
}

TEST_P(MachineTest, ALockOrderDeadlockIsFoundAndExplained) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 1000 && found == 0; ++seed) {
    rt::Mutex one;
    rt::Mutex other;
    const auto nest = [](rt::Mutex& outer, rt::Mutex& inner) {
      rt::Lock first(outer);
      rt::Lock second(inner);
    };
    if (run(seed, {[&] { nest(one, other); }, [&] { nest(other, one); }}) == Stop::deadlock)
      ++found;
  }
  ASSERT_GT(found, 0);
  EXPECT_NE(waiting_.find("thread 0 waits for a mutex at "), std::string::npos) << waiting_;
  EXPECT_NE(waiting_.find("machine_test.cpp:"), std::string::npos) << waiting_;
  EXPECT_NE(waiting_.find("held by thread 1 since "), std::string::npos) << waiting_;
}

TEST_P(MachineTest, TheSameSeedGivesTheSameRun) {
  rt::Atomic<int> word{0};
  std::vector<int> order;
  const auto note = [&] {
    for (int i = 0; i < 20; ++i) {
      word.fetch_add(1);
      order.push_back(machine_.current_id());
    }
  };
  const auto run_once = [&](std::uint64_t seed) {
    order.clear();
    run(seed, {note, note, note}, {.spurious_failure = 3});
    return std::pair(machine_.fingerprint(), order);
  };
  std::size_t different = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto first = run_once(seed);
    EXPECT_EQ(run_once(seed), first);
    different += run_once(seed + 1000).second != first.second ? 1 : 0;
  }
  EXPECT_GT(different, 25u);
}

TEST_P(MachineTest, AConditionIsWaitedFor) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    rt::Mutex mutex;
    rt::CondVar condition;
    bool said = false;
    int heard = 0;
    const auto listen = [&] {
      rt::Lock lock(mutex);
      while (!said) condition.wait(mutex);
      ++heard;
    };
    const auto say = [&] {
      rt::Lock lock(mutex);
      said = true;
      condition.notify_all();
    };
    EXPECT_EQ(run(seed, {listen, listen, say}, {.spurious_wake = 3}), Stop::none);
    EXPECT_EQ(heard, 2);
  }
}

TEST_P(MachineTest, AWaitThatIsNotALoopIsFoundBySpuriousWakeUps) {
  rt::Mutex mutex;
  rt::CondVar condition;
  bool said = false;
  bool wrong = false;
  const auto listen = [&] {
    rt::Lock lock(mutex);
    if (!said) condition.wait(mutex);
    wrong = wrong || !said;
  };
  const auto say = [&] {
    rt::Lock lock(mutex);
    said = true;
    condition.notify_all();
  };
  const auto seen = [&] {
    said = false;
    return std::exchange(wrong, false);
  };
  EXPECT_EQ(count(300, {listen, say}, {}, seen), 0);
  EXPECT_GT(count(300, {listen, say}, {.spurious_wake = 3}, seen), 0);
}

TEST_P(MachineTest, AForgottenNotificationIsADeadlock) {
  rt::Mutex mutex;
  rt::CondVar condition;
  EXPECT_EQ(run(1, {[&] {
                  rt::Lock lock(mutex);
                  condition.wait(mutex);
                }}),
            Stop::deadlock);
  EXPECT_NE(waiting_.find("waits for a condition"), std::string::npos) << waiting_;
}

TEST_P(MachineTest, ReadersShareAndWritersDoNot) {
  int together = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    rt::SharedMutex mutex;
    rt::Atomic<int> readers{0};
    rt::Atomic<int> writers{0};
    const auto read = [&] {
      rt::ReaderLock lock(mutex);
      together += readers.fetch_add(1) > 0 ? 1 : 0;
      EXPECT_EQ(writers.load(), 0);
      readers.fetch_sub(1);
    };
    const auto write = [&] {
      rt::WriterLock lock(mutex);
      EXPECT_EQ(writers.fetch_add(1), 0);
      EXPECT_EQ(readers.load(), 0);
      writers.fetch_sub(1);
    };
    EXPECT_EQ(run(seed, {read, read, write, write}), Stop::none);
  }
  EXPECT_GT(together, 0);
}

TEST_P(MachineTest, TimeJumpsToTheNextTimerWhenAllWait) {
  std::vector<std::int64_t> woken;
  const auto sleep = [&](std::int64_t ms) {
    return [&, ms] {
      const std::int64_t began = machine_.peek_now();
      machine_.sleep(ms * 1'000'000);
      woken.push_back((machine_.peek_now() - began) / 1'000'000);
    };
  };
  EXPECT_EQ(run(1, {sleep(3'600'000), sleep(5)}), Stop::none);
  EXPECT_EQ(woken, (std::vector<std::int64_t>{5, 3'600'000}));
}

TEST_P(MachineTest, AnExecutorRunsWhatIsPostedAndWhatIsDue) {
  std::vector<int> ran;
  EXPECT_EQ(run(1, {[&] {
                  SimulatedExecutor executor(2);
                  executor.post_after(milliseconds(10), [&] { ran.push_back(2); });
                  executor.post([&] { ran.push_back(1); });
                  executor.post([] { throw std::runtime_error("swallowed"); });
                  executor.wait_until_idle();
                  machine_.sleep(20'000'000);
                  executor.wait_until_idle();
                }}),
            Stop::none);
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST_P(MachineTest, AProgramThatDoesNotEndIsStopped) {
  rt::Atomic<bool> never{false};
  EXPECT_EQ(run(1, {[&] {
                  while (!never.load()) {
                  }
                }}),
            Stop::endless);
}

struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  ~Counted() { --alive; }
  int value = 0;
};

TEST_P(MachineTest, ThreadLocalValuesBelongToASimulatedThread) {
  const auto use = [] {
    EXPECT_EQ((rt::thread_local_value<Counted, Counted>().value), 0);
    rt::thread_local_value<Counted, Counted>().value = rt::current_thread() + 1;
    rt::Atomic<int>{}.load();
    EXPECT_EQ((rt::thread_local_value<Counted, Counted>().value), rt::current_thread() + 1);
  };
  EXPECT_EQ(run(3, {use, use, use}), Stop::none);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_P(MachineTest, ExceptionsInFlightBelongToASimulatedThread) {
  rt::Atomic<int> word{0};
  const auto fail = [&](int number) {
    return [&, number] {
      try {
        throw number;
      } catch (int) {
        for (int i = 0; i < 10; ++i) word.fetch_add(1);
        try {
          throw;
        } catch (int again) {
          EXPECT_EQ(again, number);
        }
      }
    };
  };
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    EXPECT_EQ(run(seed, {fail(1), fail(2), fail(3)}), Stop::none);
}

TEST_P(MachineTest, SetUpCodeUsesTheSetWithoutBeingSwitched) {
  rt::Mutex mutex;
  rt::Atomic<int> word{1};
  rt::Lock lock(mutex);
  EXPECT_EQ(++word, 2);
  EXPECT_EQ(rt::current_thread(), -1);
}

INSTANTIATE_TEST_SUITE_P(Schedulers, MachineTest,
                         ::testing::Values(SchedulerKind::random, SchedulerKind::priority),
                         [](const auto& with) {
                           return with.param == SchedulerKind::random ? "Random" : "Priority";
                         });

class CooperativeMachineTest : public ::testing::Test {
 protected:
  CooperativeMachineTest() { machine_.begin(1, {SchedulerKind::cooperative}, {}); }
  ~CooperativeMachineTest() override { machine_.end(); }

  Machine& machine_ = Machine::here();
};

TEST_F(CooperativeMachineTest, AThreadGoesOnUntilItWaits) {
  rt::Atomic<int> word{0};
  std::vector<int> order;
  for (int thread = 0; thread < 3; ++thread) {
    machine_.spawn("thread", [&, thread] {
      for (int i = 0; i < 1000; ++i) word.fetch_add(1);
      order.push_back(thread);
      machine_.sleep(1000 - thread);
      for (int i = 0; i < 1000; ++i) word.fetch_add(1);
      order.push_back(thread);
    });
  }
  EXPECT_EQ(machine_.run(), Stop::none);
  EXPECT_EQ(word.load(), 6000);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 2, 1, 0}));
  EXPECT_LT(machine_.switches(), 10u);
}

TEST_F(CooperativeMachineTest, WhoGivesWayComesAgainAfterTheOthers) {
  std::vector<int> order;
  for (int thread = 0; thread < 3; ++thread) {
    machine_.spawn("thread", [&, thread] {
      order.push_back(thread);
      machine_.give_way();
      order.push_back(thread);
    });
  }
  EXPECT_EQ(machine_.run(), Stop::none);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 0, 1, 2}));
}

TEST_F(CooperativeMachineTest, ThereMayBeThousandsOfThreadsInProcessesOfTheirOwn) {
  constexpr int kProcesses = 1000;
  rt::Mutex mutex;
  rt::CondVar condition;
  bool open = false;
  std::vector<std::size_t> numbers;
  for (int process = 0; process < kProcesses; ++process) {
    machine_.begin_process();
    for (int thread = 0; thread < 3; ++thread) {
      machine_.spawn("waits", [&] {
        rt::Lock lock(mutex);
        while (!open) condition.wait(mutex);
        numbers.push_back(rt::thread_number());
      });
    }
  }
  machine_.spawn("opens", [&] {
    machine_.sleep(1'000'000);
    rt::Lock lock(mutex);
    open = true;
    condition.notify_all();
  });
  EXPECT_EQ(machine_.run(), Stop::none);
  EXPECT_EQ(numbers.size(), 3u * kProcesses);
  for (const std::size_t number : {1u, 2u, 3u})
    EXPECT_EQ(std::count(numbers.begin(), numbers.end(), number), kProcesses);
}

TEST_F(CooperativeMachineTest, WhoNeverWaitsIsStoppedAndWhoWaitsInBetweenIsNot) {
  rt::Atomic<int> word{0};
  const auto count = [&](std::int64_t points) {
    for (std::int64_t i = 0; i < points; ++i) word.fetch_add(1);
  };
  machine_.spawn("waits in between", [&] {
    for (int i = 0; i < 4; ++i) {
      count(Machine::kMostPoints / 2);
      machine_.sleep(1);
    }
  });
  EXPECT_EQ(machine_.run(), Stop::none);
  machine_.spawn("never waits", [&] { count(Machine::kMostPoints + 2); });
  EXPECT_EQ(machine_.run(), Stop::endless);
}

TEST_F(CooperativeMachineTest, AForgottenNotificationIsADeadlockHereToo) {
  rt::Mutex mutex;
  rt::CondVar condition;
  machine_.spawn("waits", [&] {
    rt::Lock lock(mutex);
    condition.wait(mutex);
  });
  EXPECT_EQ(machine_.run(), Stop::deadlock);
  EXPECT_NE(machine_.describe_waiting().find("waits for a condition"), std::string::npos);
}

TEST(ArenaTest, EqualRunsSeeEqualAddresses) {
  std::vector<void*> first;
  std::vector<void*> second;
  first.reserve(8);
  second.reserve(8);
  for (std::vector<void*>* addresses : {&first, &second}) {
    arena_begin();
    void* kept = ::operator new(40);
    ::operator delete(::operator new(24));
    for (int i = 0; i < 3; ++i) addresses->push_back(::operator new(24));
    for (void* address : *addresses) ::operator delete(address);
    ::operator delete(kept);
    EXPECT_EQ(arena_end().blocks, 0u);
  }
  EXPECT_EQ(first, second);
}

TEST(ArenaTest, WhatIsNotGivenBackIsFound) {
  arena_begin();
  void* lost = ::operator new(100);
  const ArenaLeft left = arena_end();
  EXPECT_EQ(left.blocks, 1u);
  EXPECT_EQ(left.sizes, "112");
  ::operator delete(lost);
}

TEST(ArenaTest, AllocationsFailWhereArmed) {
  Machine::here().begin(1, {}, {.failed_allocation = 2});
  int failed = 0;
  arena_begin();
  arm_allocation_failures(true);
  for (int i = 0; i < 100; ++i) {
    try {
      ::operator delete(::operator new(8));
    } catch (const std::bad_alloc&) {
      ++failed;
    }
  }
  arm_allocation_failures(false);
  ::operator delete(::operator new(8));
  arena_end();
  EXPECT_GT(failed, 20);
  EXPECT_LT(failed, 80);
}

}  // namespace
}  // namespace freshet::simulation
