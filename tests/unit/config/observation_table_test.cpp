// `analytics:` and `warnings:` of a policy, and what Components say of the same.
#include "config/observation_table.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "config/policy_model.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kHead = "freshet: 1\nnamespaces: {p: {ttl: 1h}}\n";

// Models point into the registry.
const std::shared_ptr<StrategyRegistry> kRegistry = StrategyRegistry::with_builtins();

config::PolicyModel read(const std::string& more, const config::Observation& observation = {}) {
  return config::read_policy(std::string(kHead) + more, "f", *kRegistry, observation);
}

TEST(ObservationTableTest, EveryThresholdCanBeWritten) {  // row E2
  const WarningThresholds read_back = read(R"(warnings:
  invalidations_per_minute: 1
  tag_share: 2%
  tag_share_from: 3
  tag_too_broad: 4%
  tag_too_broad_from: 5
  tags_too_fine: 6%
  tags_too_fine_from: 7
  written_from: 8
)")
                                          .observation.warnings;
  EXPECT_EQ(read_back.invalidations_per_minute, 1u);
  EXPECT_DOUBLE_EQ(read_back.tag_share, 0.02);
  EXPECT_EQ(read_back.tag_share_from, 3u);
  EXPECT_DOUBLE_EQ(read_back.tag_too_broad, 0.04);
  EXPECT_EQ(read_back.tag_too_broad_from, 5u);
  EXPECT_DOUBLE_EQ(read_back.tags_too_fine, 1.06);
  EXPECT_EQ(read_back.tags_too_fine_from, 7u);
  EXPECT_EQ(read_back.written_from, 8u);
}

TEST(ObservationTableTest, EveryOptionOfTheAnalyticsCanBeWritten) {
  const AnalyticsOptions read_back =
      read("analytics: {hot_keys: false, tracked_keys: 2, sample_one_in: 3, halve_after: 0}\n")
          .observation.analytics;
  EXPECT_FALSE(read_back.hot_keys);
  EXPECT_EQ(read_back.tracked_keys, 2u);
  EXPECT_EQ(read_back.sample_one_in, 3u);
  EXPECT_EQ(read_back.halve_after, 0u);
}

TEST(ObservationTableTest, WhatThePolicyDoesNotSayIsAsGiven) {
  config::Observation given;
  given.warnings.written_from = 77;
  given.warnings.tag_share_from = 78;
  const auto observation = read("warnings: {tag_share_from: 5}\n", given).observation;
  EXPECT_EQ(observation.warnings.written_from, 77u);
  EXPECT_EQ(observation.warnings.tag_share_from, 5u);
}

TEST(ObservationTableTest, WhatWasUnderstoodReadsBackTheSame) {
  const std::string text = config::policy_text(read("warnings: {tags_too_fine: 12.5%}\n"));
  EXPECT_EQ(config::policy_text(config::read_policy(text, "", *kRegistry)), text);
  const auto json = nlohmann::json::parse(config::policy_json(read("")));
  EXPECT_EQ(json.at("warnings").at("tags_too_fine"), "10%");
  EXPECT_EQ(json.at("warnings").at("written_from"), 1'000);
  EXPECT_EQ(json.at("analytics").at("hot_keys"), true);
}

TEST(ObservationTableTest, CodeIsJudgedByTheSameRanges) {
  Components components;
  components.analytics.sample_one_in = 0;
  components.warnings.tag_share = 1.5;
  try {
    CacheInvalidator::builder().cache("p", ManualOptions{}).components(components).build();
    FAIL() << "it was accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              "analytics.sample_one_in: expected a count >= 1 and <= 1_000_000, found 0\n"
              "warnings.tag_share: expected a percentage > 0% and <= 100%, found 150%");
  }
}

class ObservationTest : public CacheFixture {};

TEST_F(ObservationTest, TheThresholdsOfThePolicyAreInForce) {
  use(std::string(kHead) + "warnings: {invalidations_per_minute: 2}\n");
  for (int i = 0; i < 2; ++i) invalidator_->invalidate_tag("a");
  EXPECT_THAT(invalidator_->stats().warnings, IsEmpty());
  invalidator_->invalidate_tag("a");
  EXPECT_THAT(invalidator_->stats().warnings, SizeIs(1));
}

TEST_F(ObservationTest, TheAnalyticsOfThePolicyAreInForce) {
  use(std::string(kHead) + "analytics: {hot_keys: false}\n");
  invalidator_->cache<int>("p").get("a");
  EXPECT_THAT(invalidator_->hot_keys(10), IsEmpty());
}

}  // namespace
}  // namespace freshet::testing
