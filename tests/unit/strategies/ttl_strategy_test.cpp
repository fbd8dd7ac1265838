// TtlStrategy: whose word counts, and how jitter is drawn.
#include "freshet/strategies/ttl_strategy.hpp"

#include <gtest/gtest.h>

#include "freshet/testing/manual_clock.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

/// Answers what it was told to, and counts.
class FixedRandom final : public RandomSource {
 public:
  std::uint64_t next() noexcept override {
    ++drawn;
    return bits;
  }
  std::uint64_t bits = 0;
  int drawn = 0;
};

class TtlStrategyTest : public ::testing::Test {
 protected:
  Deadlines store(TtlOptions options, const EntryView& entry = {.name_space = "n", .key = "k"}) {
    return TtlStrategy(std::move(options), {clock_, random_}).on_store(entry, t0_);
  }
  Duration lifetime(TtlOptions options, const EntryView& entry = {.name_space = "n", .key = "k"}) {
    return store(std::move(options), entry).hard - t0_;
  }
  EntryView of_kind(std::string_view kind) {
    fields_ = {{"id", "1"}, {"kind", kind}};
    return {.name_space = "n", .key = "k", .fields = fields_};
  }

  const Instant t0_{Duration{1'000'000}};
  testing::ManualClock clock_;
  FixedRandom random_;
  std::vector<EntryView::Field> fields_;
};

TEST_F(TtlStrategyTest, AnEntryIsAMissFromItsTtlOnAndHasNoSoftDeadline) {
  const Deadlines deadlines = store({.ttl = 60s});
  EXPECT_EQ(deadlines.hard, t0_ + 60s);
  EXPECT_EQ(deadlines.soft, kNever);
}

TEST_F(TtlStrategyTest, FromItsSoftTtlOnAnEntryIsServedAndRefreshed) {
  const Deadlines deadlines = store({.ttl = 60s, .soft_ttl = 45s});
  EXPECT_EQ(deadlines.soft, t0_ + 45s);
  EXPECT_EQ(deadlines.hard, t0_ + 60s);
  EXPECT_EQ(TtlStrategy({}, {clock_, random_}).on_soft_expired({}, t0_),
            ReadDecision::serve_and_refresh);
}

TEST_F(TtlStrategyTest, AnIdleTtlIsPassedOn) {
  EXPECT_EQ(store({.ttl = 60s, .idle_ttl = 5s}).idle, 5s);
}

TEST_F(TtlStrategyTest, TheLongestTtlIsForever) {
  EXPECT_EQ(store({.ttl = Duration::max()}).hard, kNever);
}

TEST_F(TtlStrategyTest, JitterEndsAnEntryEarlyByNoMoreThanItsShare) {
  random_.bits = 0;
  EXPECT_EQ(lifetime({.ttl = 100s, .jitter = 0.25}), 100s);
  random_.bits = ~std::uint64_t{0};
  const Duration shortest = lifetime({.ttl = 100s, .jitter = 0.25});
  EXPECT_GE(shortest, 75s);
  EXPECT_LT(shortest, 75s + 1us);
  random_.bits = std::uint64_t{1} << 63;
  EXPECT_EQ(lifetime({.ttl = 100s, .jitter = 0.25}), 87'500ms);
  EXPECT_EQ(random_.drawn, 3);
}

TEST_F(TtlStrategyTest, JitterNeverMakesALifetimeNothing) {
  random_.bits = ~std::uint64_t{0};
  EXPECT_GT(lifetime({.ttl = 1ns, .jitter = 0.999}), 0ns);
}

TEST_F(TtlStrategyTest, WithoutJitterNothingIsDrawn) {
  store({.ttl = 100s});
  EXPECT_EQ(random_.drawn, 0);
}

TEST_F(TtlStrategyTest, TheCallersTtlReplacesThePolicysAsItIs) {
  random_.bits = ~std::uint64_t{0};
  const TtlOptions options{.ttl = 60s, .jitter = 0.5};
  EXPECT_EQ(lifetime(options, {.requested_ttl = 2h}), 2h);
  EXPECT_EQ(lifetime(options, {.requested_ttl = 1s}), 1s);
  EXPECT_EQ(random_.drawn, 0);
}

TEST_F(TtlStrategyTest, TheLoadersTtlOnlyShortens) {
  EXPECT_EQ(lifetime({.ttl = 60s}, {.loader_ttl = 10s}), 10s);
  EXPECT_EQ(lifetime({.ttl = 60s}, {.loader_ttl = 2h}), 60s);
  EXPECT_EQ(lifetime({.ttl = 60s}, {.requested_ttl = 30s, .loader_ttl = 45s}), 30s);
  EXPECT_EQ(lifetime({.ttl = 60s}, {.requested_ttl = 2h, .loader_ttl = 45min}), 45min);
}

TEST_F(TtlStrategyTest, ZeroAndLessMeanDoNotKeep) {
  EXPECT_EQ(lifetime({}, {.requested_ttl = 0s}), 0s);
  EXPECT_EQ(lifetime({}, {.requested_ttl = -5s}), 0s);
  EXPECT_EQ(lifetime({}, {.loader_ttl = 0s}), 0s);
  EXPECT_EQ(lifetime({}, {.requested_ttl = 5s, .loader_ttl = -1ns}), 0s);
  EXPECT_EQ(lifetime({}, {.requested_ttl = Duration::min()}), 0s);
}

TEST_F(TtlStrategyTest, ATableAnswersByAFieldOfTheKey) {
  const TtlOptions options{
      .ttl = 5min,
      .table = {
          .by = "kind",
          .values = {{"realtime", 1min}, {"frequent", 15min}, {"daily", 24h}, {"static", 168h}},
          .otherwise = 1h}};
  EXPECT_EQ(lifetime(options, of_kind("realtime")), 1min);
  EXPECT_EQ(lifetime(options, of_kind("frequent")), 15min);
  EXPECT_EQ(lifetime(options, of_kind("daily")), 24h);
  EXPECT_EQ(lifetime(options, of_kind("static")), 168h);
  EXPECT_EQ(lifetime(options, of_kind("weekly")), 1h);
  EXPECT_EQ(lifetime(options), 1h);  // a key without the field
}

TEST_F(TtlStrategyTest, AFunctionIsAskedFirstAndMayLeaveItToTheRest) {
  const TtlOptions options{.ttl = 5min,
                           .function = [](const EntryView& entry) -> std::optional<Duration> {
                             if (entry.key == "short") return 1s;
                             if (entry.key == "never") return 0s;
                             return std::nullopt;
                           }};
  EXPECT_EQ(lifetime(options, {.key = "short"}), 1s);
  EXPECT_EQ(lifetime(options, {.key = "never"}), 0s);
  EXPECT_EQ(lifetime(options, {.key = "other"}), 5min);
  EXPECT_EQ(lifetime(options, {.key = "short", .requested_ttl = 9s}), 9s);
}

}  // namespace
}  // namespace freshet
