// inspect(): sizes, ages, time to the deadline and what expires next, on a hand-set clock.
#include "freshet/entry_report.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Unsized {};

class EntryReportTest : public CacheFixture {
 protected:
  Cache<std::string> cache(std::string_view block, std::string_view name = "p") {
    use("freshet: 1\nnamespaces:\n  p: " + std::string(block) + "\n  \"user_*\": {ttl: 1h}\n");
    return invalidator_->cache<std::string>(name);
  }
  BlockEntries entries(const InspectOptions& options = {}) {
    return invalidator_->inspect("p", options).namespaces.at(0);
  }
  static std::vector<std::string> keys(const BlockEntries& block) {
    std::vector<std::string> keys;
    for (const ExpiringEntry& entry : block.next) keys.push_back(entry.key);
    return keys;
  }
};

TEST_F(EntryReportTest, AnEmptyBlockHasNothingButItsName) {  // row E3
  cache("{ttl: 1h}");
  const EntryReport report = invalidator_->inspect();
  ASSERT_EQ(report.namespaces.size(), 2u);
  EXPECT_EQ(report.namespaces[0].name, "p");
  EXPECT_EQ(report.namespaces[1].name, "user_*");
  EXPECT_EQ(report.namespaces[0].entries, 0u);
  EXPECT_EQ(report.namespaces[0].age, Spread<Duration>{});
  EXPECT_THAT(report.namespaces[0].next, IsEmpty());
}

TEST_F(EntryReportTest, SpreadsAreNearestRanksOfAges) {
  const auto p = cache("{ttl: 1h}");
  for (int i = 0; i < 100; ++i) {  // ages 0 s to 99 s in the end
    if (i > 0) clock_->advance(1s);
    p.put(std::to_string(i), "");
  }
  const BlockEntries block = entries();
  EXPECT_EQ(block.entries, 100u);
  EXPECT_EQ(block.looked_at, 100u);
  EXPECT_FALSE(block.sampled);
  EXPECT_EQ(block.age, (Spread<Duration>{100, 49s, 89s, 98s, 99s}));
  EXPECT_EQ(block.remaining, (Spread<Duration>{100, 1h - 50s, 1h - 10s, 1h - 1s, 1h}));
}

TEST_F(EntryReportTest, SizesAreThoseOfKeyAndValueAndAddUp) {
  const auto p = cache("{ttl: 1h}");
  for (int i = 0; i < 10; ++i) p.put(std::to_string(i), std::string(i == 9 ? 100'000 : 10, 'x'));
  const BlockEntries block = entries();
  EXPECT_TRUE(block.values_have_sizes);
  EXPECT_EQ(block.size.count, 10u);
  EXPECT_EQ(block.size.p50, block.size.p90);
  EXPECT_GT(block.size.max, 100'000u);
  EXPECT_EQ(block.bytes, 9 * block.size.p50 + block.size.max);
}

TEST_F(EntryReportTest, ATypeWithoutASizeCountsItsKeysAndSaysSo) {
  cache("{ttl: 1h}");
  invalidator_->cache<Unsized>("user_1").put("12345", {});
  const BlockEntries block = invalidator_->inspect("user_1").namespaces.at(0);
  EXPECT_FALSE(block.values_have_sizes);
  EXPECT_EQ(block.size.max, 5u);
  EXPECT_THAT(invalidator_->inspect("user_1").text(), HasSubstr("5 bytes of keys (no SizeOf)"));
}

TEST_F(EntryReportTest, WhatExpiresNextComesNearestFirst) {
  const auto p = cache("{ttl: 1h, capacity: {entries: 10_000}}");  // several shards
  for (int i = 0; i < 200; ++i)
    p.put(std::to_string(i), "", {.ttl = std::chrono::seconds(1 + (i * 37) % 200)});
  clock_->advance(500ms);
  const BlockEntries block = entries({.next_to_expire = 4});
  ASSERT_EQ(block.next.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(block.next[static_cast<std::size_t>(i)].in, i * 1s + 500ms);
  EXPECT_EQ(block.next[0].name_space, "p");
  EXPECT_EQ(block.next[0].key, "0");
  EXPECT_TRUE(block.next_complete);
  EXPECT_THAT(entries({.next_to_expire = 0}).next, IsEmpty());
}

TEST_F(EntryReportTest, AnEntryReadSinceStandsAtItsIdleDeadlineNotWhereTheIndexHasIt) {
  const auto p = cache("{ttl: 1h, idle_ttl: 10m, capacity: {entries: 100}}");  // one shard
  p.put("read", "");
  clock_->advance(1min);
  p.put("unread", "");
  clock_->advance(8min);
  p.get("read");
  EXPECT_THAT(keys(entries({.next_to_expire = 1})), ElementsAre("unread"));
  const BlockEntries both = entries();
  EXPECT_THAT(keys(both), ElementsAre("unread", "read"));
  EXPECT_EQ(both.next[0].in, 2min);
  EXPECT_EQ(both.next[1].in, 10min);
  EXPECT_EQ(both.remaining.max, 52min) << "to the hard deadline";
}

TEST_F(EntryReportTest, EntriesReadSinceGiveWayToNearerOnesBehindThem) {
  const auto p = cache("{ttl: 1h, idle_ttl: 10m, capacity: {entries: 100}}");  // one shard
  for (const char* key : {"read", "b", "c", "d"}) {
    p.put(key, "");
    clock_->advance(1min);
  }
  p.get("read");
  EXPECT_THAT(keys(entries({.next_to_expire = 2})), ElementsAre("b", "c"));
  EXPECT_THAT(keys(entries({.next_to_expire = 3})), ElementsAre("b", "c", "d"));
}

TEST_F(EntryReportTest, WhatIsDeadAndNotYetFreedIsInNoSpread) {
  const auto p = cache("{ttl: 1h}");
  p.put("tagged", "", {.tags = {"t"}});
  p.put("brief", "", {.ttl = 1s});
  p.put("kept", "");
  invalidator_->invalidate_tag("t");
  p.put("again", "", {.tags = {"t"}});
  clock_->advance(1s);
  const BlockEntries block = entries();
  EXPECT_EQ(block.looked_at, 2u);
  EXPECT_THAT(keys(block), ::testing::UnorderedElementsAre("kept", "again"));
}

TEST_F(EntryReportTest, EntriesWithoutADeadlineHaveNoneRemaining) {
  const auto p = cache("{strategy: manual}");
  p.put("a", "");
  const BlockEntries block = entries();
  EXPECT_EQ(block.looked_at, 1u);
  EXPECT_EQ(block.remaining.count, 0u);
  EXPECT_THAT(block.next, IsEmpty());
  EXPECT_THAT(invalidator_->inspect().text(), HasSubstr("1 of 1 have no deadline"));
}

TEST_F(EntryReportTest, OfALargeBlockASampleIsLookedAtAndItSaysSo) {
  const auto p = cache("{ttl: 1h, capacity: {entries: 20_000}}");
  for (int i = 0; i < 10'000; ++i) {  // ages spread evenly over 100 s
    p.put(std::to_string(i), "");
    clock_->advance(10ms);
  }
  const BlockEntries block = entries({.sample = 2'000});
  EXPECT_EQ(block.entries, 10'000u);
  EXPECT_TRUE(block.sampled);
  EXPECT_GE(block.looked_at, 1'900u);
  EXPECT_LE(block.looked_at, 2'400u);
  EXPECT_NEAR(std::chrono::duration<double>(block.age.p50).count(), 50, 5);
  EXPECT_NEAR(std::chrono::duration<double>(block.age.p90).count(), 90, 4);
  EXPECT_THAT(invalidator_->inspect("p", {.sample = 2'000}).text(), HasSubstr("by a sample of "));
}

TEST_F(EntryReportTest, AListThatMayLackNearerEntriesSaysSo) {
  const auto p = cache("{ttl: 10h, idle_ttl: 1h, capacity: {entries: 1_000_000}, eviction: lru}");
  const auto q = invalidator_->cache<std::string>("p");
  for (int i = 0; i < 200'000; ++i) p.put(std::to_string(i), "");
  clock_->advance(30min);
  for (int i = 0; i < 200'000; ++i) q.get(std::to_string(i));
  EXPECT_FALSE(entries({.next_to_expire = 1}).next_complete);
}

TEST_F(EntryReportTest, ABlockThatNobodyServesIsUnknown) {
  cache("{ttl: 1h}");
  EXPECT_THROW(invalidator_->inspect("nowhere"), UnknownNamespace);
}

TEST_F(EntryReportTest, InJsonDurationsAreMilliseconds) {
  const auto p = cache("{ttl: 1h}");
  p.put("a", "");
  clock_->advance(1500ms);
  const auto json = nlohmann::json::parse(invalidator_->inspect().json());
  const auto& block = json.at("namespaces").at("p");
  EXPECT_EQ(block.at("entries"), 1);
  EXPECT_EQ(block.at("sampled"), false);
  EXPECT_EQ(block.at("age_ms"),
            nlohmann::json::parse(R"({"count":1,"p50":1500,"p90":1500,"p99":1500,"max":1500})"));
  EXPECT_EQ(block.at("next"),
            nlohmann::json::parse(R"([{"namespace":"p","key":"a","in_ms":3598500}])"));
  EXPECT_EQ(json.at("namespaces").at("user_*").at("next"), nlohmann::json::array());
  EXPECT_THAT(invalidator_->inspect().text(), HasSubstr("expires in 59m58s500ms"));
}

}  // namespace
}  // namespace freshet::testing
