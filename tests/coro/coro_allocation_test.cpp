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

// A batch of them at a time, by whose hit fills it: one allocation for each that is counted, at most.
TEST_F(CoroAllocationTest, HotKeysCostOneAllocationForEachReadThatIsCountedAtMost) {
  const auto hit = [&] { return cache_->async_get_or_load("k", makes(1), options_); };
  constexpr std::size_t kToNameAKey = 8;
  with_analytics("");
  EXPECT_LE(allocated(10'000, hit), 10'000 + kToNameAKey) << "all are counted at first";
  with_analytics("analytics: {halve_after: 64}");
  allocated(50'000, hit);  // after 64 * 255 reads one in 256 is counted
  EXPECT_LE(allocated(100'000, hit), 100'000 / 256 * 2);
}

}  // namespace
}  // namespace freshet::testing
