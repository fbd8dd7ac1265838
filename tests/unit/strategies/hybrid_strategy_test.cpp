#include "freshet/strategies/hybrid_strategy.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

using namespace std::chrono_literals;

// Answers what it was made with, and remembers what it was asked.
class Scripted final : public Strategy {
 public:
  Scripted(Deadlines deadlines, ReadDecision decision)
      : deadlines_(deadlines), decision_(decision) {}
  void on_attach(StrategyHost& host) override { host.start_timer(3, 1s); }
  Deadlines on_store(const EntryView& entry, Instant) override {
    seen = entry.deadlines;
    return deadlines_;
  }
  ReadDecision on_soft_expired(const EntryView&, Instant) override { return decision_; }
  void on_event(const Event& event, InvalidationPlan& plan) override {
    plan.invalidate(Target::tag(event.name()));
  }
  void on_timer(TimerId timer, StrategyHost& host) override {
    timers.push_back(timer);
    host.start_timer(timer, 2s);
  }

  Deadlines seen;
  std::vector<TimerId> timers;

 private:
  Deadlines deadlines_;
  ReadDecision decision_;
};

class FakeHost final : public StrategyHost {
 public:
  void start_timer(TimerId timer, Duration) override { started.push_back(timer); }
  void request_refresh(std::string_view, std::string_view) override {}
  std::vector<HotKey> hot_keys(std::size_t) override { return {}; }
  void log(LogLevel, std::string_view) noexcept override {}
  std::vector<TimerId> started;
};

class HybridStrategyTest : public ::testing::Test {
 protected:
  Scripted& add(Deadlines deadlines, ReadDecision decision = ReadDecision::serve) {
    auto part = std::make_unique<Scripted>(deadlines, decision);
    Scripted& added = *part;
    parts_.push_back(std::move(part));
    return added;
  }

  std::vector<std::unique_ptr<Strategy>> parts_;
  Instant t0_{1h};
};

TEST_F(HybridStrategyTest, TheEarliestDeadlineWinsAndEachSeesThoseBeforeIt) {
  add({.soft = t0_ + 3s, .hard = t0_ + 10s, .idle = 7s});
  Scripted& second = add({.soft = t0_ + 5s,
                          .hard = t0_ + 8s,
                          .idle = 0s,
                          .refresh_at = t0_ + 6s,
                          .refresh_from_accesses = 9});
  HybridStrategy hybrid(std::move(parts_));
  const Deadlines merged = hybrid.on_store({}, t0_);
  EXPECT_EQ(merged.soft, t0_ + 3s);
  EXPECT_EQ(merged.hard, t0_ + 8s);
  EXPECT_EQ(merged.idle, 7s) << "zero means none, not the shortest";
  EXPECT_EQ(merged.refresh_at, t0_ + 6s);
  EXPECT_EQ(merged.refresh_from_accesses, 9);
  EXPECT_EQ(second.seen.hard, t0_ + 10s);
}

TEST_F(HybridStrategyTest, TheStrongestReadDecisionWins) {
  add({}, ReadDecision::serve);
  add({}, ReadDecision::miss);
  add({}, ReadDecision::serve_and_refresh);
  EXPECT_EQ(HybridStrategy(std::move(parts_)).on_soft_expired({}, t0_), ReadDecision::miss);
  add({}, ReadDecision::serve_and_refresh);
  add({}, ReadDecision::serve);
  EXPECT_EQ(HybridStrategy(std::move(parts_)).on_soft_expired({}, t0_),
            ReadDecision::serve_and_refresh);
}

TEST_F(HybridStrategyTest, EventsGoToAll) {
  add({});
  add({});
  InvalidationPlan plan;
  HybridStrategy(std::move(parts_)).on_event(Event("logout"), plan);
  EXPECT_EQ(plan.targets().size(), 2u);
}

TEST_F(HybridStrategyTest, EachPartHasTimersOfItsOwn) {
  Scripted& first = add({});
  Scripted& second = add({});
  HybridStrategy hybrid(std::move(parts_));
  FakeHost host;
  hybrid.on_attach(host);
  ASSERT_EQ(host.started.size(), 2u);
  EXPECT_NE(host.started[0], host.started[1]);
  hybrid.on_timer(host.started[1], host);
  EXPECT_TRUE(first.timers.empty());
  EXPECT_EQ(second.timers, (std::vector<TimerId>{3}));
  EXPECT_EQ(host.started.back(), host.started[1]);
}

}  // namespace
}  // namespace freshet
