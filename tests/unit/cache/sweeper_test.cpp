// The sweeper: its share of each interval, and what it says it freed.
#include <string>

#include "cache/engine.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using detail::Engine;

/// A clock of which each look takes a while, once it is told to.
class SlowClock final : public Clock {
 public:
  Instant now() const noexcept override { return now_ += step; }
  Duration step{};

 private:
  mutable Instant now_{std::chrono::hours{1}};
};

class SweeperTest : public CacheFixture {
 protected:
  static constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  a: {ttl: 1h, capacity: {entries: 400_000}}
  b: {ttl: 1h, capacity: {entries: 400_000}}
)";
  void fill(const std::string& name_space, std::size_t entries) {
    const auto cache = invalidator_->cache<int>(name_space);
    for (std::size_t i = 0; i < entries; ++i) cache.put(std::to_string(i), 1, {.tags = {"t"}});
  }
  void tick() {
    clock_->advance(Engine::kSweepInterval);
    executor_->run_ready();
  }
  std::uint64_t swept_by_label() const { return invalidator_->stats().total.swept_label; }
};

TEST_F(SweeperTest, WhatItFreedIsCountedByBlockAndCause) {
  use(kPolicy);
  const auto a = invalidator_->cache<int>("a");
  const auto b = invalidator_->cache<int>("b");
  a.put("tagged", 1, {.tags = {"t"}});
  a.put("user:1", 1);
  a.put("user:2", 1);
  b.put("short", 1, {.ttl = 1min});
  a.put("found", 1, {.tags = {"t"}});
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(a.get("found"));  // by a reader: not swept
  invalidator_->invalidate_prefix("user", "a");
  clock_->advance(1min);
  invalidator_->settle();
  const Statistics stats = invalidator_->stats();
  EXPECT_EQ(stats.namespaces[0].swept_label, 1u);
  EXPECT_EQ(stats.namespaces[0].removed_label, 2u);
  EXPECT_EQ(stats.namespaces[0].swept_ban, 2u);
  EXPECT_EQ(stats.namespaces[0].swept_expired, 0u);
  EXPECT_EQ(stats.namespaces[1].swept_expired, 1u);
  EXPECT_EQ(stats.namespaces[1].removed_expired, 1u);
  EXPECT_EQ(stats.total.swept_label + stats.total.swept_ban + stats.total.swept_expired, 4u);
}

TEST_F(SweeperTest, OneTickLooksAtNoMoreThanItsShareOfEntries) {
  use(kPolicy);
  fill("a", Engine::kSweepMost + 5'000);
  fill("b", 5'000);
  invalidator_->invalidate_tag("t");
  ASSERT_EQ(swept_by_label(), 0u);
  tick();
  EXPECT_LE(swept_by_label(), Engine::kSweepMost);
  EXPECT_GE(swept_by_label(), Engine::kSweepMost / 2) << "the rest went into shrinking the tables";
  for (int i = 0; i < 4; ++i) tick();
  EXPECT_EQ(swept_by_label(), Engine::kSweepMost + 10'000);
}

TEST_F(SweeperTest, OneTickEndsWithItsSliceOfTime) {
  const auto slow = std::make_shared<SlowClock>();
  Components components;
  components.clock = slow;
  components.executor = executor_;
  invalidator_.emplace(CacheInvalidator::from_yaml(kPolicy, components));
  fill("a", 50'000);
  invalidator_->invalidate_tag("t");
  slow->step = Engine::kSweepSlice / 4;
  const std::uint64_t before = swept_by_label();
  tick();
  const std::uint64_t freed = swept_by_label() - before;
  EXPECT_GT(freed, 0u);
  EXPECT_LE(freed, 5 * Engine::kSweepChunk);
}

}  // namespace
}  // namespace freshet::testing
