// The replayer: what each kind of row does to cache, origin, clock and figures.
#include "replay/replayer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "freshet/errors.hpp"

namespace freshet::replay {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using trace::Op;

constexpr std::string_view kMinute = "freshet: 1\nnamespaces: {things: {strategy: ttl, ttl: 1m}}\n";
constexpr std::string_view kManual = "freshet: 1\nnamespaces: {things: {strategy: manual}}\n";

class ReplayerTest : public ::testing::Test {
 protected:
  static Replayer make(std::string_view policy, Writes writes = Writes::silent,
                       Duration tick = {}) {
    return Replayer::from_yaml(policy, {{}, writes, tick});
  }

  struct Row {
    std::int64_t time;
    std::string_view key;
    Op op = Op::get;
    std::int64_t ttl = -1;
    std::int64_t size = 1;
    std::vector<std::string_view> tags{};
  };

  static Figures replay(Replayer& replayer, const std::vector<Row>& rows) {
    for (const Row& row : rows)
      replayer.replay({row.time, row.key, row.size, row.op, row.ttl, row.tags});
    return replayer.figures();
  }
  static Figures replay(Replayer&& replayer, const std::vector<Row>& rows) {
    return replay(replayer, rows);
  }
};

TEST_F(ReplayerTest, AGetLoadsOnceAndHitsFromThenOn) {
  const Figures figures = replay(make(kMinute), {{0, "a"}, {1, "a"}, {2, "a"}, {3, "b"}});
  EXPECT_EQ(figures.requests, 4u);
  EXPECT_EQ(figures.hits, 2u);
  EXPECT_EQ(figures.misses, 2u);
  EXPECT_EQ(figures.loads, 2u);
  EXPECT_DOUBLE_EQ(figures.hit_ratio(), 0.5);
}

TEST_F(ReplayerTest, CountsTheReadsOfEachKeyWhetherHitOrMiss) {
  Replayer replayer = Replayer::from_yaml(kMinute, {.hot_keys = 2});
  replay(replayer, {{0, "a"}, {1, "b"}, {2, "b"}, {3, "c", Op::set}, {4, "b"}, {5, "a"}, {6, "c"}});
  const std::vector<HotKey> hot = replayer.hot_keys();
  ASSERT_EQ(hot.size(), 2u);
  EXPECT_EQ(hot[0].key, "b");
  EXPECT_EQ(hot[0].name_space, "things");
  EXPECT_EQ(hot[0].accesses, 3u);
  EXPECT_EQ(hot[1].key, "a");
  EXPECT_EQ(hot[1].accesses, 2u);
  EXPECT_EQ(hot[1].error, 0u);
}

TEST_F(ReplayerTest, NothingReplayedIsNoRatio) {
  const Figures figures = make(kMinute).figures();
  EXPECT_EQ(figures.hit_ratio(), 0.0);
  EXPECT_EQ(figures.stale_ratio(), 0.0);
}

TEST_F(ReplayerTest, AnEntryIsAMissFromThePolicysLifetimeOn) {
  EXPECT_EQ(replay(make(kMinute), {{0, "a"}, {59'999, "a"}}).hits, 1u);
  EXPECT_EQ(replay(make(kMinute), {{0, "a"}, {60'000, "a"}}).hits, 0u);
}

TEST_F(ReplayerTest, TheLoadersLifetimeShortensThePolicysAndDoesNotLengthenIt) {
  EXPECT_EQ(replay(make(kMinute), {{0, "a", Op::get, 10'000}, {9'999, "a"}}).hits, 1u);
  EXPECT_EQ(replay(make(kMinute), {{0, "a", Op::get, 10'000}, {10'000, "a"}}).hits, 0u);
  EXPECT_EQ(replay(make(kMinute), {{0, "a", Op::get, 100'000}, {60'000, "a"}}).hits, 0u);
  EXPECT_EQ(replay(make(kManual), {{0, "a", Op::get, 10'000}, {10'000, "a"}}).hits, 0u);
}

TEST_F(ReplayerTest, ALifetimeOfZeroIsNotKept) {
  const Figures figures =
      replay(make(kManual), {{0, "a", Op::get, 0}, {0, "a", Op::get, 0}, {0, "a"}, {0, "a"}});
  EXPECT_EQ(figures.misses, 3u);
  EXPECT_EQ(figures.hits, 1u);
}

TEST_F(ReplayerTest, AHitOlderThanTheOriginIsAStaleServe) {
  const Figures figures = replay(make(kMinute), {{0, "a"},
                                                 {1, "a"},
                                                 {2, "a", Op::set},
                                                 {3, "a"},
                                                 {4, "b", Op::set},
                                                 {5, "a"},
                                                 {60'000, "a"}});
  EXPECT_EQ(figures.hits, 3u);
  EXPECT_EQ(figures.stale_serves, 2u);
  EXPECT_DOUBLE_EQ(figures.stale_ratio(), 0.4);
}

TEST_F(ReplayerTest, ADeleteMovesTheOriginOnToo) {
  const Figures figures = replay(make(kManual), {{0, "a"}, {1, "a", Op::erase}, {2, "a"}});
  EXPECT_EQ(figures.hits, 1u);
  EXPECT_EQ(figures.stale_serves, 1u);
  EXPECT_EQ(figures.invalidations, 0u);
}

TEST_F(ReplayerTest, AWriteThroughIsServedFreshWithItsOwnLifetime) {
  const Figures figures = replay(make(kMinute, Writes::put), {{0, "a"},
                                                              {1, "a", Op::set},
                                                              {2, "a"},
                                                              {3, "b", Op::set, 100'000},
                                                              {100'002, "b"},
                                                              {100'003, "b"}});
  EXPECT_EQ(figures.hits, 2u);  // a, and b beyond the policy's minute
  EXPECT_EQ(figures.misses, 2u);
  EXPECT_EQ(figures.stale_serves, 0u);
}

TEST_F(ReplayerTest, ADeleteInvalidatesUnderWritesPut) {
  const Figures figures =
      replay(make(kManual, Writes::put),
             {{0, "a"}, {1, "a", Op::erase}, {2, "a"}, {3, "a"}, {4, "b", Op::erase}});
  EXPECT_EQ(figures.misses, 2u);
  EXPECT_EQ(figures.hits, 1u);  // "no such object", kept like any value
  EXPECT_EQ(figures.stale_serves, 0u);
  EXPECT_EQ(figures.invalidations, 2u);
  EXPECT_EQ(figures.entries_invalidated, 1u);
}

TEST_F(ReplayerTest, AWriteThatMustNotBeCachedEndsWhatIsResidentAndIsIgnoredOtherwise) {
  const Figures figures =
      replay(make(kManual, Writes::put),
             {{0, "a", Op::set, 0}, {1, "a"}, {2, "a", Op::set, 0}, {3, "a"}, {4, "a"}});
  EXPECT_EQ(figures.misses, 2u);
  EXPECT_EQ(figures.hits, 1u);
  EXPECT_EQ(figures.stale_serves, 0u);
  EXPECT_EQ(figures.invalidations, 1u);
}

TEST_F(ReplayerTest, AWriteOfAResidentKeyIsAnAccess) {
  constexpr std::string_view kTwo =
      "freshet: 1\nnamespaces: {things: {strategy: manual, eviction: lru, capacity: {entries: "
      "2}}}\n";
  const Figures figures =
      replay(make(kTwo, Writes::put),
             {{0, "a"}, {1, "b"}, {2, "a", Op::set}, {3, "c"}, {4, "a"}, {5, "b"}});
  EXPECT_EQ(figures.hits, 1u);  // a stayed, b made room for c
  EXPECT_EQ(figures.evictions, 2u);
}

TEST_F(ReplayerTest, SizesCountWhereThePolicyLimitsBytes) {
  constexpr std::string_view kBytes =
      "freshet: 1\nnamespaces: {things: {strategy: manual, capacity: {bytes: 100kB}}}\n";
  const Figures figures = replay(make(kBytes), {{0, "a", Op::get, -1, 60'000},
                                                {1, "a", Op::get, -1, 60'000},
                                                {2, "b", Op::get, -1, 60'000},
                                                {3, "c", Op::get, -1, -1},
                                                {4, "c", Op::get, -1, -1}});
  EXPECT_EQ(figures.hits, 2u);
  EXPECT_EQ(figures.evictions, 1u);
}

TEST_F(ReplayerTest, ATickMovesRowsWithoutATime) {
  EXPECT_EQ(replay(make(kMinute, Writes::silent, 30s), {{-1, "a"}, {-1, "a"}, {-1, "a"}}).hits, 1u);
  EXPECT_EQ(replay(make(kMinute), {{-1, "a"}, {-1, "a"}, {-1, "a"}}).hits, 2u);
}

TEST_F(ReplayerTest, ANewTraceBeginsWhereTheLastOneEnded) {
  Replayer replayer = make(kMinute);
  replay(replayer, {{0, "a"}, {40'000, "b"}});
  replayer.begin_trace();
  EXPECT_EQ(replay(replayer, {{0, "a"}, {19'999, "a"}}).hits, 2u);
  EXPECT_EQ(replay(replayer, {{20'000, "a"}}).hits, 2u);
}

TEST_F(ReplayerTest, EqualInputGivesEqualFiguresAlsoWithJitter) {
  constexpr std::string_view kJitter =
      "freshet: 1\nnamespaces: {things: {strategy: ttl, ttl: 1m, ttl_jitter: 50%}}\n";
  std::vector<Row> rows;
  for (std::int64_t time = 0; time < 10'000'000; time += 5'000) rows.push_back({time, "a"});
  const Figures once = replay(make(kJitter), rows);
  const Figures again = replay(make(kJitter), rows);
  EXPECT_EQ(once.hits, again.hits);
  EXPECT_NE(once.hits, replay(make(kMinute), rows).hits) << "jitter was expected to matter";
}

TEST_F(ReplayerTest, TagsOfRowsBecomeTagsOfEntries) {
  // Tags do not change figures in a replay; that they arrive shows in that a bad one is refused.
  Replayer replayer = make(kManual);
  const std::string long_tag(2000, 't');
  EXPECT_THROW(replay(replayer, {{0, "a", Op::get, -1, 1, {long_tag}}}), InvalidName);
}

TEST_F(ReplayerTest, TheNamespaceMayBeLeftOutOnlyWhereThereIsOneToMean) {
  EXPECT_EQ(make(kMinute).name_space(), "things");
  const auto complaint = [](std::string_view policy) -> std::string {
    try {
      Replayer::from_yaml(policy, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(complaint("freshet: 1\nnamespaces: {a: {strategy: manual}, b: {strategy: manual}}\n"),
              HasSubstr("--namespace is needed: the policy has the blocks a, b"));
  EXPECT_THAT(complaint("freshet: 1\nnamespaces: {\"*\": {strategy: manual}}\n"),
              HasSubstr("--namespace is needed"));
  EXPECT_THROW(Replayer::from_yaml(kMinute, {"other", Writes::silent, {}}), UnknownNamespace);
  EXPECT_EQ(Replayer::from_yaml("freshet: 1\nnamespaces: {\"*\": {strategy: manual}}\n",
                                {"x", Writes::silent, {}})
                .name_space(),
            "x");
}

}  // namespace
}  // namespace freshet::replay
