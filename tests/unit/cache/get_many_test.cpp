// get_many: many keys at once, with and without a bulk loader: each answered as it would have been by itself.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <latch>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "support/cache_fixture.hpp"
#include "support/engine_access.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

using Keys = std::vector<std::string>;
using Missing = std::span<const std::string_view>;
using Values = std::vector<std::optional<int>>;

struct Down : std::runtime_error {
  Down() : std::runtime_error("the origin is down") {}
};

class GetManyTest : public CacheFixture {
 protected:
  GetManyTest() {
    use(R"(
freshet: 1
namespaces:
  p: {ttl: 1h, soft_ttl: 30m, stale_if_error: 24h, retry_after_error: 0s, negative_ttl: 1h}
)");
    view_.emplace(invalidator_->cache<int>("p"));
  }
  std::size_t flights() { return EngineAccess::engine(*invalidator_).flights().size(); }
  static std::string key(std::size_t i) { return "k" + std::to_string(i); }

  /// Keys k0 to k99, of each kind by turns: fresh, past the soft deadline, expired, known to be absent, missing.
  static constexpr std::size_t kKinds = 5;
  void fill() {
    const auto put = [&](std::size_t kind) {
      for (std::size_t i = kind; i < 100; i += kKinds) view_->put(key(i), static_cast<int>(i));
    };
    put(1);
    clock_->advance(40min);
    put(0);
    put(2);
    for (std::size_t i = 2; i < 100; i += kKinds) view_->invalidate(key(i), {.mode = Mode::expire});
    for (std::size_t i = 3; i < 100; i += kKinds)
      view_->get_or_load(key(i), [] { return std::optional<int>(); });
    clock_->advance(1min);
  }
  static void expect_kind(const Handle<int>& handle, std::size_t i) {
    SCOPED_TRACE(key(i));
    const std::size_t kind = i % kKinds;
    EXPECT_EQ(static_cast<bool>(handle), kind < 3);
    EXPECT_EQ(handle.absent(), kind == 3);
    EXPECT_EQ(handle.origin(), kind == 4 ? Origin::none : Origin::l1);
    const Staleness staleness[] = {Staleness::fresh, Staleness::soft_deadline, Staleness::expired,
                                   Staleness::fresh, Staleness::fresh};
    EXPECT_EQ(handle.staleness(), staleness[kind]);
    if (!handle) return;
    EXPECT_EQ(*handle, static_cast<int>(i));
    EXPECT_EQ(handle.age(), kind == 1 ? 41min : 1min);
    EXPECT_EQ(handle.remaining(), kind == 1 ? 19min : 59min);
  }

  std::optional<Cache<int>> view_;
};

// They are read sixteen at a time.
TEST_F(GetManyTest, AnswersAreThoseOfGetHoweverManyThereAreAndAsOftenAsTheyAreNamed) {
  fill();
  for (const std::size_t count : {0, 1, 15, 16, 17, 32, 33, 100}) {
    for (std::size_t first = 0; first < kKinds; ++first) {
      Keys keys;
      std::vector<std::size_t> numbers;
      for (std::size_t i = 0; i < count; ++i) {
        numbers.push_back((first + i % (count * 2 / 3 + 1)) %
                          100);  // the last third is named twice
        keys.push_back(key(numbers.back()));
      }
      const NamespaceStatistics before = invalidator_->stats().total;
      const auto handles = view_->get_many(keys);
      ASSERT_EQ(handles.size(), count);
      for (std::size_t i = 0; i < count; ++i) expect_kind(handles[i], numbers[i]);
      const NamespaceStatistics after = invalidator_->stats().total;
      EXPECT_EQ(after.hits + after.misses - before.hits - before.misses, count);
    }
  }
}

TEST_F(GetManyTest, ABulkLoaderIsAskedOnceForWhatIsMissingAndForNothingThatIsServed) {
  fill();
  Keys keys;
  for (std::size_t i = 0; i < 100; ++i) keys.push_back(key(i));
  keys.insert(keys.end(), {key(4), key(99), key(2), key(3)});
  int calls = 0;
  const auto handles = view_->get_many(keys, [&](Missing missing) {
    ++calls;
    EXPECT_EQ(missing.size(), 20u);
    Values values;
    for (std::size_t i = 0; i < missing.size(); ++i) {
      EXPECT_EQ(missing[i], key(kKinds * i + 4));
      values.push_back(i == 19 ? std::nullopt : std::optional(static_cast<int>(1'000 + i)));
    }
    return values;
  });
  EXPECT_EQ(calls, 1);
  for (std::size_t i = 0; i < 100; ++i) {
    if (i % kKinds != 4) {
      expect_kind(handles[i], i);
    } else if (i == 99) {
      EXPECT_FALSE(handles[i]);
      EXPECT_TRUE(handles[i].absent());
    } else {
      ASSERT_TRUE(handles[i]) << i;
      EXPECT_EQ(*handles[i], static_cast<int>(1'000 + i / kKinds));
      EXPECT_EQ(handles[i].origin(), Origin::loaded);
      EXPECT_EQ(handles[i].age(), 0s);
    }
  }
  EXPECT_EQ(handles[100].get(), handles[4].get()) << "the same value";
  EXPECT_TRUE(handles[101].absent());
  expect_kind(handles[102], 2);
  expect_kind(handles[103], 3);
  EXPECT_EQ(total(&NamespaceStatistics::loads), 20u + 20u) << "with those of fill()";
}

TEST_F(GetManyTest, WhatIsRemovedBetweenTwoStepsIsNotServedByTheSecond) {
  for (const char* point : {"found_before_judged", "found_before_shared"}) {
    Keys keys;
    for (std::size_t i = 0; i < 40; ++i) {
      keys.push_back(key(i));
      if (i >= 15) view_->put(key(i), static_cast<int>(i), {.tags = {"t"}});
    }
    // The first key that is there is the last of the first sixteen.
    const PausePoint pause(point, [&] { invalidator_->invalidate_tag("t"); });
    const auto handles = view_->get_many(keys);
    ASSERT_TRUE(pause.reached());
    for (std::size_t i = 16; i < 40; ++i) EXPECT_FALSE(handles[i]) << point << " " << i;
  }
}

TEST_F(GetManyTest, WhatIsReplacedBetweenTwoStepsIsReadAsItIsThen) {
  Keys keys;
  for (std::size_t i = 0; i < 40; ++i) {
    keys.push_back(key(i));
    view_->put(key(i), 1);
  }
  const PausePoint pause("found_before_shared", [&] {
    for (const std::string& key : keys) view_->put(key, 2);
  });
  const auto handles = view_->get_many(keys);
  for (std::size_t i = 1; i < 40; ++i) {
    ASSERT_TRUE(handles[i]) << i;
    EXPECT_EQ(*handles[i], 2) << i;
  }
}

TEST_F(GetManyTest, ALoaderThatThrowsIsHiddenByOldValuesIfAllThatItWasAskedForHaveOne) {
  const auto down = [](Missing) -> Values { throw Down(); };
  for (std::size_t i = 0; i < 4; ++i) view_->put(key(i), static_cast<int>(i));
  pass(2h);
  view_->put("fresh", 7);
  const auto old = view_->get_many(Keys{key(0), "fresh", key(1), key(0)}, down);
  for (const std::size_t i : {0, 2, 3}) {
    ASSERT_TRUE(old[i]) << i;
    EXPECT_EQ(old[i].staleness(), Staleness::load_failed) << i;
    EXPECT_EQ(old[i].age(), 2h) << i;
    EXPECT_EQ(old[i].remaining(), -1h) << i;
  }
  EXPECT_EQ(old[1].staleness(), Staleness::fresh);
  EXPECT_EQ(total(&NamespaceStatistics::served_on_error), 2u);
  EXPECT_EQ(total(&NamespaceStatistics::load_failures), 1u);
}

TEST_F(GetManyTest, HalfOfTheOldValuesAreNotEnoughAndNobodyIsStranded) {
  const auto down = [](Missing) -> Values { throw Down(); };
  for (std::size_t i = 0; i < 20; i += 2) view_->put(key(i), static_cast<int>(i));
  pass(2h);
  Keys keys;
  for (std::size_t i = 0; i < 20; ++i) keys.push_back(key(i));
  EXPECT_THROW(view_->get_many(keys, down), Down);
  EXPECT_EQ(flights(), 0u);
  EXPECT_EQ(view_->get_or_load(key(2), []() -> int { throw Down(); }).staleness(),
            Staleness::load_failed)
      << "the old values are there as before";
  const auto loaded =
      view_->get_many(keys, [](Missing missing) { return Values(missing.size(), 100); });
  for (std::size_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(loaded[i]) << i;
    EXPECT_EQ(*loaded[i], 100) << i;
  }
}

TEST_F(GetManyTest, ABulkLoaderThatAsksForItsOwnKeysGetsAnErrorThatNoOldValueHides) {
  const auto inner = [](Missing missing) { return Values(missing.size(), 1); };
  for (const bool has_old : {false, true}) {
    if (has_old) {
      view_->put("a", 1);
      view_->put("b", 1);
      pass(2h);
    }
    for (const Keys& asks : {Keys{"a"}, Keys{"b", "a"}, Keys{"new", "b"}}) {
      EXPECT_THROW(view_->get_many(Keys{"a", "b"},
                                   [&](Missing missing) {
                                     view_->get_many(asks, inner);
                                     return Values(missing.size(), 1);
                                   }),
                   RecursiveLoad);
      EXPECT_EQ(flights(), 0u);
    }
    EXPECT_THROW(view_->get_many(Keys{"a", "b"},
                                 [&](Missing missing) {
                                   view_->get_or_load("b", [] { return 1; });
                                   return Values(missing.size(), 1);
                                 }),
                 RecursiveLoad);
  }
  EXPECT_EQ(*view_->get_many(Keys{"a", "b"}, inner)[1], 1);
}

TEST_F(GetManyTest, TwoBulkLoadersThatAskForEachOthersKeysOnOneThreadGetAnError) {
  const Keys ours{"a", "b"};
  const Keys theirs{"c", "d"};
  const auto last = [](Missing missing) { return Values(missing.size(), 1); };
  const auto second = [&](Missing missing) {
    view_->get_many(ours, last);
    return Values(missing.size(), 1);
  };
  EXPECT_THROW(view_->get_many(ours,
                               [&](Missing missing) {
                                 view_->get_many(theirs, second);
                                 return Values(missing.size(), 1);
                               }),
               RecursiveLoad);
  EXPECT_EQ(flights(), 0u);
  EXPECT_EQ(total(&NamespaceStatistics::entries), 0u);
}

TEST_F(GetManyTest, TwoBulkLoadersInACircleOnTwoThreadsAreNotStranded) {
  std::latch both_lead(2);
  std::atomic<int> errors{0};
  const auto load = [&](const Keys& mine, const Keys& theirs) {
    try {
      view_->get_many(mine, [&](Missing missing) {
        both_lead.arrive_and_wait();
        view_->get_many(theirs, [](Missing more) { return Values(more.size(), 1); });
        return Values(missing.size(), 2);
      });
    } catch (const RecursiveLoad&) {
      ++errors;
    }
  };
  const Keys a{"a1", "a2"};
  const Keys b{"b1", "b2"};
  std::thread first([&] { load(a, b); });
  std::thread second([&] { load(b, a); });
  first.join();
  second.join();
  EXPECT_GE(errors, 1) << "who closes the circle is told, and whoever waits for it with it";
  EXPECT_EQ(flights(), 0u);
  for (const Keys& keys : {a, b}) {
    for (const auto& handle :
         view_->get_many(keys, [](Missing more) { return Values(more.size(), 3); })) {
      EXPECT_TRUE(handle);
    }
  }
}

}  // namespace
}  // namespace freshet::testing
