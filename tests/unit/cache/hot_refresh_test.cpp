// predictive.hot_keys: what the block's summary of its most-read keys keeps warm beyond an entry's own reads.
#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class HotRefreshTest : public CacheFixture {
 protected:
  // Lifetimes of a minute, refreshed at 48 s; five reads are enough.
  void block(std::string_view hot_keys, std::string_view analytics = "") {
    use("freshet: 1\n"
        "namespaces:\n"
        "  p: {strategy: predictive, ttl: 1m, predictive: {threshold: 5, hot_keys: " +
        std::string(hot_keys) + ", max_refreshes_per_second: 1000}}\nanalytics: {sample_one_in: 1" +
        std::string(analytics) + "}\n");
    view_.emplace(invalidator_->cache<int>("p"));
    view_->bind_loader(
        [this](std::string_view key) { return loaded_.emplace_back(key), ++loads_; });
  }
  /// Stores the key if it is not there, and reads it so often.
  void read(const std::string& key, int times) {
    for (int i = 0; i < times; ++i) {
      if (!view_->get(key)) ++waits_, view_->put(key, 0);
    }
  }
  /// What was loaded again since the last call.
  std::vector<std::string> loaded() { return std::exchange(loaded_, {}); }

  std::optional<Cache<int>> view_;
  std::vector<std::string> loaded_;
  int loads_ = 0;
  int waits_ = 0;
};

TEST_F(HotRefreshTest,
       AHotKeysReadersNeverWaitOverTenTtlsThoughEachEntryIsReadTooRarely) {  // row A5
  block("1");
  view_->put("hot", 0);
  view_->put("cold", 0);
  read("hot", 10);
  read("cold", 4);
  for (int i = 0; i < 600 / 20; ++i) {  // every 20 s: two or three reads of each entry
    read("hot", 1);
    tick_through(20s);
  }
  EXPECT_EQ(waits_, 0);
  EXPECT_GE(loads_, 10);
  EXPECT_FALSE(view_->contains("cold"));
  EXPECT_THAT(loaded(), ::testing::Each("hot"));
}

TEST_F(HotRefreshTest, OnlyTheHottestKeysAreKeptForThatAsManyAsHotKeysSays) {
  block("2");
  for (const auto& [key, times] : {std::pair("a", 30), {"b", 20}, {"c", 10}}) {
    view_->put(key, 0);
    read(key, times);
  }
  tick_through(50s);
  EXPECT_THAT(loaded(), ElementsAre("a", "b", "c")) << "each entry was read often enough";
  for (const char* key : {"a", "b", "c"}) read(key, 1);
  tick_through(50s);
  EXPECT_THAT(loaded(), UnorderedElementsAre("a", "b"));
}

TEST_F(HotRefreshTest, AKeyThatNobodyReadForALifetimeIsLetGoHoweverHotItWas) {
  block("10");
  view_->put("was", 0);
  read("was", 1'000);
  tick_through(50s);
  EXPECT_THAT(loaded(), ElementsAre("was"));
  tick_through(2min);
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_FALSE(view_->contains("was"));
}

TEST_F(HotRefreshTest, AKeyThatIsOfTheHottestWithTooFewReadsIsLetGo) {
  block("10");
  view_->put("seldom", 0);
  read("seldom", 4);
  tick_through(1min);
  EXPECT_THAT(loaded(), IsEmpty());
}

TEST_F(HotRefreshTest, AKeyThatCooledDownIsLetGoOnceItsCountHasAged) {
  block("10", ", halve_after: 100");
  view_->put("was", 0);
  view_->put("now", 0);
  read("was", 40);
  tick_through(50s);
  EXPECT_THAT(loaded(), ElementsAre("was"));
  read("was", 1);
  tick_through(50s);
  EXPECT_THAT(loaded(), ElementsAre("was")) << "still hot: 41 reads";
  read("now", 800);  // eight halvings
  read("was", 1);
  tick_through(50s);
  EXPECT_THAT(loaded(), ElementsAre("now"));
  tick_through(20s);
  EXPECT_FALSE(view_->contains("was"));
}

TEST_F(HotRefreshTest, WithoutAnalyticsEachEntrysOwnReadsCountAlone) {
  block("10", ", hot_keys: false");
  view_->put("k", 0);
  read("k", 10);
  tick_through(50s);
  EXPECT_THAT(loaded(), ElementsAre("k"));
  read("k", 4);
  tick_through(50s);
  EXPECT_THAT(loaded(), IsEmpty());
}

TEST_F(HotRefreshTest, EntriesReadOftenEnoughComeBeforeThoseThatOnlyTheSummaryKnows) {
  use("freshet: 1\n"
      "namespaces:\n"
      "  p: {strategy: predictive, ttl: 1m, predictive: {threshold: 5, max_refreshes_per_second: "
      "1}}\n");
  view_.emplace(invalidator_->cache<int>("p"));
  view_->bind_loader([this](std::string_view key) { return loaded_.emplace_back(key), ++loads_; });
  view_->put("famous", 0);
  read("famous", 50);
  view_->put("famous", 0);  // begins to count at zero
  view_->put("busy", 0);
  read("famous", 4);
  read("busy", 5);
  clock_->advance(48s);
  executor_->run_ready();
  EXPECT_THAT(loaded(), ElementsAre("busy"));
  tick_through(1s);
  EXPECT_THAT(loaded(), ElementsAre("famous"));
}

}  // namespace
}  // namespace freshet::testing
