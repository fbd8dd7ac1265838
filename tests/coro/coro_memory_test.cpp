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
  flights_.complete(outer_key, *loads_outer, {});
}

// What may not wait was never noted: nothing of another's wait goes with it.
TEST_F(CoroMemoryTest, NorDoesAWaitThatIsRefused) {
  const KeyRef outer_key(*space_, "outer"), key(*space_, "k");
  const LoadLink outer{}, other_load{};
  const auto loads_outer = lead(outer_key);
  loads_outer->made_by(outer);
  const auto other = lead(key);
  other->made_by(other_load);
  const auto told = std::make_shared<Told>();
  ASSERT_TRUE(flights_.watch(key, *other, &outer, told));
  for (int i = 0; i < 2; ++i)
    EXPECT_THROW(flights_.watch(outer_key, *loads_outer, &other_load, std::make_shared<Told>()),
                 RecursiveLoad);
  flights_.complete(key, *other, {});
  EXPECT_EQ(told->times, 1);
  flights_.unwatch(key, *other, &outer, told);
  EXPECT_TRUE(flights_.watch(outer_key, *loads_outer, &other_load, told))
      << "nobody waits any more";
  flights_.unwatch(outer_key, *loads_outer, &other_load, told);
  flights_.complete(outer_key, *loads_outer, {});
}

}  // namespace
}  // namespace freshet::detail
