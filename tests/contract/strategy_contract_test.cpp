// One contract for every strategy: built in, registered in code, loaded from a plugin. And the suite
// itself: each of its rules is broken by somebody.
#include "plugin/strategy_contract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "config/composition.hpp"
#include "freshet/plugin.hpp"
#include "freshet/strategies/hybrid_strategy.hpp"
#include "freshet/strategy_registry.hpp"
#include "support/plugin_folder.hpp"

namespace freshet::plugin {
namespace {

using namespace std::chrono_literals;

std::string text_of(const std::vector<ContractFinding>& findings) {
  std::string text;
  for (const ContractFinding& finding : findings)
    text += finding.rule + ": " + finding.found + "\n";
  return text;
}

MakeStrategy maker_of(const StrategyType& type) {
  return [&type](const StrategyCollaborators& with) {
    return type.make(type.default_options(), with);
  };
}

/// What a policy makes of a strategy's name: with those that it brings along.
MakeStrategy maker_of(const std::string& name, const StrategyRegistry& registry) {
  ConfigValue written;
  written.kind = ConfigValue::Kind::scalar;
  written.text = name;
  Findings findings;
  config::Composition composition = config::read_composition(written, {}, registry, findings);
  config::complete_composition(composition, {}, registry);
  findings.throw_if_any();
  return [composition](const StrategyCollaborators& with) {
    std::vector<std::unique_ptr<Strategy>> parts;
    for (const StrategyType* type : composition)
      parts.push_back(type->make(type->default_options(), with));
    return std::make_unique<HybridStrategy>(std::move(parts));
  };
}

TEST(StrategyContractTest, EveryBuiltInKeepsIt) {
  const auto registry = StrategyRegistry::with_builtins();
  const std::vector<std::string> words = config::strategy_words(*registry);
  ASSERT_GE(words.size(), 3U);
  for (const std::string& word : words)
    EXPECT_EQ(text_of(check_strategy_contract(maker_of(word, *registry))), "") << word;
}

struct OwnOptions {
  Duration span = 1min;
};

/// A strategy as a user would write one.
class OwnStrategy : public Strategy {
 public:
  Deadlines on_store(const EntryView& entry, Instant now) override {
    Duration span = entry.requested_ttl.value_or(1min);
    if (entry.loader_ttl) span = std::min(span, *entry.loader_ttl);
    return {.hard = later(now, std::max(span, Duration::zero()))};
  }
  ReadDecision on_soft_expired(const EntryView&, Instant) override { return ReadDecision::serve; }
};

TEST(StrategyContractTest, AStrategyThatWasRegisteredInCodeKeepsIt) {
  StrategyRegistry registry;
  registry.add<OwnOptions>("own", {}, [](const OwnOptions&, const StrategyCollaborators&) {
    return std::make_unique<OwnStrategy>();
  });
  EXPECT_EQ(text_of(check_strategy_contract(maker_of(*registry.find("own")))), "");
}

TEST(StrategyContractTest, ThePluginsThatComeAlongKeepIt) {
  const test::PluginFolder plugins;
  for (const char* name : {"early_refresh", "sliding_ttl"}) {
    StrategyRegistry registry;
    register_plugin(registry, plugins.shipped(name));
    EXPECT_EQ(text_of(check_strategy_contract(maker_of(*registry.find(name)))), "") << name;
  }
}

TEST(StrategyContractTest, APluginWhoseCallsFailBreaksIt) {
  const test::PluginFolder plugins;
  StrategyRegistry registry;
  register_plugin(registry, plugins.bad("gcc", "throws_on_store"));
  const std::string found =
      text_of(check_strategy_contract(maker_of(*registry.find("throws_on_store"))));
  EXPECT_THAT(found, ::testing::HasSubstr("no call fails: on_store failed "));
  EXPECT_THAT(found, ::testing::HasSubstr("on_store: an ordinary entry is kept"));
}

// --- every rule can be broken -----------------------------------------------------------------

class BadStrategy final : public OwnStrategy {
 public:
  using Change = std::function<void(const EntryView&, Instant, Deadlines&)>;
  explicit BadStrategy(Change change) : change_(std::move(change)) {}

  Deadlines on_store(const EntryView& entry, Instant now) override {
    Deadlines deadlines = OwnStrategy::on_store(entry, now);
    change_(entry, now, deadlines);
    return deadlines;
  }

 private:
  const Change change_;
};

/// The rules that a strategy with changed answers breaks.
std::string broken_by(const BadStrategy::Change& change) {
  return text_of(check_strategy_contract(
      [&change](const auto&) { return std::make_unique<BadStrategy>(change); }));
}

using ::testing::HasSubstr;

TEST(StrategyContractTest, ItNoticesAnEntryThatIsNotKept) {
  EXPECT_THAT(broken_by([](const EntryView&, Instant now, Deadlines& d) { d.hard = now; }),
              HasSubstr("on_store: an ordinary entry is kept"));
}

TEST(StrategyContractTest, ItNoticesDeadlinesOutOfOrder) {
  EXPECT_THAT(
      broken_by([](const EntryView&, Instant, Deadlines& d) { d.soft = later(d.hard, 1s); }),
      HasSubstr("soft is never or between now and hard"));
  EXPECT_THAT(
      broken_by([](const EntryView&, Instant now, Deadlines& d) { d.refresh_at = now - 1s; }),
      HasSubstr("refresh_at is never or between now and hard"));
  EXPECT_THAT(broken_by([](const EntryView&, Instant, Deadlines& d) { d.idle = -1s; }),
              HasSubstr("idle is not below zero"));
}

TEST(StrategyContractTest, ItNoticesALifetimeThatIsNotHonoured) {
  EXPECT_THAT(
      broken_by([](const EntryView&, Instant now, Deadlines& d) { d.hard = later(now, 1h); }),
      HasSubstr("a lifetime that caller or loader gave is not exceeded"));
  EXPECT_THAT(broken_by([](const EntryView& entry, Instant now, Deadlines& d) {
                if (entry.requested_ttl && *entry.requested_ttl <= 0s) d.hard = later(now, 1s);
              }),
              HasSubstr("an entry with a lifetime of zero or less is not kept"));
}

TEST(StrategyContractTest, ItNoticesAnAnswerThatChangesItsShape) {
  std::atomic<int> calls{0};
  EXPECT_THAT(broken_by([&calls](const EntryView& entry, Instant, Deadlines& d) {
                if (entry.requested_ttl || entry.loader_ttl || calls > 30) return;
                if (++calls % 2 == 0) d.idle = 1s;
              }),
              HasSubstr("the same entry gets an answer of the same shape"));
}

TEST(StrategyContractTest, ItNoticesAnException) {
  EXPECT_THAT(broken_by([](const EntryView& entry, Instant, Deadlines&) {
                if (entry.key.empty()) throw std::runtime_error("no key");
              }),
              HasSubstr("on_store: throws nothing: \"no key\" for an empty entry"));
}

class BadAnswers final : public OwnStrategy {
 public:
  ReadDecision on_soft_expired(const EntryView&, Instant) override {
    return static_cast<ReadDecision>(9);
  }
  void on_event(const Event&, InvalidationPlan& plan) override { plan.invalidate(Target::tag("")); }
};

TEST(StrategyContractTest, ItNoticesBadDecisionsAndBadTargets) {
  const std::string found = text_of(check_strategy_contract(
      [](const StrategyCollaborators&) { return std::make_unique<BadAnswers>(); }));
  EXPECT_THAT(found, HasSubstr("a decision is serve, serve_and_refresh or miss"));
  EXPECT_THAT(found, HasSubstr("what is added to a plan has a name within the limits"));
}

}  // namespace
}  // namespace freshet::plugin
