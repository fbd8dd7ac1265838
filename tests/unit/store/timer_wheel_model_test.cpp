// A TimerWheel and a sorted map, told the same in a random order, have the same due at any time.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <random>

#include "store/timer_wheel.hpp"

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

struct ExpiryTag;
struct Element : TimerHook<ExpiryTag> {
  Instant at{};
};
struct ExpiryOf {
  Instant operator()(const Element& element) const noexcept { return element.at; }
};
using Wheel = TimerWheel<Element, ExpiryTag, ExpiryOf>;

class TimerWheelModelTest : public ::testing::TestWithParam<unsigned> {
 protected:
  static constexpr std::size_t kElements = 300;

  // As many short spans as long ones.
  Duration span() {
    const auto bits = random_() % 58;
    return Duration(static_cast<std::int64_t>(random_() % (std::uint64_t{1} << bits)));
  }
  Instant nearest() const { return model_.empty() ? kNever : model_.begin()->first; }
  Element& any() { return elements_[random_() % kElements]; }

  void erase(Element& element) {
    wheel_.remove(element);
    auto [first, last] = model_.equal_range(element.at);
    while (first != last && first->second != &element) ++first;
    if (first != last) model_.erase(first);
  }
  void add(Element& element, Instant at) {
    element.at = at;
    wheel_.reserve(now_);
    wheel_.add(element, at);
    model_.emplace(at, &element);
  }
  void move_later(Element& element) {
    if (!Wheel::is_linked(element)) return;
    auto [first, last] = model_.equal_range(element.at);
    while (first->second != &element) ++first;
    ASSERT_NE(first, last);
    model_.erase(first);
    element.at += span();
    model_.emplace(element.at, &element);
  }
  void step_time() {
    switch (random_() % 8) {
      case 0:
        now_ += span();
        break;
      case 1:
        if (!model_.empty()) now_ = std::max(now_, nearest() - 1ns);
        break;
      case 2:
        if (!model_.empty()) now_ = std::max(now_, nearest());
        break;
      case 3:
        now_ -= std::min(span(), Duration(1h));
        break;
      default:
        now_ += Duration(static_cast<std::int64_t>(random_() % 100'000));
    }
    if (now_ > Instant(24h * 365 * 100)) now_ = Instant(1h);  // far back
  }
  void take_due(std::size_t looks) {
    while (Element* element = wheel_.due(now_, looks)) {
      ASSERT_LE(element->at, now_);
      erase(*element);
    }
    if (wheel_.next() > now_) {
      ASSERT_GT(nearest(), now_);
    }
  }
  void compare() {
    ASSERT_EQ(wheel_.size(), model_.size());
    ASSERT_LE(wheel_.next(), nearest());
    if (model_.empty()) {
      ASSERT_EQ(wheel_.next(), kNever);
    }
  }
  void compare_nearest() {
    auto expected = model_.begin();
    const bool enough = wheel_.visit_next(
        1 + random_() % 10, SIZE_MAX, [](const Element&) { return true; },
        [&](const Element&, Instant at) { ASSERT_EQ(at, (expected++)->first); });
    ASSERT_TRUE(enough);
  }

  Instant now_{1h};
  std::mt19937_64 random_{GetParam()};
  std::deque<Element> elements_{kElements};
  std::multimap<Instant, Element*> model_;
  Wheel wheel_;
};

TEST_P(TimerWheelModelTest, AgreesWithASortedMap) {
  std::size_t most = 0;
  for (int step = 0; step < 200'000 && !HasFatalFailure(); ++step) {
    Element& element = any();
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        if (!Wheel::is_linked(element)) add(element, now_ + span());
        break;
      case 3:
        if (random_() % 2 == 0) erase(element);
        break;
      case 4:
        move_later(element);
        break;
      case 5:
        step_time();
        break;
      case 6:
        take_due(random_() % 4 == 0 ? SIZE_MAX : random_() % 8);
        break;
      default:
        if (random_() % 16 == 0) compare_nearest();
    }
    compare();
    most = std::max(most, model_.size());
  }
  EXPECT_GT(most, kElements / 3) << "the wheel was never full";
  for (Element& element : elements_) erase(element);
  EXPECT_EQ(wheel_.next(), kNever);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerWheelModelTest, ::testing::Range(1U, 5U));

}  // namespace
}  // namespace freshet::detail
