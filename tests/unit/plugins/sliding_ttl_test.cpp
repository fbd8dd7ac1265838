// sliding_ttl, a plugin in plain C, through the loader.
#include <gtest/gtest.h>

#include "freshet/errors.hpp"
#include "plugin/plugin_strategy.hpp"
#include "support/plugin_folder.hpp"

namespace freshet::plugin {
namespace {

using namespace std::chrono_literals;

class StandingClock final : public Clock {
 public:
  Instant now() const noexcept override { return Instant{}; }
};

class SlidingTtlTest : public ::testing::Test {
 protected:
  std::unique_ptr<PluginStrategy> make(Duration idle, Duration max) {
    const OptionValues options{{{"idle", PluginValue(idle)}, {"max", PluginValue(max)}}};
    return std::make_unique<PluginStrategy>(library_, options,
                                            StrategyCollaborators{clock_, *random_});
  }

  const Instant now_{100s};
  StandingClock clock_;
  std::shared_ptr<RandomSource> random_ = make_random_source(1);
  test::PluginFolder plugins_;
  std::shared_ptr<const PluginLibrary> library_ =
      PluginLibrary::load(plugins_.shipped("sliding_ttl"));
};

TEST_F(SlidingTtlTest, AnEntryEndsUnreadForItsIdleTimeAndAtTheLatestAtItsMaximum) {
  const Deadlines deadlines = make(10min, 2h)->on_store({.name_space = "n", .key = "k"}, now_);
  EXPECT_EQ(deadlines.idle, 10min);
  EXPECT_EQ(deadlines.hard, now_ + 2h);
  EXPECT_EQ(deadlines.soft, kNever);
}

TEST_F(SlidingTtlTest, TheDefaultsAreThoseOfItsSchema) {
  EXPECT_EQ(library_->schema().defaults.json(), R"({"idle":300000000000,"max":3600000000000})");
}

TEST_F(SlidingTtlTest, TheCallerReplacesTheMaximumAndTheLoaderShortensIt) {
  const auto strategy = make(1s, 1h);
  EXPECT_EQ(strategy->on_store({.requested_ttl = 3h}, now_).hard, now_ + 3h);
  EXPECT_EQ(strategy->on_store({.loader_ttl = 3h}, now_).hard, now_ + 1h);
  EXPECT_EQ(strategy->on_store({.requested_ttl = 3h, .loader_ttl = 2h}, now_).hard, now_ + 2h);
  EXPECT_EQ(strategy->on_store({.requested_ttl = -1s}, now_).hard, now_);
  EXPECT_EQ(strategy->on_store({.requested_ttl = Duration::max()}, now_).hard, kNever);
}

TEST_F(SlidingTtlTest, AnIdleTimeBeyondTheMaximumIsRefused) { EXPECT_THROW(make(2h, 1h), Error); }

}  // namespace
}  // namespace freshet::plugin
