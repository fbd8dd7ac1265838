// Warming: keys that are loaded before anybody asks, from the policy, from a file, from what the last run read most.
#include <gmock/gmock.h>

#include <algorithm>

#include "freshet/errors.hpp"
#include "support/cache_fixture.hpp"
#include "support/temp_folder.hpp"

namespace freshet::testing {
namespace {

using test::content_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WarmingTest : public CacheFixture {
 protected:
  void policy(const std::string& warm, const std::string& recompute = "{}") {
    use("freshet: 1\nnamespaces:\n  p: {ttl: 24h, recompute: " + recompute +
        "}\n  \"u_*\": {ttl: 1h}\nanalytics: {sample_one_in: 1}\n" +
        (warm.empty() ? "" : "warm: " + warm + "\n"));
  }
  Cache<int> view(std::string_view name = "p") { return invalidator_->cache<int>(name); }
  void bind(std::string_view name = "p") {
    view(name).bind_loader([this](std::string_view key) {
      times_.push_back(clock_->now());
      loaded_.emplace_back(key);
      if (key == "bad") throw std::runtime_error("the origin has none");
      return 1;
    });
  }
  std::string in_folder(std::string_view name) const { return (folder_.path() / name).string(); }
  std::vector<std::string> loaded() { return std::exchange(loaded_, {}); }
  WarmProgress progress() { return invalidator_->warming(); }
  /// What is wrong with a policy that says this.
  std::string refusal(const std::string& warm) {
    try {
      policy(warm);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  test::TempFolder folder_;
  std::vector<std::string> loaded_;
  std::vector<Instant> times_;
};

TEST_F(WarmingTest, KeysOfThePolicyAreLoadedOnceTheirLoaderIsBound) {
  policy("{keys: [p/a, p/b, u_7/c]}");
  tick_through(1s);
  EXPECT_EQ(progress().asked, 3u);
  EXPECT_EQ(progress().waiting, 3u);
  EXPECT_EQ(progress().without_loader, 3u);
  EXPECT_FALSE(progress().done());
  bind();
  EXPECT_EQ(progress().without_loader, 1u);
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("a", "b"));
  EXPECT_TRUE(view().contains("a"));
  bind("u_7");
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("c"));
  EXPECT_TRUE(progress().done());
  EXPECT_EQ(progress().loaded, 3u);
  EXPECT_EQ(total(&NamespaceStatistics::warm_loads), 3u);
}

TEST_F(WarmingTest, ACallWarmsAtAnyTime) {
  policy("");
  bind();
  EXPECT_EQ(invalidator_->warm({{"x", "p"}, {"y", "p"}, {"x", "p"}}).waiting, 2u);
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("x", "y"));
}

TEST_F(WarmingTest, WhatIsThereAlreadyIsNotLoadedAndWhatFailsIsCounted) {
  policy("{keys: [p/there, p/bad, p/good]}");
  view().put("there", 7);
  bind();
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("bad", "good"));
  EXPECT_EQ(progress().already_there, 1u);
  EXPECT_EQ(progress().failed, 1u);
  EXPECT_EQ(progress().loaded, 1u);
  EXPECT_TRUE(progress().done());
  EXPECT_EQ(total(&NamespaceStatistics::warm_failures), 1u);
  EXPECT_EQ(*view().get("there"), 7);
}

TEST_F(WarmingTest, RateAndConcurrencyAreTheBlocks) {
  std::string keys;
  for (int i = 0; i < 100; ++i) keys += (i == 0 ? "p/" : ", p/") + std::to_string(i);
  policy("{keys: [" + keys + "]}", "{max_per_second: 10, max_at_once: 2}");
  bind();
  clock_->advance(100ms);
  executor_->run_one();
  EXPECT_EQ(progress().under_way, 1u) << "a tenth of ten in a tenth of a second";
  tick_through(3s);
  EXPECT_GE(progress().loaded, 25u);
  EXPECT_EQ(progress().loaded + progress().waiting, 100u);
  EXPECT_EQ(total(&NamespaceStatistics::keys_waiting), progress().waiting);
  tick_through(10s);
  EXPECT_EQ(progress().loaded, 100u);
  for (std::size_t i = 10; i < times_.size(); ++i) ASSERT_GE(times_[i] - times_[i - 10], 1s);
}

TEST_F(WarmingTest, NoMoreAreUnderWayThanMaxAtOnce) {
  std::string keys;
  for (int i = 0; i < 30; ++i) keys += (i == 0 ? "p/" : ", p/") + std::to_string(i);
  policy("{keys: [" + keys + "]}", "{max_per_second: 1_000, max_at_once: 2}");
  bind();
  clock_->advance(100ms);
  for (int i = 0; i < 31; ++i) {
    EXPECT_LE(progress().under_way, 2u);
    executor_->run_one();
  }
  EXPECT_EQ(progress().loaded, 30u);
}

TEST_F(WarmingTest, AnInvalidationOvertakesAWarmingLoadAsAnyOther) {
  policy("{keys: [p/a]}");
  view().bind_loader([&](std::string_view) {
    invalidator_->invalidate_namespace("p");
    return 1;
  });
  tick_through(100ms);
  EXPECT_FALSE(view().contains("a"));
}

TEST_F(WarmingTest, AnExpiredEntryThatWasAskedForWithAVersionIsLeftToItsReaders) {
  policy("", "{expired: true}");
  bind();
  view().put("pinned", 7, {.versions = {{"prompt", "v1"}}});
  invalidator_->invalidate("pinned", "p", {.mode = Mode::expire});
  invalidator_->warm({{"pinned", "p"}});
  tick_through(200ms);
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_TRUE(progress().done());
}

TEST_F(WarmingTest, AFileHasALineForEachKey) {
  const auto file =
      folder_.write("keys.txt", "# of the shop\np/a\n\np/with/slash\r\nu_1/b\\n\\x2f\\\\\n");
  policy("{file: \"" + file.string() + "\"}");
  bind();
  bind("u_1");
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("a", "with/slash", "b\n/\\"));
}

TEST_F(WarmingTest, ARelativeFileStandsBesideThePolicy) {
  folder_.write("keys.txt", "p/a\n");
  const auto file = folder_.write(
      "freshet.yaml",
      "freshet: 1\nnamespaces:\n  p: {}\nwarm: {file: keys.txt, last_run: hot.txt}\n");
  Components components{.clock = clock_, .executor = executor_, .logger = log_};
  invalidator_.emplace(CacheInvalidator::from_yaml_file(file, components));
  EXPECT_EQ(progress().waiting, 1u);
  view().put("k", 1);
  view().get("k");
  invalidator_->close();
  EXPECT_THAT(content_of(folder_.path() / "hot.txt"), HasSubstr("p/k"));
}

TEST_F(WarmingTest, ABadFileRefusesThePolicyAndNamesTheLine) {
  folder_.write("keys.txt", "p/a\nno slash\np/b\np/c\\q\n");
  EXPECT_EQ(refusal("{file: \"" + in_folder("keys.txt") + "\"}"),
            in_folder("keys.txt") + ":2:1: expected \"namespace/key\", found \"no slash\"\n" +
                in_folder("keys.txt") +
                ":4:1: expected \\\\, \\n, \\r or \\xHH after a backslash, found \"p/c\\\\q\"");
  EXPECT_THAT(refusal("{file: \"" + in_folder("none.txt") + "\"}"),
              HasSubstr("there is no such file"));
  EXPECT_THAT(refusal("{file: \"" + folder_.path().string() + "\"}"),
              HasSubstr("expected a file, found a directory"));
}

TEST_F(WarmingTest, KeysThatNoBlockServesRefuseThePolicy) {
  folder_.write("keys.txt", "p/a\nq/b\n");
  EXPECT_EQ(refusal("{keys: [p/a, none/b]}"),
            "6:20: warm.keys[1]: no block serves the namespace \"none\"");
  EXPECT_THAT(refusal("{file: \"" + in_folder("keys.txt") + "\"}"),
              HasSubstr("keys.txt: b: no block serves the namespace \"q\""));
  EXPECT_THAT(refusal("{keys: [justakey]}"),
              HasSubstr("expected \"namespace/key\", found \"justakey\""));
}

TEST_F(WarmingTest, OptionsAreJudgedWithTheirPlaces) {
  EXPECT_THAT(refusal("{hot_keys: 0}"), HasSubstr("6:18: warm.hot_keys"));
  EXPECT_THAT(refusal("{files: a}"), HasSubstr("warm.files: unknown key, did you mean \"file\"?"));
  EXPECT_THAT(refusal("yes"), HasSubstr("6:7: warm: expected a map"));
}

TEST_F(WarmingTest, ABadFileGivenInACallChangesNothing) {
  policy("");
  bind();
  folder_.write("keys.txt", "p/a\nbad\n");
  EXPECT_THROW(invalidator_->warm_from_file(in_folder("keys.txt")), ConfigError);
  EXPECT_THROW(invalidator_->warm_from_file(in_folder("none.txt")), ConfigError);
  folder_.write("foreign.txt", "p/a\nnone/b\n");
  EXPECT_THROW(invalidator_->warm_from_file(in_folder("foreign.txt")), UnknownNamespace);
  EXPECT_THROW(invalidator_->warm({{"a", "p"}, {"", "p"}}), InvalidName);
  EXPECT_EQ(progress().asked, 0u);
  folder_.write("keys.txt", "p/a\n");
  EXPECT_EQ(invalidator_->warm_from_file(in_folder("keys.txt")).asked, 1u);
}

TEST_F(WarmingTest, MoreThanMayWaitAreRefusedWhole) {
  policy("");
  std::vector<KeyName> keys;
  for (std::size_t i = 0; i < kMaxWarmKeys; ++i) keys.push_back({std::to_string(i), "p"});
  EXPECT_EQ(invalidator_->warm(keys).waiting, kMaxWarmKeys);
  EXPECT_THROW(invalidator_->warm({{"one more", "p"}}), Error);
  EXPECT_EQ(progress().waiting, kMaxWarmKeys);
}

TEST_F(WarmingTest, WhatTheLastRunReadMostIsLoadedByTheNext) {
  const std::string warm = "{last_run: \"" + in_folder("hot.txt") + "\", hot_keys: 3}";
  policy(warm);
  EXPECT_EQ(progress().asked, 0u) << "the first run has no file";
  auto p = view();
  for (const auto& [key, reads] :
       {std::pair("rare", 1), {"a\nb/c\\", 9}, {"hot", 20}, {"some", 5}}) {
    p.put(key, 1);
    for (int i = 0; i < reads; ++i) p.get(key);
  }
  invalidator_->close();
  policy(warm);
  EXPECT_EQ(progress().waiting, 3u);
  bind();
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("hot", "a\nb/c\\", "some"));
}

TEST_F(WarmingTest, ARunThatReadNothingLeavesTheFileOfTheOneBefore) {
  const std::string warm = "{last_run: \"" + in_folder("hot.txt") + "\"}";
  policy(warm);
  view().put("k", 1);
  view().get("k");
  invalidator_->close();
  const std::string before = content_of(in_folder("hot.txt"));
  policy(warm);
  invalidator_->close();
  EXPECT_EQ(content_of(in_folder("hot.txt")), before);
}

TEST_F(WarmingTest, WhatGoesWithoutACloseLeavesTheFileAlone) {
  policy("{last_run: \"" + in_folder("hot.txt") + "\"}");
  view().get("k");
  invalidator_.reset();
  EXPECT_FALSE(std::filesystem::exists(in_folder("hot.txt")));
}

TEST_F(WarmingTest, ADamagedFileOfTheLastRunIsLoggedAndNothingOfItIsLoaded) {
  const std::string warm = "{last_run: \"" + in_folder("hot.txt") + "\", keys: [p/listed]}";
  policy(warm);
  for (const char* key : {"a", "b", "c"}) view().put(key, 1), view().get(key);
  invalidator_->close();
  const std::string whole = content_of(in_folder("hot.txt"));
  for (const std::string& damaged :
       {whole.substr(0, whole.size() / 2), whole.substr(0, whole.rfind("# end")),
        "# another file\n" + whole, std::string("p/a\n"), std::string(),
        std::string(100'000, '\0')}) {
    folder_.write("hot.txt", damaged);
    log_->clear();
    policy(warm);
    EXPECT_EQ(progress().asked, 1u) << "the list of the policy";
    EXPECT_EQ(total(&NamespaceStatistics::hot_key_file_failures), 1u);
    EXPECT_THAT(log_->lines(), SizeIs(1));
  }
  folder_.write("hot.txt", whole);
  policy(warm);
  EXPECT_EQ(progress().asked, 4u);
}

TEST_F(WarmingTest, AFileOfTheLastRunThatCannotEvenBeLookedForIsLoggedAndTheCacheStarts) {
  policy("{last_run: \"" + in_folder(std::string(300, 'x')) + "\", keys: [p/listed]}");
  EXPECT_EQ(progress().asked, 1u);
  EXPECT_EQ(total(&NamespaceStatistics::hot_key_file_failures), 1u);
  EXPECT_THAT(log_->lines(), ElementsAre(HasSubstr("no hot keys of the last run")));
}

TEST_F(WarmingTest, HotKeysOfNamespacesThatNoBlockServesAnyMoreAreLeftOut) {
  const std::string last_run = "warm: {last_run: \"" + in_folder("hot.txt") + "\"}\n";
  use("freshet: 1\nnamespaces:\n  p: {}\n  gone: {}\nanalytics: {sample_one_in: 1}\n" + last_run);
  view().get("k");
  view("gone").get("k");
  invalidator_->close();
  use("freshet: 1\nnamespaces:\n  p: {}\n" + last_run);
  EXPECT_EQ(progress().asked, 1u);
  EXPECT_EQ(total(&NamespaceStatistics::hot_key_file_failures), 0u);
}

TEST_F(WarmingTest, AFileThatCannotBeWrittenIsCountedAndTheOldOneStays) {
  policy("");
  view().get("k");
  EXPECT_TRUE(invalidator_->save_hot_keys(in_folder("hot.txt"), 10));
  EXPECT_EQ(content_of(in_folder("hot.txt")), "# freshet hot keys 1\np/k\n# end, keys: 1\n");
  EXPECT_FALSE(invalidator_->save_hot_keys(in_folder("no folder/hot.txt"), 10));
  EXPECT_EQ(total(&NamespaceStatistics::hot_key_file_failures), 1u);
  EXPECT_THAT(log_->lines(), SizeIs(1));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1)
      << "nothing is left beside the file";
}

TEST_F(WarmingTest, AReloadNamesAnotherFileForTheEnd) {
  policy("{last_run: \"" + in_folder("one.txt") + "\"}");
  view().get("k");
  invalidator_->reload_yaml(
      "freshet: 1\nnamespaces:\n  p: {ttl: 24h}\n  \"u_*\": {ttl: 1h}\nanalytics: {sample_one_in: "
      "1}\nwarm: {last_run: \"" +
      in_folder("two.txt") + "\", keys: [p/not_now]}\n");
  EXPECT_EQ(progress().asked, 0u) << "warming is for the start";
  invalidator_->close();
  EXPECT_FALSE(std::filesystem::exists(in_folder("one.txt")));
  EXPECT_TRUE(std::filesystem::exists(in_folder("two.txt")));
}

TEST_F(WarmingTest, TheBuilderTakesTheSameAndJudgesItAlike) {
  Components components{.clock = clock_, .executor = executor_, .logger = log_};
  invalidator_.emplace(CacheInvalidator::builder()
                           .components(components)
                           .cache("p", TtlOptions{.ttl = 1h})
                           .warm({.keys = {"p/a"}})
                           .build());
  bind();
  tick_through(100ms);
  EXPECT_THAT(loaded(), ElementsAre("a"));
  auto bad = CacheInvalidator::builder();
  bad.cache("p", TtlOptions{.ttl = 1h}).warm({.keys = {"q/a"}, .hot_keys = 1});
  try {
    bad.build();
    FAIL() << "q is served by no block";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "warm.keys[0]: no block serves the namespace \"q\"");
  }
}

TEST_F(WarmingTest, TheEndLetsGoOfWhatWaits) {
  policy("{keys: [p/a, p/b]}");
  invalidator_->close();
  bind();
  tick_through(1s);
  EXPECT_THAT(loaded(), IsEmpty());
}

}  // namespace
}  // namespace freshet::testing
