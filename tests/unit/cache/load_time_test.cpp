// The time that a strategy is told a value takes to make: measured, or what the loader says of it (LoadContext::load_time).
#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;

/// What the strategy was told, in the order of storing.
using Told = std::vector<Duration>;

class NotingStrategy final : public Strategy {
 public:
  explicit NotingStrategy(std::shared_ptr<Told> told) : told_(std::move(told)) {}
  Deadlines on_store(const EntryView& entry, Instant now) override {
    told_->push_back(entry.load_time);
    return {.soft = now + 10min, .hard = now + 1h};
  }
  ReadDecision on_soft_expired(const EntryView&, Instant) override {
    return ReadDecision::serve_and_refresh;
  }

 private:
  const std::shared_ptr<Told> told_;
};

struct NoOptions {};

class LoadTimeTest : public CacheFixture {
 protected:
  LoadTimeTest() {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    components.logger = log_;
    components.strategies = StrategyRegistry::with_builtins();
    components.strategies->add<NoOptions>(
        "noting", {}, [told = told_](const NoOptions&, const StrategyCollaborators&) {
          return std::make_unique<NotingStrategy>(told);
        });
    invalidator_.emplace(CacheInvalidator::from_yaml(
        "freshet: 1\nnamespaces: {p: {strategy: noting, stale_if_error: 1h}}", components));
  }
  Cache<int> cache() { return invalidator_->cache<int>("p"); }
  Duration measured() { return Duration(total(&NamespaceStatistics::load_time_ns)); }

  std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

TEST_F(LoadTimeTest, ItIsHowLongTheLoaderRanUnlessTheLoaderSaysIt) {
  cache().get_or_load("measured", [&] { return clock_->advance(3s), 1; });
  cache().get_or_load("said", [&](LoadContext& load) {
    load.load_time(7s);
    return clock_->advance(1ms), 1;
  });
  cache().put("put", 1);
  EXPECT_THAT(*told_, ElementsAre(3s, 7s, 0s));
}

TEST_F(LoadTimeTest, TheStatisticsStayMeasured) {
  cache().get_or_load("k", [&](LoadContext& load) {
    load.load_time(7s);
    return clock_->advance(1ms), 1;
  });
  EXPECT_EQ(measured(), 1ms);
}

TEST_F(LoadTimeTest, TheLastWordCountsAndWhatIsBelowZeroIsNoTime) {
  const auto say = [&](Duration first, Duration last) {
    return [this, first, last](LoadContext& load) {
      load.load_time(first).load_time(last);
      return clock_->advance(1s), 1;
    };
  };
  cache().get_or_load("shorter", say(9s, 4s));
  cache().get_or_load("zero", say(9s, 0s));
  cache().get_or_load("below", say(9s, -1s));
  EXPECT_THAT(*told_, ElementsAre(4s, 0s, 0s));
}

TEST_F(LoadTimeTest, ABoundLoaderSaysItOfEachRefresh) {
  Duration noted = 2s;
  cache().bind_loader(
      [&](std::string_view, LoadContext& load) { return load.load_time(noted), 1; });
  cache().put("k", 1);
  for (const Duration next : {2s, 5s}) {
    noted = next;
    clock_->advance(11min);
    cache().get("k");
    executor_->run_ready();
  }
  EXPECT_THAT(*told_, ElementsAre(0s, 2s, 5s));
}

TEST_F(LoadTimeTest, AnEntryThatIsRenewedGoesByItsOwnLoad) {
  const auto load_as = [&](auto load) {
    clock_->advance(61min);
    cache().get_or_load("k", load);
  };
  load_as([&](LoadContext& load) { return load.load_time(7s), 1; });
  load_as([&](LoadContext& load) {
    clock_->advance(20ms);
    return load.not_modified<int>();
  });
  load_as([&](LoadContext& load) {
    load.load_time(6s);
    return load.not_modified<int>();
  });
  EXPECT_EQ(total(&NamespaceStatistics::loads_not_modified), 2u);
  EXPECT_THAT(*told_, ElementsAre(7s, 20ms, 6s));
}

// All keys but the first were stored as if they had taken no time, so that early_refresh drew nothing for them.
TEST_F(LoadTimeTest, EachKeyOfABulkLoadTookAsLongAsTheLoader) {
  const std::vector<std::string> keys{"a", "b", "c"};
  cache().get_many(keys, [&](std::span<const std::string_view> missing) {
    clock_->advance(3s);
    return std::vector<std::optional<int>>(missing.size(), 1);
  });
  EXPECT_THAT(*told_, ElementsAre(3s, 3s, 3s));
  EXPECT_EQ(measured(), 3s) << "one loader ran";
  EXPECT_EQ(total(&NamespaceStatistics::loads), 3u);
}

TEST_F(LoadTimeTest, ABulkLoadThatFailsCountsItsTimeOnce) {
  const std::vector<std::string> keys{"a", "b"};
  const auto fails = [&](std::span<const std::string_view>) -> std::vector<std::optional<int>> {
    clock_->advance(3s);
    throw std::runtime_error("the origin is down");
  };
  EXPECT_THROW(cache().get_many(keys, fails), std::runtime_error);
  EXPECT_EQ(measured(), 3s);
  EXPECT_TRUE(told_->empty());
}

}  // namespace
}  // namespace freshet::testing
