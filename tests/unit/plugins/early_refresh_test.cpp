// early_refresh, through the loader: the fixed point, the distribution of the drawn one, and what a
// fleet of a thousand processes makes of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "plugin/plugin_strategy.hpp"
#include "support/plugin_folder.hpp"

namespace freshet::plugin {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTtl = 10min;
constexpr Duration kLoadTime = 2s;

class StandingClock final : public Clock {
 public:
  Instant now() const noexcept override { return Instant{}; }
};

class EarlyRefreshTest : public ::testing::Test {
 protected:
  std::unique_ptr<PluginStrategy> make(OptionValues changes, std::uint64_t seed = 1) {
    OptionValues options = library_->schema().defaults;
    for (auto& [name, value] : changes.values) options.values.insert_or_assign(name, value);
    randoms_.push_back(make_random_source(seed));
    return std::make_unique<PluginStrategy>(library_, options,
                                            StrategyCollaborators{clock_, *randoms_.back()});
  }
  static EntryView loaded(Duration load_time = kLoadTime) {
    return {.name_space = "n", .key = "k", .load_time = load_time};
  }

  const Instant now_{100s};
  StandingClock clock_;
  test::PluginFolder plugins_;
  std::shared_ptr<const PluginLibrary> library_ =
      PluginLibrary::load(plugins_.shipped("early_refresh"));
  std::vector<std::shared_ptr<RandomSource>> randoms_;
};

TEST_F(EarlyRefreshTest, FromTheFixedPointOnAnEntryIsRefreshedWhileServed) {
  const auto strategy =
      make({{{"ttl", PluginValue(Duration(2h))}, {"early_ttl", PluginValue(Duration(105min))}}});
  const Deadlines deadlines = strategy->on_store(loaded(), now_);
  EXPECT_EQ(deadlines.soft, now_ + 105min);
  EXPECT_EQ(deadlines.hard, now_ + 2h);
  EXPECT_EQ(deadlines.refresh_at, kNever);
  EXPECT_EQ(strategy->on_soft_expired(loaded(), now_ + 105min), ReadDecision::serve_and_refresh);
}

TEST_F(EarlyRefreshTest, AnEntryThatLivesShorterThanTheFixedPointHasNone) {
  const auto strategy =
      make({{{"ttl", PluginValue(Duration(2h))}, {"early_ttl", PluginValue(Duration(105min))}}});
  EntryView entry = loaded();
  entry.requested_ttl = 1min;
  EXPECT_EQ(strategy->on_store(entry, now_).soft, kNever);
  EXPECT_EQ(strategy->on_store(entry, now_).hard, now_ + 1min);
}

TEST_F(EarlyRefreshTest, InACompositionItIsAheadOfTheNearestDeadline) {
  EntryView entry = loaded();
  entry.deadlines.hard = now_ + 2h;
  EXPECT_EQ(make({{{"early_ttl", PluginValue(Duration(1h))}}})->on_store(entry, now_),
            (Deadlines{.soft = now_ + 1h, .hard = now_ + 2h}));
  const auto longer = make({{{"ttl", PluginValue(Duration(3h))}}});
  EXPECT_EQ(longer->on_store(entry, now_).hard, now_ + 2h);
  EXPECT_LT(longer->on_store(entry, now_).soft, now_ + 2h);
}

TEST_F(EarlyRefreshTest, InTheBackgroundItIsRefreshedIfItWasRead) {
  const auto strategy = make({{{"ttl", PluginValue(Duration(2h))},
                               {"early_ttl", PluginValue(Duration(1h))},
                               {"background", PluginValue(true)}}});
  const Deadlines deadlines = strategy->on_store(loaded(), now_);
  EXPECT_EQ(deadlines.refresh_at, now_ + 1h);
  EXPECT_EQ(deadlines.refresh_from_accesses, 1);
}

TEST_F(EarlyRefreshTest, WhatWasPutHasNoLoadTimeToWeighAndIsNotRefreshedEarly) {
  const auto strategy = make({});
  EXPECT_EQ(strategy->on_store(loaded(0s), now_).soft, kNever);
  EXPECT_EQ(strategy->on_store(loaded(0s), now_).hard, now_ + 5min);
}

TEST_F(EarlyRefreshTest, ALoadLongerThanTheTtlIsRefreshedFromTheStartAtTheEarliest) {
  const auto strategy = make({});
  for (int i = 0; i < 1000; ++i) {
    const Deadlines deadlines = strategy->on_store(loaded(24h), now_);
    if (deadlines.soft == kNever) continue;
    EXPECT_GE(deadlines.soft, now_);
    EXPECT_LE(deadlines.soft, deadlines.hard);
  }
}

// The Kolmogorov-Smirnov distance between the draws and P(X >= T) = exp(-T / (beta * delta)) is
// below 1.95 / sqrt(n) in 999 of 1,000 samples, and this sample's seed is fixed.
TEST_F(EarlyRefreshTest, TheDrawnMomentHasTheProbabilityOfThePaper) {
  constexpr int kDraws = 20'000;
  for (const double beta : {0.5, 1.0, 3.0}) {
    const auto strategy = make({{{"ttl", PluginValue(kTtl)}, {"beta", PluginValue(beta)}}}, 42);
    std::vector<double> before;  // seconds before the hard deadline
    for (int i = 0; i < kDraws; ++i) {
      const Deadlines deadlines = strategy->on_store(loaded(), now_);
      before.push_back(std::chrono::duration<double>(deadlines.hard - deadlines.soft).count());
    }
    std::sort(before.begin(), before.end());
    double distance = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double expected =
          1 - std::exp(-before[static_cast<std::size_t>(i)] /
                       (beta * std::chrono::duration<double>(kLoadTime).count()));
      distance = std::max({distance, std::abs(expected - double(i) / kDraws),
                           std::abs(expected - (i + 1.0) / kDraws)});
    }
    EXPECT_LT(distance, 1.95 / std::sqrt(double(kDraws))) << beta;
  }
}

/// A value that a fleet shares, and each process's drawn moment for it.
class Fleet {
 public:
  static constexpr std::size_t kProcesses = 1000;

  /// How many processes load it in one ttl: the first whose moment comes, and those whose moment
  /// comes before the first has loaded.
  static std::size_t loads_per_ttl(std::vector<Instant> moments) {
    const Instant done = *std::min_element(moments.begin(), moments.end()) + kLoadTime;
    return static_cast<std::size_t>(
        std::count_if(moments.begin(), moments.end(), [done](Instant m) { return m < done; }));
  }
};

TEST_F(EarlyRefreshTest, OfAThousandProcessesAFewLoadAKeyPerTtl) {
  const auto strategy = make({{{"ttl", PluginValue(kTtl)}}}, 7);
  constexpr int kTtls = 1000;
  std::size_t sum = 0;
  std::size_t most = 0;
  for (int ttl = 0; ttl < kTtls; ++ttl) {
    std::vector<Instant> moments;
    for (std::size_t i = 0; i < Fleet::kProcesses; ++i)
      moments.push_back(strategy->on_store(loaded(), now_).soft);
    const std::size_t loads = Fleet::loads_per_ttl(std::move(moments));
    sum += loads;
    most = std::max(most, loads);
  }
  EXPECT_NEAR(static_cast<double>(sum) / kTtls, std::exp(1.0), 0.3);  // the first and e - 1 more
  EXPECT_LE(most, 30U);
  // Without it, all thousand find the key expired at once.
  EXPECT_EQ(Fleet::loads_per_ttl(std::vector<Instant>(Fleet::kProcesses, now_ + kTtl)),
            Fleet::kProcesses);
}

}  // namespace
}  // namespace freshet::plugin
