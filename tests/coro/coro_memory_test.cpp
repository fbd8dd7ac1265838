// Who finds no memory to wait: nothing is left of that, and the waits of others are.
#include <gtest/gtest.h>

#include <new>

#include "coro/counted_new.hpp"
#include "freshet/errors.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {
namespace {

class Told final : public Wakeup {
 public:
  void wake() noexcept override { ++times; }
  int times = 0;
};

class CoroMemoryTest : public ::testing::Test {
 protected:
  std::shared_ptr<SingleFlight::Flight> lead(const KeyRef& key) {
    const CallStart start{freshness_.keys().sequence(key.hash), freshness_.revision()};
    return flights_.board(key, start, {space_}, {}, SingleFlight::Leader::coroutine).flight;
  }

  Freshness freshness_{64};
  const LabelRef space_ = freshness_.pin(LabelKind::name_space, "profiles");
  SingleFlight flights_{freshness_};
};

// Two readers of one load wait for the same other load. Each is noted for the load and for those around it.
TEST_F(CoroMemoryTest, AWaitThatFindsNoMemoryTakesNothingOfAnotherWithIt) {
  const KeyRef outer_key(*space_, "outer"), key(*space_, "k");
  const LoadLink outer{}, inner{.around = &outer};
  const auto loads_outer = lead(outer_key);
  loads_outer->made_by(outer);
  const auto other = lead(key);
  const LoadLink other_load{};
  other->made_by(other_load);
  const auto told = std::make_shared<Told>(), again = std::make_shared<Told>();
  ASSERT_TRUE(flights_.watch(key, *other, &inner, told));
  std::size_t failed = 0;
  for (std::size_t nth = 1;; ++nth) {
    try {
      const testing::FailingAllocation fails(nth);
      flights_.watch(key, *other, &inner, again);
      break;
    } catch (const std::bad_alloc&) {
      ++failed;
    }
    // What the other load reads for may not wait for the outer one, which waits for it.
    ASSERT_THROW(flights_.watch(outer_key, *loads_outer, &other_load, std::make_shared<Told>()),
                 RecursiveLoad)
        << "after allocation " << nth << " failed";
  }
  EXPECT_GE(failed, 2u);
  flights_.unwatch(key, *other, &inner, again);
  flights_.complete(key, *other, {});
  EXPECT_EQ(told->times, 1);
  EXPECT_EQ(again->times, 0);
  flights_.unwatch(key, *other, &inner, told);
  EXPECT_EQ(flights_.waits(), 0u);
  flights_.complete(outer_key, *loads_outer, {});
}

// Of two loads that are made for an outer one, one waits for another load, and the other, which that waits for, may not. What it did not
// note it does not take back.
TEST_F(CoroMemoryTest, NorDoesAWaitThatIsRefused) {
  const KeyRef outer_key(*space_, "outer"), sister_key(*space_, "sister"), key(*space_, "k");
  const LoadLink outer{}, inner{.around = &outer}, sister{.around = &outer}, other_load{};
  const auto loads_outer = lead(outer_key), loads_sister = lead(sister_key), other = lead(key);
  loads_outer->made_by(outer);
  loads_sister->made_by(sister);
  other->made_by(other_load);
  const auto told = std::make_shared<Told>();
  ASSERT_TRUE(flights_.watch(key, *other, &inner, told));
  ASSERT_TRUE(flights_.watch(sister_key, *loads_sister, &other_load, told));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THROW(flights_.watch(key, *other, &sister, told), RecursiveLoad);
    EXPECT_THROW(flights_.watch(outer_key, *loads_outer, &other_load, told), RecursiveLoad)
        << "the outer load waits for it yet";
  }
  flights_.unwatch(key, *other, &inner, told);
  flights_.unwatch(sister_key, *loads_sister, &other_load, told);
  EXPECT_EQ(flights_.waits(), 0u);
  flights_.complete(key, *other, {});
  flights_.complete(sister_key, *loads_sister, {});
  flights_.complete(outer_key, *loads_outer, {});
  EXPECT_EQ(told->times, 0);
}

}  // namespace
}  // namespace freshet::detail
