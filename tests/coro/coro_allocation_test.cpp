// A hit allocates nothing: counted.
#include <gtest/gtest.h>

#include "coro/coro_fixture.hpp"
#include "coro/counted_new.hpp"

namespace freshet::testing {
namespace {

// Without hot keys, which are counted out of a buffer now and then; and with them, as they are by default.
class CoroAllocationTest : public CoroFixture {
 protected:
  CoroAllocationTest() { with_analytics("analytics: {hot_keys: false}"); }

  void with_analytics(const std::string& analytics) {
    use("freshet: 1\nnamespaces:\n  profiles: {strategy: manual}\n" + analytics + "\n");
    cache_.emplace(cache());
    cache_->put("k", 7);
  }

  asio::awaitable<int> read() {
    co_return *co_await cache_->async_get_or_load("k", makes(1), options_);
  }

  /// How often `rounds` rounds allocate, once a few have gone before.
  template <class Round>
  std::size_t allocated(int rounds, Round round) {
    std::size_t before = 0, after = 0;
    asio::co_spawn(
        *io_,
        [&]() -> asio::awaitable<void> {
          for (int i = 0; i < 3; ++i) co_await round();
          before = allocations_of_this_thread();
          for (int i = 0; i < rounds; ++i) co_await round();
          after = allocations_of_this_thread();
        },
        asio::detached);
    run();
    return after - before;
  }

  std::optional<Cache<int>> cache_;
  const EntryOptions options_{.tags = {"a tag that is too long for a string that owns no memory"}};
};

TEST_F(CoroAllocationTest, AHitAllocatesNothing) {
  EXPECT_EQ(allocated(100, [&] { return cache_->async_get_or_load("k", makes(1), options_); }), 0u);
}

TEST_F(CoroAllocationTest, NorDoesOneInACoroutineThatTookTheFrameThatAsioKeeps) {
  EXPECT_EQ(allocated(100, [&] { return read(); }), 0u);
}

/// Hits of many keys while few have a place among the hot ones, and these cool down all the time.
class CoroHotKeyAllocationTest : public CoroAllocationTest {
 protected:
  /// `behind` makes the keys longer.
  void with_keys(const std::string& analytics, const std::string& behind = {}) {
    with_analytics(analytics);
    for (int i = 0; i < 100; ++i) keys_.push_back(std::to_string(i) + behind);
    for (const std::string& key : keys_) cache_->put(key, 1);
  }

  auto hit() {
    return cache_->async_get_or_load(keys_[next_++ % keys_.size()], makes(1), options_);
  }

  std::vector<std::string> keys_;
  std::size_t next_ = 0;
};

TEST_F(CoroHotKeyAllocationTest, HotKeysCostNothingOnceTheyAreAsManyAsAreTracked) {
  with_keys("analytics: {tracked_keys: 16, sample_one_in: 1, halve_after: 8}");
  allocated(1'000, [&] { return hit(); });
  EXPECT_EQ(allocated(10'000, [&] { return hit(); }), 0u);
  EXPECT_FALSE(invalidator_->hot_keys(1).empty()) << "nothing was counted";
}

TEST_F(CoroHotKeyAllocationTest, AFirstKeyCostsItsPlaceAndNothingFromThenOn) {
  with_keys("");
  const auto same = [&] { return cache_->async_get_or_load("7", makes(1), options_); };
  EXPECT_LE(allocated(10'000, same), 2u) << "a counter and a bucket";
  EXPECT_EQ(allocated(10'000, same), 0u);
}

// 40 bytes and more: a place's text has grown once by then, to all that these need.
TEST_F(CoroHotKeyAllocationTest, LongKeysCostNothingOnceEachPlaceHasHeldOne) {
  with_keys("analytics: {tracked_keys: 16, sample_one_in: 1, halve_after: 64}",
            std::string(40, 'x'));
  allocated(2'000, [&] { return hit(); });
  EXPECT_EQ(allocated(10'000, [&] { return hit(); }), 0u);
}

}  // namespace
}  // namespace freshet::testing
