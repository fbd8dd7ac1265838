// Waits that end by a condition or by a time of the injected clock. Nothing here sleeps, but for the waits on the system's clock,
// which are a millisecond long.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testing::ManualClock;

/// A door that somebody waits for, with a limit.
class Door {
 public:
  explicit Door(const Clock& clock) : clock_(clock) {}

  /// Whether it was open before the time.
  bool wait(Instant until) {
    detail::rt::Lock lock(mutex_);
    while (!open_ && clock_.now() < until) clock_.wait_until(opened_, mutex_, until);
    return open_;
  }
  void open() {
    detail::rt::Lock lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  const Clock& clock_;
  detail::rt::Mutex mutex_;
  detail::rt::CondVar opened_;
  bool open_ FRESHET_GUARDED_BY(mutex_) = false;
};

TEST(ManualClockWaitTest, AWaitEndsWhenTheTimeIsSet) {
  ManualClock clock;
  Door door(clock);
  std::atomic<bool> ended{false};
  std::thread waits([&, until = later(clock.now(), 5s)] {
    EXPECT_FALSE(door.wait(until));
    ended = true;
  });
  clock.await_waiters(1);
  clock.advance(5s - 1ns);
  clock.await_waiters(1);
  EXPECT_FALSE(ended);
  clock.advance(1ns);
  waits.join();
}

TEST(ManualClockWaitTest, AWaitEndsWhenWhatIsWaitedForHappens) {
  ManualClock clock;
  Door door(clock);
  std::thread waits([&] { EXPECT_TRUE(door.wait(kNever)); });
  clock.await_waiters(1);
  door.open();
  waits.join();
}

TEST(ManualClockWaitTest, ATimeThatHasComeIsNotWaitedFor) {
  ManualClock clock;
  Door door(clock);
  EXPECT_FALSE(door.wait(clock.now()));
  EXPECT_FALSE(door.wait(Instant::min()));
}

TEST(ManualClockWaitTest, OnlyThoseWhoseTimeHasComeAreThrough) {
  ManualClock clock;
  Door early(clock);
  Door late(clock);
  const Instant began = clock.now();
  std::thread first([&] { early.wait(later(began, 1s)); });
  std::thread second([&] { late.wait(later(began, 2s)); });
  clock.await_waiters(2);
  clock.advance(1s);
  first.join();
  clock.await_waiters(1);
  clock.advance(1s);
  second.join();
}

// For ThreadSanitizer, and against a wake-up that is lost between a look at the time and the wait.
TEST(ManualClockWaitTest, NobodyIsForgottenWhileTimeIsMovedByMany) {
  ManualClock clock;
  constexpr int kWaits = 2'000;
  std::array<Door, 2> doors{Door(clock), Door(clock)};
  std::atomic<int> waiting{4};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kWaits; ++n) doors[i % 2].wait(later(clock.now(), Duration(n % 3)));
      --waiting;
    });
  }
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (waiting > 0) clock.advance(1ns);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SystemClockWaitTest, AWaitEndsWhenTheTimeHasCome) {
  const auto clock = make_system_clock();
  Door door(*clock);
  const Instant until = later(clock->now(), 1ms);
  EXPECT_FALSE(door.wait(until));
  EXPECT_GE(clock->now(), until);
}

TEST(SystemClockWaitTest, AWaitEndsWhenWhatIsWaitedForHappens) {
  const auto clock = make_system_clock();
  Door door(*clock);
  std::thread opens([&] { door.open(); });
  EXPECT_TRUE(door.wait(kNever));
  opens.join();
}

/// One of a user's own, which knows nothing of waits, and which jumps.
class JumpingClock final : public Clock {
 public:
  Instant now() const noexcept override {
    static constexpr std::array<int, 7> kSeconds{5, 9, 2, 9, 1, 4, 10};
    return Instant(std::chrono::seconds(kSeconds[looks_.fetch_add(1) % kSeconds.size()]));
  }
  int looks() const { return looks_; }

 private:
  mutable std::atomic<int> looks_{0};
};

TEST(OwnClockWaitTest, AClockThatJumpsBackAndForthEndsAWaitWhenItShowsTheTime) {
  const JumpingClock clock;
  Door door(clock);
  EXPECT_FALSE(door.wait(Instant(10s)));
  EXPECT_GE(clock.looks(), 6);
}

TEST(OwnClockWaitTest, WhatIsWaitedForEndsAWaitOnAClockThatStandsStill) {
  class StoppedClock final : public Clock {
   public:
    Instant now() const noexcept override { return Instant(1s); }
  };
  const StoppedClock clock;
  Door door(clock);
  std::thread opens([&] { door.open(); });
  EXPECT_TRUE(door.wait(Instant(2s)));
  opens.join();
}

}  // namespace
}  // namespace freshet
