// Conditional refresh (C16): a loader is told of the value that it replaces, asks its origin whether that is still right, and says so.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "freshet/errors.hpp"
#include "freshet/limits.hpp"
#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

// An origin that answers a conditional request: nothing, if the validator is the current one.
class Origin304 {
 public:
  void write(std::string body) {
    body_ = std::move(body);
    ++version_;
  }
  std::string load(LoadContext& load) {
    ++requests;
    if (load.previous<std::string>() && load.previous_validator() == etag()) {
      ++not_modified;
      return load.not_modified<std::string>();
    }
    load.validator(etag());
    ++bodies;
    return body_;
  }
  std::string etag() const { return "\"v" + std::to_string(version_) + "\""; }

  int requests = 0;
  int bodies = 0;
  int not_modified = 0;

 private:
  std::string body_ = "first";
  int version_ = 1;
};

class ConditionalRefreshTest : public CacheFixture {
 protected:
  ConditionalRefreshTest() {
    use(R"(
freshet: 1
namespaces:
  pages: {strategy: ttl, ttl: 1h, soft_ttl: 10m}
  lasting: {strategy: ttl, ttl: 10m, stale_if_error: 1h}
  plain: {strategy: manual}
  narrow: {strategy: ttl, ttl: 1h, soft_ttl: 10m, labels: {per_entry: 2, overflow: collapse}}
)");
  }
  std::string get(const std::string& name_space, const EntryOptions& options = {}) {
    return *invalidator_->cache<std::string>(name_space)
                .get_or_load(
                    "k", [this](LoadContext& load) { return origin_.load(load); }, options);
  }

  Origin304 origin_;
};

TEST_F(ConditionalRefreshTest, ARefreshOfWhatHasNotChangedAsksForItOnce) {
  EXPECT_EQ(get("pages"), "first");
  for (int i = 1; i <= 3; ++i) {
    clock_->advance(11min);
    EXPECT_EQ(get("pages"), "first");
    executor_->run_ready();
    EXPECT_EQ(origin_.not_modified, i);
    EXPECT_FALSE(invalidator_->cache<std::string>("pages").get("k").stale());
  }
  EXPECT_EQ(origin_.bodies, 1);
  EXPECT_EQ(total(&NamespaceStatistics::loads_not_modified), 3u);
  origin_.write("second");
  clock_->advance(11min);
  get("pages");
  executor_->run_ready();
  EXPECT_EQ(get("pages"), "second");
  EXPECT_EQ(origin_.bodies, 2);
}

TEST_F(ConditionalRefreshTest, WhatIsRenewedLivesAsLongAgain) {
  get("lasting");
  clock_->advance(11min);
  EXPECT_EQ(get("lasting"), "first");  // past its time, and there for whoever gets an exception
  EXPECT_EQ(origin_.not_modified, 1);
  const auto renewed = invalidator_->cache<std::string>("lasting").get("k");
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed.remaining(), 10min);
}

TEST_F(ConditionalRefreshTest, WhatWasExpiredByATagIsAskedAbout) {
  get("pages", {.tags = {"t"}});
  invalidator_->invalidate_tag("t", {.mode = Mode::expire});
  get("pages", {.tags = {"t"}});
  executor_->run_ready();
  EXPECT_EQ(origin_.not_modified, 1);
  EXPECT_EQ(invalidator_->cache<std::string>("pages").get("k").staleness(), Staleness::fresh);
  invalidator_->invalidate_tag("t");
  EXPECT_FALSE(invalidator_->cache<std::string>("pages").get("k"));
}

TEST_F(ConditionalRefreshTest, WhatWasRemovedIsToldToNobody) {
  get("pages", {.tags = {"t"}});
  const std::vector<std::function<void()>> removals{
      [&] { invalidator_->invalidate("k", "pages"); }, [&] { invalidator_->invalidate_tag("t"); },
      [&] { invalidator_->cache<std::string>("pages").clear(); },
      [&] { invalidator_->invalidate_prefix("k", "pages"); }};
  for (const auto& remove : removals) {
    const int bodies = origin_.bodies;
    remove();
    get("pages", {.tags = {"t"}});
    EXPECT_EQ(origin_.bodies, bodies + 1);
  }
  EXPECT_EQ(origin_.not_modified, 0);
}

TEST_F(ConditionalRefreshTest, WhatIsRenewedKeepsTheLabelsThatItsLoaderNamed) {
  const Cache<int> pages = invalidator_->cache<int>("pages");
  int named = 0;
  const auto load = [&](LoadContext& context) {
    if (context.previous<int>()) return context.not_modified<int>();
    ++named;
    context.tag("own").validator("1");
    return 7;
  };
  pages.get_or_load("k", load);
  invalidator_->tag("k", "pages", {"late"});
  for (int i = 0; i < 2; ++i) {
    clock_->advance(11min);
    EXPECT_TRUE(pages.get_or_load("k", load).stale());
    executor_->run_ready();
    EXPECT_FALSE(pages.get("k").stale());
  }
  EXPECT_EQ(named, 1);
  invalidator_->invalidate_tag("own");
  EXPECT_FALSE(pages.get("k"));
  pages.get_or_load("k", load);
  invalidator_->tag("k", "pages", {"late"});
  clock_->advance(11min);
  pages.get_or_load("k", load);
  executor_->run_ready();
  invalidator_->invalidate_tag("late");
  EXPECT_FALSE(pages.get("k"));
}

// The origin that is asked may know nothing of what else the loader has read.
TEST_F(ConditionalRefreshTest, OnceALabelOfTheLoadersOwnWasRaisedThereIsNoPrevious) {
  const Cache<int> pages = invalidator_->cache<int>("pages");
  int whole = 0;
  const auto load = [&](LoadContext& context) {
    if (context.previous<int>()) return context.not_modified<int>();
    context.depends_on("file");
    return ++whole;
  };
  pages.get_or_load("k",
                    load);  // the first of a namespace whose loader names a dependency is not kept
  pages.get_or_load("k", load);
  whole = 1;
  ASSERT_TRUE(pages.get("k"));
  invalidator_->invalidate_dependents("file", {.mode = Mode::expire});
  pages.get_or_load("k", load);
  executor_->run_ready();
  EXPECT_EQ(whole, 2);
  invalidator_->tag("k", "pages", {"late"});
  invalidator_->invalidate_tag("late", {.mode = Mode::expire});
  pages.get_or_load("k", load);
  executor_->run_ready();
  EXPECT_EQ(whole, 3);
}

TEST_F(ConditionalRefreshTest, TagsOfTheLoadersOwnThatWereRaisedTogetherCountAsWell) {
  const Cache<int> pages = invalidator_->cache<int>("pages");
  int whole = 0;
  const auto load = [&](LoadContext& context) {
    if (context.previous<int>()) return context.not_modified<int>();
    context.tag("own").tag("other");
    return ++whole;
  };
  pages.get_or_load("k", load);
  ASSERT_TRUE(pages.get("k"));
  invalidator_->invalidate_all_of({"own", "other"}, {.mode = Mode::expire});
  ASSERT_TRUE(pages.get_or_load("k", load).stale());
  executor_->run_ready();
  EXPECT_EQ(whole, 2);
}

TEST_F(ConditionalRefreshTest, ALabelOfTheLoadersOwnThatThereWasNoRoomForCountsAsWell) {
  const Cache<int> narrow = invalidator_->cache<int>("narrow");
  int whole = 0;
  const auto load = [&](LoadContext& context) {
    if (context.previous<int>()) return context.not_modified<int>();
    context.tag("own");
    return ++whole;
  };
  const EntryOptions options{.tags = {"a", "b", "c"}};
  narrow.get_or_load("k", load, options);
  ASSERT_TRUE(narrow.get("k"));
  invalidator_->invalidate_tag("own", {.mode = Mode::expire});
  narrow.get_or_load("k", load, options);
  executor_->run_ready();
  EXPECT_EQ(whole, 2);
}

// The entry was stored without the tag that its caller names now.
TEST_F(ConditionalRefreshTest, WhatIsRemovedByWhatACallerSaysNowIsNoPrevious) {
  invalidator_->cache<int>("plain").put("carrier", 1, {.tags = {"t"}});
  get("lasting");
  invalidator_->invalidate_tag("t");
  clock_->advance(11min);
  get("lasting", {.tags = {"t"}});
  EXPECT_EQ(origin_.not_modified, 0);
  EXPECT_EQ(origin_.bodies, 2);
}

TEST_F(ConditionalRefreshTest, AValueMadeOfOtherCachedValuesHasNoPrevious) {
  const Cache<int> pages = invalidator_->cache<int>("pages");
  const auto part = [] { return 1; };
  bool told = false;
  const auto load = [&](LoadContext& context) {
    told = static_cast<bool>(context.previous<int>());
    return *pages.get_or_load("part", part) + 1;
  };
  pages.get_or_load("whole", load);
  clock_->advance(11min);
  pages.get_or_load("whole", load);
  executor_->run_ready();
  EXPECT_FALSE(told);
}

TEST_F(ConditionalRefreshTest, AValueOfAnotherVersionIsNoPrevious) {
  get("pages", {.versions = {{"model", "v1"}}});
  get("pages", {.versions = {{"model", "v2"}}});
  EXPECT_EQ(origin_.not_modified, 0);
  EXPECT_EQ(origin_.bodies, 2);
}

TEST_F(ConditionalRefreshTest, WhoReadsNothingFromTheCacheIsToldNothing) {
  get("lasting");
  clock_->advance(11min);
  get("lasting", {.skip = {.read_l1 = true}});
  {
    const Bypass bypass;
    get("lasting");
  }
  EXPECT_EQ(origin_.not_modified, 0);
}

// G1: what is renewed was born before the invalidation, whatever the origin says of it.
TEST_F(ConditionalRefreshTest, WhatIsRemovedWhileTheOriginIsAskedIsNotRenewed) {
  const std::map<std::string, std::function<void()>> removals{
      {"key", [&] { invalidator_->invalidate("k", "pages"); }},
      {"tag", [&] { invalidator_->invalidate_tag("t"); }},
      {"own tag", [&] { invalidator_->invalidate_tag("own"); }},
      {"namespace", [&] { invalidator_->cache<int>("pages").clear(); }},
      {"prefix", [&] { invalidator_->invalidate_prefix("k", "pages"); }}};
  const Cache<int> pages = invalidator_->cache<int>("pages");
  for (const auto& [name, remove] : removals) {
    pages.get_or_load("k", [](LoadContext& load) { return load.tag("own"), 1; }, {.tags = {"t"}});
    clock_->advance(11min);
    pages.get_or_load("k",
                      [&, &take_away = remove](LoadContext& load) {
                        const int same = load.not_modified<int>();
                        take_away();
                        return same;
                      },
                      {.tags = {"t"}});
    executor_->run_ready();
    EXPECT_FALSE(pages.get("k")) << name;
    pages.invalidate("k");
  }
}

TEST_F(ConditionalRefreshTest, WhatIsRemovedBetweenTheLookAndTheAnswerIsNotRenewed) {
  get("pages", {.tags = {"t"}});
  clock_->advance(11min);
  {
    const PausePoint found("previous_found", [&] { invalidator_->invalidate_tag("t"); });
    get("pages", {.tags = {"t"}});
    executor_->run_ready();
    EXPECT_TRUE(found.reached());
  }
  EXPECT_FALSE(invalidator_->cache<std::string>("pages").get("k"));
}

TEST_F(ConditionalRefreshTest, AnAnswerWithoutAPreviousValueIsAMistakeAndSaysSo) {
  const Cache<int> pages = invalidator_->cache<int>("plain");
  try {
    pages.get_or_load("k", [](LoadContext& load) { return load.not_modified<int>(); });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const NoPreviousValue& error) {
    EXPECT_NE(std::string(error.what()).find("\"k\""), std::string::npos) << error.what();
  }
  const Cache<int> kept = invalidator_->cache<int>("pages");
  kept.put("k", 1);
  clock_->advance(11min);
  bool asked = false;
  kept.get_or_load("k", [&](LoadContext& load) {
    asked = true;
    EXPECT_FALSE(load.previous<std::string>());  // of another type
    EXPECT_EQ(*load.previous<int>(), 1);
    EXPECT_EQ(load.previous_validator(), "");
    return 2;
  });
  executor_->run_ready();
  EXPECT_TRUE(asked);
}

TEST_F(ConditionalRefreshTest, AMistakenAnswerIsNotHiddenByTheOldValue) {
  const Cache<int> lasting = invalidator_->cache<int>("lasting");
  lasting.get_or_load("k", [](LoadContext& load) { return load.tag("own"), 1; });
  invalidator_->invalidate_tag("own", {.mode = Mode::expire});
  EXPECT_THROW(lasting.get_or_load("k", [](LoadContext& load) { return load.not_modified<int>(); }),
               NoPreviousValue);
  const auto old = lasting.get_or_load("k", []() -> int { throw std::runtime_error("down"); });
  EXPECT_EQ(*old, 1);  // which is there for other failures
}

TEST_F(ConditionalRefreshTest, AValidatorHasALimitAndMayBeEmpty) {
  const Cache<int> pages = invalidator_->cache<int>("plain");
  EXPECT_THROW(pages.get_or_load("k",
                                 [](LoadContext& load) {
                                   load.validator(std::string(kMaxValidatorBytes + 1, 'x'));
                                   return 1;
                                 }),
               InvalidName);
  pages.get_or_load("k", [](LoadContext& load) { return load.validator(""), 1; });
  EXPECT_TRUE(pages.get("k"));
}

}  // namespace
}  // namespace freshet::testing
