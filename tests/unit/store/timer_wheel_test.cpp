#include "store/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <random>
#include <set>
#include <vector>

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTick{1 << 17};
constexpr std::size_t kAll = SIZE_MAX;
constexpr std::size_t kLevels = 8;

struct ExpiryTag;
struct RefreshTag;
struct Element : TimerHook<ExpiryTag>, TimerHook<RefreshTag> {
  Instant at{};
  Instant refresh_at{};
};

int looks_taken = 0;  // by the wheels, whatever they are told of their budget
struct ExpiryOf {
  Instant operator()(const Element& element) const noexcept {
    ++looks_taken;
    return element.at;
  }
};
struct RefreshOf {
  Instant operator()(const Element& element) const noexcept { return element.refresh_at; }
};
using Wheel = TimerWheel<Element, ExpiryTag, ExpiryOf>;

// The width of a slot of each level.
Duration width(std::size_t level) { return kTick * (std::int64_t{1} << 6 * level); }

class TimerWheelTest : public ::testing::Test {
 protected:
  TimerWheelTest() { wheel_.reserve(now_); }
  ~TimerWheelTest() override {
    for (Element& element : elements_) wheel_.remove(element);
    EXPECT_EQ(wheel_.size(), 0u);
    EXPECT_EQ(wheel_.next(), kNever);
  }

  Element& add(Instant at) {
    Element& element = elements_.emplace_back();
    element.at = at;
    wheel_.add(element, at);
    return element;
  }
  Element& add_in(Duration span) { return add(now_ + span); }

  Element* due(Instant now) {
    std::size_t looks = kAll;
    return wheel_.due(now, looks);
  }
  /// Takes out what is due, and checks that it is.
  std::vector<Element*> take(Instant now, std::size_t looks = kAll) {
    std::vector<Element*> taken;
    while (Element* element = wheel_.due(now, looks)) {
      EXPECT_LE(element->at, now);
      wheel_.remove(*element);
      EXPECT_FALSE(Wheel::is_linked(*element));
      taken.push_back(element);
    }
    return taken;
  }
  std::vector<Duration> next_spans(std::size_t most, std::size_t looks = kAll) {
    std::vector<Duration> spans;
    const auto any = [](const Element&) { return true; };
    complete_ = wheel_.visit_next(most, looks, any, [&](const Element& element, Instant at) {
      EXPECT_EQ(element.at, at);
      spans.push_back(at - now_);
    });
    return spans;
  }

  const Instant now_{1000h + 123456789ns};
  std::deque<Element> elements_;
  Wheel wheel_;
  bool complete_ = false;
};

/// Distances around each boundary at which something changes, and far beyond.
std::vector<Duration> distances() {
  std::vector<Duration> all{1ns, 100us, 1s, 1min, 24h, 24h * 365, 24h * 365 * 200};
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (const std::int64_t slots : {1, 2, 15, 63, 64}) {
      if (level + 1 == kLevels && slots > 15) continue;  // beyond all Instants
      for (const Duration more : {-1ns, 0ns, 1ns}) all.push_back(width(level) * slots + more);
    }
  }
  return all;
}

TEST_F(TimerWheelTest, AnElementComesUpFromItsTimeOnAndNotBefore) {
  for (const Duration span : distances()) {
    Element& element = add_in(span);
    EXPECT_LE(wheel_.next(), element.at) << span.count();
    EXPECT_EQ(due(element.at - 1ns), nullptr) << span.count();
    EXPECT_EQ(wheel_.next(), element.at)
        << "once it was looked at just before, after " << span.count();
    EXPECT_EQ(due(element.at), &element) << span.count();
    EXPECT_EQ(due(element.at), &element) << "until it is removed";
    wheel_.remove(element);
    wheel_.reserve(now_);
  }
}

TEST_F(TimerWheelTest, AnElementComesUpAtItsTimeIfNobodyLookedBefore) {
  for (const Duration span : distances()) {
    Element& element = add_in(span);
    EXPECT_EQ(due(element.at), &element) << span.count();
    wheel_.remove(element);
    wheel_.reserve(now_);
  }
}

TEST_F(TimerWheelTest, AnElementComesUpWhateverTheStepsOfTime) {
  std::mt19937_64 random(3);
  for (const Duration span : distances()) {
    Element& element = add_in(span);
    Instant now = now_;
    while (now < element.at) {
      const auto left = static_cast<std::uint64_t>((element.at - now).count());
      now += Duration(static_cast<std::int64_t>(1 + random() % (left < 1000 ? left : left / 2)));
      ASSERT_EQ(due(now), now < element.at ? nullptr : &element) << span.count();
    }
    wheel_.remove(element);
    wheel_.reserve(now_);
  }
}

TEST_F(TimerWheelTest, TimesBeforeTheEpochAndAtBothEndsAreTimesLikeOthers) {
  wheel_.reserve(Instant::min());
  const Instant times[] = {Instant::min(), Instant::min() + 1ns, Instant(-1h), Instant(-1ns),
                           Instant(0ns),   Instant(1ns),         kNever - 1ns};
  for (const Instant at : times) add(at);
  for (std::size_t i = 0; i < std::size(times); ++i) {
    EXPECT_LE(wheel_.next(), times[i]);
    if (i > 0) {
      EXPECT_EQ(due(times[i] - 1ns), nullptr) << i;
    }
    EXPECT_EQ(take(times[i]).size(), 1u) << i;
  }
  EXPECT_EQ(due(kNever), nullptr);
}

TEST_F(TimerWheelTest, AnElementWithoutATimeIsNotInTheWheel) {
  Element& element = add(kNever);
  EXPECT_FALSE(Wheel::is_linked(element));
  EXPECT_EQ(wheel_.size(), 0u);
  EXPECT_EQ(wheel_.next(), kNever);
  EXPECT_EQ(due(kNever - 1ns), nullptr);
  wheel_.remove(element);
  EXPECT_EQ(wheel_.size(), 0u);
}

TEST_F(TimerWheelTest, AWheelThatWasNeverUsedHasNothing) {
  Wheel wheel;
  std::size_t looks = 1;
  EXPECT_EQ(wheel.due(kNever, looks), nullptr);
  EXPECT_EQ(wheel.next(), kNever);
  EXPECT_TRUE(wheel.visit_next(
      1, 1, [](const Element&) { return true; }, [](const Element&, Instant) {}));
}

TEST_F(TimerWheelTest, WhatIsAddedTooLateIsDueAtOnce) {
  add_in(20min);
  EXPECT_EQ(take(now_ + 30min).size(), 1u);
  Element& late = add_in(10min);
  EXPECT_EQ(wheel_.next(), late.at);
  EXPECT_EQ(take(now_ + 30min), std::vector{&late});
}

TEST_F(TimerWheelTest, AnElementInTwoWheelsIsInEachByItself) {
  TimerWheel<Element, RefreshTag, RefreshOf> refreshes;
  refreshes.reserve(now_);
  Element& element = add_in(1h);
  element.refresh_at = now_ + 40min;
  refreshes.add(element, element.refresh_at);
  std::size_t looks = kAll;
  EXPECT_EQ(refreshes.due(now_ + 40min - 1ns, looks), nullptr);
  EXPECT_EQ(refreshes.due(now_ + 40min, looks), &element);
  wheel_.remove(element);
  EXPECT_EQ(refreshes.size(), 1u);
  EXPECT_EQ(refreshes.due(now_ + 40min, looks), &element);
  refreshes.remove(element);
  EXPECT_EQ(refreshes.next(), kNever);
}

TEST_F(TimerWheelTest, WhatIsRemovedAtAnyLevelDoesNotComeUpAndItsNeighboursDo) {
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (int victim = 0; victim < 3; ++victim) {
      std::vector<Element*> three;
      for (int i = 0; i < 3; ++i) three.push_back(&add_in(width(level) * 3));
      Element* const removed = three[static_cast<std::size_t>(victim)];
      wheel_.remove(*removed);
      wheel_.remove(*removed);
      EXPECT_EQ(wheel_.size(), 2u);
      EXPECT_FALSE(Wheel::is_linked(*removed));
      const std::vector<Element*> taken = take(now_ + width(level) * 3);
      EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), 2u) << level;
      EXPECT_EQ(std::count(taken.begin(), taken.end(), removed), 0) << level;
      EXPECT_EQ(wheel_.next(), kNever) << level;
      wheel_.reserve(now_);
    }
  }
}

TEST_F(TimerWheelTest, OnceALevelIsEmptiedTheNextOneSaysWhatIsNearest) {
  std::vector<Element*> added;
  std::vector<Instant> before;
  for (std::size_t level = kLevels; level-- > 0;) {
    before.push_back(wheel_.next());
    added.push_back(&add_in(width(level) * 3));
    EXPECT_LE(wheel_.next(), added.back()->at) << level;
  }
  for (; !added.empty(); added.pop_back(), before.pop_back()) {
    wheel_.remove(*added.back());
    EXPECT_EQ(wheel_.next(), before.back()) << added.size();
  }
}

TEST_F(TimerWheelTest, WhatWaitsInLineCanBeRemoved) {
  for (int i = 0; i < 100; ++i) add_in(1h);
  std::size_t looks = 10;
  while (Element* element = wheel_.due(now_ + 1h, looks)) wheel_.remove(*element);
  EXPECT_EQ(wheel_.size(), 90u);
  EXPECT_LE(wheel_.next(), now_ + 1h) << "there is more to do";
  for (Element& element : elements_) wheel_.remove(element);
  EXPECT_EQ(due(now_ + 1h), nullptr);
  EXPECT_EQ(wheel_.next(), kNever);
}

TEST_F(TimerWheelTest, AJumpOfAYearBringsEachThatIsDueOnceWithinOneLook) {
  std::mt19937_64 random(5);
  constexpr Duration kYear = 24h * 365;
  for (int i = 0; i < 5000; ++i) {
    const auto bits = random() % 61;  // as many near ones as far ones
    add_in(Duration(static_cast<std::int64_t>(random() % (std::uint64_t{1} << bits))));
  }
  std::set<Element*> expected;
  for (Element& element : elements_) {
    if (element.at <= now_ + kYear) expected.insert(&element);
  }
  ASSERT_GT(expected.size(), 4000u);
  ASSERT_LT(expected.size(), 5000u);
  looks_taken = 0;
  const std::vector<Element*> taken = take(now_ + kYear);
  EXPECT_EQ(std::set(taken.begin(), taken.end()), expected);
  EXPECT_EQ(taken.size(), expected.size());
  EXPECT_LE(looks_taken, 5000);
  EXPECT_GT(wheel_.next(), now_ + kYear);
}

TEST_F(TimerWheelTest, NextIsExactOnceAllOfTheLastTickWasLookedAt) {
  std::vector<Element*> row;
  for (int i = 0; i < 1000; ++i) row.push_back(&add_in(1s + Duration(i * 100)));
  for (std::size_t i = 0; i < row.size(); ++i) {
    EXPECT_LE(wheel_.next(), row[i]->at);
    ASSERT_EQ(due(row[i]->at - 1ns), nullptr);
    ASSERT_EQ(wheel_.next(), row[i]->at);
    looks_taken = 0;
    ASSERT_EQ(due(row[i]->at - 1ns), nullptr);
    ASSERT_EQ(looks_taken, 0) << "nothing is looked at again before that";
    ASSERT_EQ(take(row[i]->at), std::vector{row[i]});
  }
}

TEST_F(TimerWheelTest, NextIsStillALowerBoundAfterARemoval) {
  Element& nearest = add_in(1s);
  Element& second = add_in(1s + 10us);
  EXPECT_EQ(due(now_ + 1s - 1ns), nullptr);
  EXPECT_EQ(wheel_.next(), nearest.at);
  wheel_.remove(nearest);
  EXPECT_LE(wheel_.next(), second.at);
  EXPECT_EQ(due(second.at - 1ns), nullptr);
  EXPECT_EQ(wheel_.next(), second.at) << "and a look makes it exact again";
  EXPECT_EQ(due(second.at), &second);
}

TEST_F(TimerWheelTest, NextIsNoLaterThanWhatIsAddedToTheTickAtHand) {
  Element& second = add_in(1s + 20us);
  EXPECT_EQ(due(now_ + 1s), nullptr);
  Element& first = add_in(1s + 10us);
  EXPECT_EQ(wheel_.next(), first.at);
  EXPECT_EQ(take(first.at), std::vector{&first});
  EXPECT_EQ(wheel_.next(), second.at);
}

TEST_F(TimerWheelTest, ACallLooksAtNoMoreThanItMayWhenManyAreDueAtOnce) {
  constexpr std::size_t kMany = 100'000;
  for (std::size_t i = 0; i < kMany; ++i) add_in(1h);
  std::size_t taken = 0;
  int calls = 0;
  for (; wheel_.next() <= now_ + 1h; ++calls) {
    looks_taken = 0;
    const std::size_t some = take(now_ + 1h, 256).size();
    ASSERT_LE(looks_taken, 256);
    ASSERT_LE(some, 256u);
    taken += some;
  }
  EXPECT_EQ(taken, kMany);
  EXPECT_EQ(calls, static_cast<int>(kMany / 256 + 1));
}

TEST_F(TimerWheelTest, NorWhenManyComeThroughTheLevels) {
  constexpr int kMany = 100'000;
  for (int i = 0; i < kMany; ++i) add_in(24h + Duration(1us) * i);
  int looks = 0;
  std::size_t taken = 0;
  for (Instant now = now_; taken < kMany; now = std::max(now, later(wheel_.next(), kTick))) {
    looks_taken = 0;
    taken += take(now, 256).size();
    ASSERT_LE(looks_taken, 256);
    looks += looks_taken;
  }
  EXPECT_LE(looks, kMany * static_cast<int>(kLevels)) << "once a level at most";
}

TEST_F(TimerWheelTest, WhatIsNotDueInTheTickAtHandIsLookedAtOnce) {
  const Instant start(width(4) * 10000);  // of a tick
  for (int i = 0; i < 1000; ++i) add(start + 50us + Duration(i));
  looks_taken = 0;
  for (int calls = 0; wheel_.next() <= start; ++calls) {
    ASSERT_LE(calls, 10);
    EXPECT_EQ(take(start, 100).size(), 0u);
  }
  EXPECT_EQ(looks_taken, 1000);
  EXPECT_EQ(wheel_.next(), start + 50us);
}

TEST_F(TimerWheelTest, AnElementWhoseTimeMovedLaterComesUpAtThatTime) {
  for (const Duration span : distances()) {
    for (const Duration further : std::vector<Duration>{1ns, 50us, 1ms, 1s, 1h, 24h * 400}) {
      Element& element = add_in(span);
      element.at += further;
      EXPECT_EQ(due(element.at - further), nullptr) << span.count();
      EXPECT_GT(wheel_.next(), element.at - further) << "it is known to be later";
      EXPECT_EQ(due(element.at - 1ns), nullptr) << span.count();
      EXPECT_EQ(wheel_.next(), element.at);
      EXPECT_EQ(due(element.at), &element) << span.count();
      wheel_.remove(element);
      wheel_.reserve(now_);
    }
  }
}

TEST_F(TimerWheelTest, AnElementThatHasNoTimeAnyMoreLeavesWhenItWouldHaveComeUp) {
  Element& element = add_in(1s);
  element.at = kNever;
  EXPECT_EQ(due(now_ + 1s), nullptr);
  EXPECT_FALSE(Wheel::is_linked(element));
  EXPECT_EQ(wheel_.size(), 0u);
  EXPECT_EQ(wheel_.next(), kNever);
}

TEST_F(TimerWheelTest, AnElementThatWasTakenCanBeAddedAgain) {
  Element& element = add_in(1s);
  for (int round = 0; round < 100; ++round) {
    EXPECT_EQ(take(element.at - 1ns).size(), 0u);
    EXPECT_EQ(take(element.at).size(), 1u);
    element.at += 1s;
    wheel_.add(element, element.at);
  }
}

TEST_F(TimerWheelTest, AClockThatWasSetBackMakesNothingDueTooEarlyOrTooLate) {
  for (const Duration back : {Duration(1us), Duration(1s), Duration(1h), Duration(24h * 300)}) {
    for (const Duration span : {1s, 1000s, 1000000s}) add_in(span + back);
    const Instant later = now_ + back;
    EXPECT_EQ(take(later).size(), 0u);
    std::vector<Element*> early;  // filed before all that is there
    for (const Duration span : {10ns, 100ns, 1000ns}) early.push_back(&add_in(span));
    Element& soon = add_in(back / 2 + 2000ns);
    for (Element* element : early) {
      EXPECT_EQ(due(element->at - 1ns), nullptr) << back.count();
      EXPECT_LE(wheel_.next(), element->at) << back.count();
      EXPECT_EQ(take(element->at), std::vector{element}) << back.count();
    }
    EXPECT_EQ(due(soon.at - 1ns), nullptr) << back.count();
    EXPECT_EQ(take(soon.at), std::vector{&soon}) << back.count();
    for (const Duration span : {1s, 1000s, 1000000s}) {
      EXPECT_EQ(take(later + span - 1ns).size(), 0u) << back.count();
      EXPECT_EQ(take(later + span).size(), 1u) << back.count();
    }
    wheel_.reserve(now_);
  }
}

TEST_F(TimerWheelTest, AClockThatWasSetFarBackCostsOneRoundAndNotOneForEachThatComesUp) {
  constexpr int kMany = 10'000;
  for (int i = 0; i < kMany; ++i) add_in(24h * 365 + Duration(1s) * i);
  EXPECT_EQ(take(now_ + 24h * 364).size(), 0u);
  for (int i = 0; i < kMany; ++i) add_in(Duration(1s) * i);
  looks_taken = 0;
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(take(now_ + Duration(1s) * i).size(), 1u);
  EXPECT_LE(looks_taken, 2 * kMany * static_cast<int>(kLevels));
}

TEST_F(TimerWheelTest, AThreadThatComesWithAnEarlierTimeMakesNobodyMove) {
  for (int i = 0; i < 1000; ++i) add_in(24h);
  add_in(1h);
  EXPECT_EQ(take(now_ + 1h).size(), 1u);
  add_in(59min + 50s);
  looks_taken = 0;
  EXPECT_EQ(take(now_ + 59min + 55s).size(), 1u);
  EXPECT_LE(looks_taken, 1);
}

TEST_F(TimerWheelTest, TheNearestAreVisitedInOrder) {
  for (const int seconds : {5000, 3, 1, 900000, 4, 2, 70}) add_in(Duration(1s) * seconds);
  EXPECT_EQ(next_spans(4), (std::vector<Duration>{1s, 2s, 3s, 4s}));
  EXPECT_TRUE(complete_);
  EXPECT_EQ(next_spans(100).size(), 7u);
  EXPECT_TRUE(complete_);
  EXPECT_EQ(next_spans(0).size(), 0u);
  take(now_ + 1500ms);
  EXPECT_EQ(next_spans(2), (std::vector<Duration>{2s, 3s}));
}

TEST_F(TimerWheelTest, TheNearestAreThoseByTheirTimesOfNow) {
  Element& read = add_in(1s);
  add_in(2s);
  add_in(3s);
  read.at = now_ + 2500ms;
  EXPECT_EQ(next_spans(2), (std::vector<Duration>{2s, 2500ms}));
  read.at = kNever;
  EXPECT_EQ(next_spans(2), (std::vector<Duration>{2s, 3s}));
}

TEST_F(TimerWheelTest, TheNearestAreOfThoseThatAreWanted) {
  for (int i = 1; i <= 10; ++i) add_in(Duration(1h) * i);
  std::vector<Duration> spans;
  EXPECT_TRUE(wheel_.visit_next(
      2, kAll, [&](const Element& element) { return element.at > now_ + 4h; },
      [&](const Element& element, Instant) { spans.push_back(element.at - now_); }));
  EXPECT_EQ(spans, (std::vector<Duration>{5h, 6h}));
}

TEST_F(TimerWheelTest, TheNearestAreFoundAmongThoseInLineToo) {
  for (int i = 1; i <= 100; ++i) add_in(1h + Duration(1s) * i);
  std::size_t looks = 7;
  EXPECT_EQ(wheel_.due(now_ + 1h, looks), nullptr);
  EXPECT_EQ(looks, 0u);
  EXPECT_EQ(next_spans(2), (std::vector<Duration>{1h + 1s, 1h + 2s}));
}

TEST_F(TimerWheelTest, AVisitLooksAtNoMoreThanItMayAndSaysSo) {
  for (int i = 0; i < 100'000; ++i) add_in(1000h + Duration(1us) * i);
  looks_taken = 0;
  EXPECT_EQ(next_spans(10, 50).size(), 10u);
  EXPECT_FALSE(complete_);
  EXPECT_EQ(looks_taken, 50);
}

TEST_F(TimerWheelTest, AVisitDoesNotLookBeyondTheSlotsItNeeds) {
  const Instant start(width(4) * 100);
  wheel_.reserve(start);
  for (int i = 1; i <= 60; ++i) add(start + width(3) * i);  // each has a slot to itself
  looks_taken = 0;
  EXPECT_EQ(next_spans(2).size(), 2u);
  EXPECT_LE(looks_taken, 3);
}

}  // namespace
}  // namespace freshet::detail
