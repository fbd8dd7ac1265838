// The registry: what can be added, and what one gets back.
#include "freshet/strategy_registry.hpp"

#include <gtest/gtest.h>

#include "freshet/strategies/manual_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct OwnOptions {
  Duration span = 1min;
};
struct OtherOptions {
  Duration lease = 1min;
};

template <class Options>
std::unique_ptr<Strategy> make_manual(const Options&, const StrategyCollaborators&) {
  return std::make_unique<ManualStrategy>();
}

OptionTable<OwnOptions> own_table(std::string name = "span") {
  OptionTable<OwnOptions> table;
  table.add(std::move(name), &OwnOptions::span, duration_kind(), "how long");
  return table;
}

class FixedClock final : public Clock {
 public:
  Instant now() const noexcept override { return Instant{}; }
};

class FixedRandom final : public RandomSource {
 public:
  std::uint64_t next() noexcept override { return 0; }
};

TEST(StrategyRegistryTest, TheBuiltInsAreThere) {
  const auto registry = StrategyRegistry::with_builtins();
  EXPECT_EQ(registry->names(), (std::vector<std::string>{"ttl", "manual", "event", "predictive"}));
  EXPECT_EQ(registry->find("ttl"), registry->find(std::type_index(typeid(TtlOptions))));
  EXPECT_EQ(registry->find("adaptive"), nullptr);
  EXPECT_EQ(registry->find(std::type_index(typeid(int))), nullptr);
}

TEST(StrategyRegistryTest, WhatIsMadeHasTheOptionsAndCollaboratorsThatWereGiven) {
  const auto registry = StrategyRegistry::with_builtins();
  FixedClock clock;
  FixedRandom random;
  const auto strategy = registry->find("ttl")->make(TtlOptions{.ttl = 7s}, {clock, random});
  EXPECT_EQ(strategy->on_store({.name_space = "n", .key = "k"}, Instant{}).hard, Instant{} + 7s);
}

TEST(StrategyRegistryTest, NamesAndTypesOfOptionsStandForOneStrategyEach) {
  StrategyRegistry registry;
  registry.add<OwnOptions>("own", own_table(), make_manual<OwnOptions>);
  EXPECT_THROW(registry.add<OtherOptions>("own", {}, make_manual<OtherOptions>), Error);
  EXPECT_THROW(registry.add<OwnOptions>("own2", own_table(), make_manual<OwnOptions>), Error);
  EXPECT_EQ(registry.names(), std::vector<std::string>{"own"});
}

TEST(StrategyRegistryTest, ANameMustBeAWordThatYamlCanHoldAsAKey) {
  StrategyRegistry registry;
  for (const char* name : {"", "Own", "own strategy", "own.x"}) {
    EXPECT_THROW(registry.add<OwnOptions>(name, own_table(), make_manual<OwnOptions>), Error)
        << name;
  }
}

TEST(StrategyRegistryTest, KeysOfEveryBlockAreTaken) {
  StrategyRegistry registry;
  EXPECT_THROW(registry.add<OwnOptions>("capacity", own_table(), make_manual<OwnOptions>), Error);
  EXPECT_THROW(registry.add<OwnOptions>("own", own_table("lease"), make_manual<OwnOptions>,
                                        OptionPlacement::in_block),
               Error);
  registry.add<OwnOptions>("own", own_table("lease"),
                           make_manual<OwnOptions>);  // in a section it clashes with nothing
}

TEST(StrategyRegistryTest, RowsCarryTheSectionInTheirNames) {
  StrategyRegistry registry;
  registry.add<OwnOptions>("own", own_table(), make_manual<OwnOptions>);
  ASSERT_EQ(registry.find("own")->rows().size(), 1U);
  EXPECT_EQ(registry.find("own")->rows()[0].name, "own.span");
  EXPECT_EQ(StrategyRegistry::with_builtins()->find("ttl")->rows()[0].name, "ttl");
}

TEST(StrategyRegistryTest, TypesStayWhereTheyAreWhenOthersAreAdded) {
  const auto registry = StrategyRegistry::with_builtins();
  const StrategyType* ttl = registry->find("ttl");
  registry->add<OwnOptions>("own", own_table(), make_manual<OwnOptions>);
  registry->add<OtherOptions>("other", {}, make_manual<OtherOptions>);
  EXPECT_EQ(registry->find("ttl"), ttl);
}

}  // namespace
}  // namespace freshet
