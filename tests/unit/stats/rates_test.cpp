// Rates and warnings on a hand-set clock.
#include "freshet/rates.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "stats/rates.hpp"
#include "stats/recent_count.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using detail::RecentCount;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RecentCountTest, ForgetsAMinuteAndAnHourLater) {
  const Instant start(1h);
  RecentCount count;
  EXPECT_EQ(count.rate(start).last_hour, 0u);
  count.add(start, 3);
  count.add(start + 30s, 2);
  EXPECT_EQ(count.rate(start + 59s).last_minute, 5u);
  EXPECT_EQ(count.rate(start + 60s).last_minute, 2u);
  EXPECT_EQ(count.rate(start + 90s).last_minute, 0u);
  EXPECT_EQ(count.rate(start + 59min).last_hour, 5u);
  EXPECT_EQ(count.rate(start + 60min).last_hour, 0u);
}

TEST(RecentCountTest, ASlotThatComesRoundAgainStartsFromNothing) {
  const Instant start(1h);
  RecentCount count;
  count.add(start, 3);
  count.add(start + 10h, 2);
  EXPECT_EQ(count.rate(start + 10h).last_minute, 2u);
  EXPECT_EQ(count.rate(start + 10h).last_hour, 2u);
}

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  profiles: {strategy: manual}
  reports: {strategy: manual}
)";

class RatesTest : public CacheFixture {
 protected:
  RatesTest() {
    use(kPolicy);
    profiles_.emplace(invalidator_->cache<int>("profiles"));
  }

  const Warning* warning(WarningKind kind) {
    statistics_ = invalidator_->stats();
    for (const Warning& candidate : statistics_.warnings) {
      if (candidate.kind == kind) return &candidate;
    }
    return nullptr;
  }

  void put(int count, const std::function<std::vector<std::string>(int)>& tags) {
    for (int i = 0; i < count; ++i) profiles_->put(std::to_string(i), i, {.tags = tags(i)});
  }

  std::optional<Cache<int>> profiles_;
  Statistics statistics_;
};

TEST_F(RatesTest, InvalidationsCountForTheirBlockAndInAll) {  // row E2
  invalidator_->invalidate("a", "profiles");
  invalidator_->invalidate_namespace("reports");
  invalidator_->invalidate_tag("users");
  invalidator_->invalidate_many({Target::tag("users"), Target::key("b", "profiles")});
  invalidator_->invalidate("c", "profiles", {.dry_run = true});
  Statistics statistics = invalidator_->stats();
  EXPECT_EQ(statistics.total.invalidation_rate.last_minute, 5u);
  EXPECT_EQ(statistics.namespaces[0].invalidation_rate.last_minute, 2u);
  EXPECT_EQ(statistics.namespaces[1].invalidation_rate.last_minute, 1u);
  clock_->advance(61s);
  statistics = invalidator_->stats();
  EXPECT_EQ(statistics.total.invalidation_rate.last_minute, 0u);
  EXPECT_EQ(statistics.total.invalidation_rate.last_hour, 5u);
}

TEST_F(RatesTest, AQuietCacheHasNoWarnings) {
  put(10, [](int) { return std::vector<std::string>{"users"}; });
  profiles_->get("1");
  invalidator_->invalidate_tag("users");
  EXPECT_THAT(invalidator_->stats().warnings, IsEmpty());
}

TEST_F(RatesTest, WarnsOfABlockThatIsInvalidatedVeryOftenUntilThatIsOver) {
  for (int i = 0; i < 1'000; ++i) invalidator_->invalidate("a", "profiles");
  EXPECT_EQ(warning(WarningKind::high_invalidation_rate), nullptr);
  invalidator_->invalidate("a", "profiles");
  const Warning* found = warning(WarningKind::high_invalidation_rate);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->value, 1'001);
  EXPECT_EQ(found->threshold, 1'000);
  EXPECT_EQ(statistics_.warnings.size(), 3u);  // in all, the block, and written more than read
  clock_->advance(61s);
  EXPECT_EQ(warning(WarningKind::high_invalidation_rate), nullptr);
}

TEST_F(RatesTest, WarnsOfTheTagThatMakesUpMostInvalidations) {
  for (int i = 0; i < 49; ++i) invalidator_->invalidate_tag("often");
  for (int i = 0; i < 50; ++i) invalidator_->invalidate_tag("tag:" + std::to_string(i));
  EXPECT_EQ(warning(WarningKind::tag_invalidated_most), nullptr);
  for (int i = 0; i < 2; ++i) invalidator_->invalidate_tag("often");
  const Warning* found = warning(WarningKind::tag_invalidated_most);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->tag, "often");
  EXPECT_NEAR(found->value, 51.0 / 101, 1e-9);
}

TEST(RateBookTest, ATagsShareIsOneOfLately) {
  detail::RateBook book(0, {});
  for (int i = 0; i < 70'000; ++i) book.note_tag(Instant(1h), "once");
  for (int i = 0; i < 50'000; ++i) book.note_tag(Instant(2h), "now");
  Statistics statistics;
  book.fill(Instant(2h), {}, statistics);
  const auto& warnings = statistics.warnings;
  const auto found = std::find_if(warnings.begin(), warnings.end(), [](const Warning& warning) {
    return warning.kind == WarningKind::tag_invalidated_most;
  });
  ASSERT_NE(found, warnings.end());
  EXPECT_EQ(found->tag, "now") << "though it was invalidated less often in all";
}

TEST_F(RatesTest, WarnsOfATagThatMostEntriesCarry) {
  const auto tags = [](int i) {
    return i % 10 < 8 ? std::vector<std::string>{"broad"} : std::vector<std::string>{};
  };
  put(999, tags);
  EXPECT_EQ(warning(WarningKind::tag_too_broad), nullptr);
  put(1'000, tags);
  const Warning* found = warning(WarningKind::tag_too_broad);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->tag, "broad");
  EXPECT_NEAR(found->value, 0.8, 1e-9);
  invalidator_->invalidate("0", "profiles");
  EXPECT_EQ(warning(WarningKind::tag_too_broad), nullptr);
}

TEST_F(RatesTest, WarnsOfTagsWithHardlyMoreThanAnEntryEach) {
  put(1'000, [](int i) { return std::vector<std::string>{"tag:" + std::to_string(i)}; });
  ASSERT_NE(warning(WarningKind::tags_too_fine), nullptr);
  put(2'000, [](int i) { return std::vector<std::string>{"tag:" + std::to_string(i % 1'000)}; });
  EXPECT_EQ(warning(WarningKind::tags_too_fine), nullptr);
}

TEST_F(RatesTest, WarnsOfABlockThatIsWrittenMoreThanHitInTheLastHour) {
  put(1'000, [](int) { return std::vector<std::string>{}; });
  const Warning* found = warning(WarningKind::written_more_than_read);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name_space, "profiles");
  for (int i = 0; i < 1'000; ++i) profiles_->get("1");
  EXPECT_EQ(warning(WarningKind::written_more_than_read), nullptr);
  put(500, [](int) { return std::vector<std::string>{}; });
  ASSERT_NE(warning(WarningKind::written_more_than_read), nullptr);
  clock_->advance(1h);
  EXPECT_EQ(warning(WarningKind::written_more_than_read), nullptr);
}

TEST_F(RatesTest, TheSweepersTickLooksToo) {
  put(1'000, [](int) { return std::vector<std::string>{}; });
  clock_->advance(1s);
  executor_->run_ready(1);
  clock_->advance(1h);  // without the tick the writes would count for this hour
  EXPECT_EQ(warning(WarningKind::written_more_than_read), nullptr);
}

TEST_F(RatesTest, TextAndJsonShowThem) {
  for (int i = 0; i < 1'001; ++i) invalidator_->invalidate("a", "profiles");
  const Statistics statistics = invalidator_->stats();
  EXPECT_THAT(statistics.text(), HasSubstr("invalidations_last_minute"));
  EXPECT_THAT(statistics.text(), HasSubstr("\nwarning: \"profiles\": 1001 invalidations"));
  const auto json = nlohmann::json::parse(statistics.json());
  EXPECT_EQ(json.at("total").at("invalidation_rate").at("last_minute"), 1'001);
  EXPECT_EQ(json.at("warnings").at(1).at("kind"), "high_invalidation_rate");
  EXPECT_EQ(json.at("warnings").at(1).at("namespace"), "profiles");
}

TEST_F(RatesTest, ThresholdsAreTheUsers) {
  Components components;
  components.clock = clock_;
  components.executor = executor_;
  components.warnings.invalidations_per_minute = 2;
  invalidator_.emplace(CacheInvalidator::from_yaml(kPolicy, components));
  for (int i = 0; i < 3; ++i) invalidator_->invalidate_tag("a");
  EXPECT_NE(warning(WarningKind::high_invalidation_rate), nullptr);
}

}  // namespace
}  // namespace freshet::testing
