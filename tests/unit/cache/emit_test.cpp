// Events through an invalidator: rules, entities, handlers, notices, and what ends a storm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "freshet/freshet.hpp"
#include "support/cache_fixture.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class EmitTest : public testing::CacheFixture {
 protected:
  void put(std::string_view name_space, std::string_view key, std::vector<std::string> tags = {}) {
    invalidator_->cache<std::string>(name_space).put(key, "v", {.tags = std::move(tags)});
  }
  bool has(std::string_view name_space, std::string_view key) {
    return invalidator_->cache<std::string>(name_space).contains(key);
  }
};

constexpr std::string_view kUsers = R"(
freshet: 1
namespaces:
  "user_*": {strategy: manual}
  profiles: {strategy: manual}
events:
  user_logout:
    - invalidate_namespace: "user_{user_id}"
    - invalidate_tag: "user:{user_id}"
  user_renamed: [{invalidate_key: "profiles/user:{user_id}"}]
  moved: [{invalidate_key: {namespace: "{namespace}", key: "{key}"}}]
  reset: [{invalidate_all: true}]
  user_gone: [{invalidate_entity: {name: user, id: "{user_id}"}}]
entities:
  user: {keys: ["profiles/user:{id}"], tags: ["user:{id}"], namespaces: ["user_{id}"]}
)";

// Row A3.
TEST_F(EmitTest, ALogoutEmptiesTheNamespaceOfThatUserAndLeavesTheNextOnes) {
  CacheInvalidator& invalidator = use(kUsers);
  put("user_123", "cart");
  put("user_123", "name");
  put("user_124", "cart");
  put("profiles", "p", {"user:123"});
  put("profiles", "q", {"user:124"});
  const Emitted emitted = invalidator.emit("user_logout", {{"user_id", 123}});
  EXPECT_EQ(emitted.invalidated.count, 3u);
  EXPECT_EQ(emitted.invalidated.exactness, Exactness::exact);
  EXPECT_EQ(emitted.rules, 1u);
  EXPECT_EQ(emitted.id, 1u);
  EXPECT_TRUE(emitted);
  EXPECT_FALSE(has("user_123", "cart"));
  EXPECT_FALSE(has("user_123", "name"));
  EXPECT_TRUE(has("user_124", "cart"));
  EXPECT_FALSE(has("profiles", "p"));
  EXPECT_TRUE(has("profiles", "q"));
}

TEST_F(EmitTest, AllTargetsOfAnEventAreOneRaise) {
  CacheInvalidator& invalidator = use(kUsers);
  put("user_1", "a", {"user:1"});
  const Revision before = invalidator.invalidate_all({.dry_run = true}).revision;
  const Emitted emitted = invalidator.emit("user_logout", {{"user_id", 1}});
  EXPECT_EQ(emitted.invalidated.count, 1u);  // once, though two targets hit it
  EXPECT_EQ(emitted.invalidated.revision, Revision{before.value + 1});
}

TEST_F(EmitTest, EverythingGoesWhenARuleSaysSo) {
  CacheInvalidator& invalidator = use(kUsers);
  put("user_1", "a");
  put("profiles", "b");
  EXPECT_EQ(invalidator.emit("reset").invalidated.count, 2u);
}

// Row B13.
TEST_F(EmitTest, AnEntityIsInvalidatedWithItsKeysTagsAndNamespaces) {
  CacheInvalidator& invalidator = use(kUsers);
  const auto fill = [&] {
    put("profiles", "user:42");
    put("profiles", "other", {"user:42"});
    put("user_42", "cart");
    put("profiles", "user:43");
  };
  fill();
  EXPECT_EQ(invalidator.invalidate_entity("user", 42, {.dry_run = true}).count, 3u);
  EXPECT_EQ(invalidator.invalidate_entity("user", 42).count, 3u);
  EXPECT_FALSE(has("profiles", "user:42"));
  EXPECT_TRUE(has("profiles", "user:43"));
  fill();
  EXPECT_EQ(invalidator.invalidate_entity("user", {{"id", "42"}}).count, 3u);
  fill();
  EXPECT_EQ(invalidator.emit("user_gone", {{"user_id", 42}}).invalidated.count, 3u);
}

TEST_F(EmitTest, AnEntityThatThereIsNotOrLacksAFieldChangesNothing) {
  CacheInvalidator& invalidator = use(kUsers);
  put("profiles", "user:42");
  try {
    invalidator.invalidate_entity("usr", 42);
    FAIL();
  } catch (const UnknownEntity& error) {
    EXPECT_STREQ(error.what(), "the policy has no entity \"usr\", did you mean \"user\"?");
  }
  EXPECT_THROW(invalidator.invalidate_entity("user", {{"name", "x"}}), InvalidName);
  EXPECT_THROW(invalidator.invalidate_entity("user", std::string(5000, 'x')), InvalidName);
  EXPECT_TRUE(has("profiles", "user:42"));
}

TEST_F(EmitTest, AFieldCannotWidenWhatIsHit) {
  CacheInvalidator& invalidator = use(kUsers);
  put("user_1", "a");
  put("user_2", "a");
  put("profiles", "user:1");
  put("profiles", "user:{user_id}");
  for (const char* value : {"*", "?", "", "1/../2", "{user_id}", "../profiles"}) {
    invalidator.emit("user_logout", {{"user_id", value}});
  }
  invalidator.emit("user_renamed", {{"user_id", "*"}});
  invalidator.emit("moved", {{"namespace", "profiles/user:1"}, {"key", "x"}});
  invalidator.emit("moved", {{"namespace", "*"}, {"key", "user:1"}});
  EXPECT_TRUE(has("user_1", "a"));
  EXPECT_TRUE(has("user_2", "a"));
  EXPECT_TRUE(has("profiles", "user:1"));
  EXPECT_EQ(invalidator.emit("user_renamed", {{"user_id", "{user_id}"}}).invalidated.count, 1u);
}

TEST_F(EmitTest, AMissingFieldIsCountedAndLoggedAndTheOtherActionsRun) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {profiles: {strategy: manual}}
events:
  changed:
    - invalidate_tag: "team:{team}"
    - invalidate_tag: "user:{id}"
)");
  put("profiles", "p", {"user:1"});
  const Emitted emitted = invalidator.emit("changed", {{"id", 1}});
  EXPECT_EQ(emitted.invalidated.count, 1u);
  EXPECT_EQ(emitted.failures, 1u);
  EXPECT_EQ(total(&NamespaceStatistics::rule_failures), 1u);
  EXPECT_THAT(log_->lines(),
              ElementsAre("rule 6:7 for event \"changed\": invalidate_tag \"team:{team}\" is left "
                          "out: the event has no field \"team\""));
}

TEST_F(EmitTest, ANameThatIsTooLongFailsAloneAndIsCounted) {
  CacheInvalidator& invalidator = use(kUsers);
  put("profiles", "q", {"user:" + std::string(1000, 'x')});
  const Emitted emitted = invalidator.emit("user_logout", {{"user_id", std::string(1000, 'x')}});
  EXPECT_EQ(emitted.failures, 1u);  // as a namespace it is too long, as a tag it is not
  EXPECT_EQ(emitted.invalidated.count, 1u);
  EXPECT_EQ(log_->count("rule 8:7 for event \"user_logout\": a namespace of 1005 bytes"), 1u);
}

TEST_F(EmitTest, ANameThatNobodyServesFailsAtItsOwnRule) {
  CacheInvalidator& invalidator = use(kUsers);
  EXPECT_EQ(invalidator.emit("moved", {{"namespace", "nowhere"}, {"key", "k"}}).failures, 1u);
  EXPECT_EQ(log_->count("rule 11:12 for event \"moved\": no block serves"), 1u);
}

TEST_F(EmitTest, AnEventThatNobodyTakesIsCountedAndLoggedOncePerName) {
  CacheInvalidator& invalidator = use(kUsers);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(invalidator.emit("user_logot"));
  EXPECT_EQ(total(&NamespaceStatistics::events), 3u);
  EXPECT_EQ(total(&NamespaceStatistics::events_unhandled), 3u);
  EXPECT_THAT(log_->lines(),
              ElementsAre("event \"user_logot\": no rule, strategy or handler takes it"));
}

TEST_F(EmitTest, AnEventNeedsAName) {
  CacheInvalidator& invalidator = use(kUsers);
  EXPECT_THROW(invalidator.emit(""), InvalidName);
  EXPECT_THROW(invalidator.emit(std::string(513, 'x')), InvalidName);
  EXPECT_EQ(total(&NamespaceStatistics::events), 0u);
}

// Row D1.
TEST_F(EmitTest, AHandlerInPlaceReadsWhatTheEventHasAlreadyInvalidated) {
  CacheInvalidator& invalidator = use(kUsers);
  put("user_1", "a");
  std::vector<bool> seen;
  std::vector<std::string> ids;
  const Connection handler = invalidator.register_event_handler("user_logout", [&](const Event& e) {
    seen.push_back(has("user_1", "a"));
    ids.emplace_back(*e.field("user_id"));
  });
  const Emitted emitted = invalidator.emit("user_logout", {{"user_id", 1}});
  EXPECT_EQ(emitted.handlers, 1u);
  EXPECT_THAT(seen, ElementsAre(false));
  EXPECT_THAT(ids, ElementsAre("1"));
}

TEST_F(EmitTest, HandlersInPlacePostedAndFailingAreIsolatedAndCounted) {
  CacheInvalidator& invalidator = use(kUsers);
  int in_place = 0;
  int posted = 0;
  const Connection bad = invalidator.register_event_handler(
      "user_logout", [](const Event&) { throw std::runtime_error("no"); });
  const Connection slow =
      invalidator.register_event_handler("user_logout", [&](const Event&) { clock_->advance(1s); });
  {
    const Connection a =
        invalidator.register_event_handler("user_logout", [&](const Event&) { ++in_place; });
    const Connection b = invalidator.register_event_handler(
        "user_logout", [&](const Event&) { ++posted; }, Delivery::posted);
    EXPECT_EQ(invalidator.emit("user_logout", {{"user_id", 1}}).handlers, 4u);
    executor_->run_ready();
  }
  EXPECT_EQ(invalidator.emit("user_logout", {{"user_id", 1}}).handlers, 2u);
  executor_->run_ready();
  EXPECT_EQ(in_place, 1);
  EXPECT_EQ(posted, 1);
  EXPECT_EQ(total(&NamespaceStatistics::handler_failures), 2u);
  EXPECT_EQ(total(&NamespaceStatistics::handlers_slow), 2u);
}

TEST_F(EmitTest, PostedHandlersBeyondTheQueueAreDroppedAndCounted) {
  CacheInvalidator& invalidator = use(kUsers);
  int posted = 0;
  const Connection handler = invalidator.register_event_handler(
      "tick", [&](const Event&) { ++posted; }, Delivery::posted);
  for (int i = 0; i < 10'005; ++i) invalidator.emit("tick");
  EXPECT_EQ(total(&NamespaceStatistics::events_dropped), 5u);
  executor_->run_ready();
  EXPECT_EQ(posted, 10'000);
}

constexpr std::string_view kDebounced = R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  product_updated:
    fields: [id, kind]
    when: [{field: kind, is: [price, stock]}, {field: id, is_not: "0"}]
    debounce: 200ms
    do: [{invalidate_key: {namespace: catalog, key: "product:{id}"}}]
)";

// Row D2.
TEST_F(EmitTest, ABurstOfAThousandEqualEventsWithinTheWindowInvalidatesOnce) {
  CacheInvalidator& invalidator = use(kDebounced);
  put("catalog", "product:1");
  for (int i = 0; i < 1000; ++i) {
    const Emitted emitted = invalidator.emit("product_updated", {{"id", 1}, {"kind", "price"}});
    ASSERT_EQ(emitted.deferred, 1u);
    ASSERT_EQ(emitted.invalidated.count, 0u);
  }
  EXPECT_TRUE(has("catalog", "product:1"));  // a debounce delays: that is what it is
  pass(199ms);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 0u);
  pass(1ms);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 1u);
  EXPECT_EQ(total(&NamespaceStatistics::debounced), 1000u);
  EXPECT_FALSE(has("catalog", "product:1"));
  pass(1h);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 1u);
}

TEST_F(EmitTest, ADebounceWaitsForQuietButNotBeyondItsBound) {
  CacheInvalidator& invalidator = use(kDebounced);
  const Event event("product_updated", {{"id", 1}, {"kind", "stock"}});
  for (int i = 0; i < 19; ++i) {
    invalidator.emit(event);
    pass(100ms);
  }
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 0u);
  invalidator.emit(event);
  pass(100ms);  // two seconds, ten times the quiet one
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 1u);
}

TEST_F(EmitTest, EventsThatHitOtherThingsWaitByThemselves) {
  CacheInvalidator& invalidator = use(kDebounced);
  for (int i = 0; i < 10; ++i) {
    invalidator.emit("product_updated", {{"id", i % 2 + 1}, {"kind", "price"}});
  }
  pass(200ms);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 2u);
}

TEST_F(EmitTest, ConditionsDecideWhetherARuleRuns) {
  CacheInvalidator& invalidator = use(kDebounced);
  EXPECT_EQ(invalidator.emit("product_updated", {{"id", 1}, {"kind", "name"}}).rules, 0u);
  EXPECT_EQ(invalidator.emit("product_updated", {{"id", 0}, {"kind", "price"}}).rules, 0u);
  EXPECT_EQ(invalidator.emit("product_updated", {{"id", 1}}).rules, 0u);
  EXPECT_EQ(invalidator.emit("product_updated", {{"id", 1}, {"kind", "price"}}).rules, 1u);
  EXPECT_EQ(total(&NamespaceStatistics::events_unhandled), 0u);
}

TEST_F(EmitTest, BeyondTheBoundOfWhatWaitsARuleRunsAtOnce) {
  CacheInvalidator& invalidator = use(kDebounced);
  put("catalog", "product:10001");
  for (int i = 1; i <= 10'001; ++i) {
    invalidator.emit("product_updated", {{"id", i}, {"kind", "price"}});
  }
  EXPECT_EQ(total(&NamespaceStatistics::debounce_overflows), 1u);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 1u);
  EXPECT_FALSE(has("catalog", "product:10001"));
}

TEST_F(EmitTest, NothingThatWaitsRunsOnceTheCacheIsClosedOrGone) {
  use(kDebounced).emit("product_updated", {{"id", 1}, {"kind", "price"}});
  invalidator_->close();
  pass(1s);
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_key), 0u);
  use(kDebounced).emit("product_updated", {{"id", 1}, {"kind", "price"}});
  invalidator_.reset();
  pass(1s);
}

TEST_F(EmitTest, ABatchIsOneRaiseForSeveralEvents) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  changed:
    batch: {at_most: 3, within: 1s}
    do: [{invalidate_tag: "product:{id}"}]
)");
  for (int i = 1; i <= 4; ++i) put("catalog", std::to_string(i), {"product:" + std::to_string(i)});
  const Revision before = invalidator.invalidate_all({.dry_run = true}).revision;
  for (int i = 1; i <= 4; ++i) invalidator.emit("changed", {{"id", i}});
  EXPECT_EQ(invalidator.invalidate_all({.dry_run = true}).revision, Revision{before.value + 1});
  EXPECT_FALSE(has("catalog", "3"));
  EXPECT_TRUE(has("catalog", "4"));
  pass(1s);
  EXPECT_FALSE(has("catalog", "4"));
  EXPECT_EQ(total(&NamespaceStatistics::invalidations_tag), 4u);
}

// Row D12.
TEST_F(EmitTest, AnEventWhoseRuleEmitsItselfStopsAtTheDepthLimitWithAnExplanation) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  loop: [{invalidate_tag: t}, {emit: {event: loop}}]
)");
  const Emitted emitted = invalidator.emit("loop");
  EXPECT_EQ(emitted.events, 9u);  // itself and eight below it
  EXPECT_EQ(total(&NamespaceStatistics::events_too_deep), 1u);
  EXPECT_THAT(log_->lines(),
              ElementsAre("event \"loop\" is stopped at the depth limit of 8: loop > loop > loop > "
                          "loop > loop > loop > loop > loop > loop > loop"));
}

TEST_F(EmitTest, ARuleThatKeepsItselfGoingThroughItsDebounceStopsToo) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  loop: {debounce: 1ms, do: [{emit: {event: loop}}]}
)");
  invalidator.emit("loop");
  for (int i = 0; i < 100; ++i) pass(1ms);
  EXPECT_EQ(total(&NamespaceStatistics::events), 9u);
  EXPECT_EQ(total(&NamespaceStatistics::events_too_deep), 1u);
}

TEST_F(EmitTest, HandlersThatEmitTheirOwnEventStopAtTheDepthLimit) {
  CacheInvalidator& invalidator = use(kUsers);
  int in_place = 0;
  int posted = 0;
  const Connection a = invalidator.register_event_handler("a", [&](const Event& event) {
    ++in_place;
    invalidator_->emit(event);
  });
  const Connection b = invalidator.register_event_handler(
      "b",
      [&](const Event& event) {
        ++posted;
        invalidator_->emit(event);
      },
      Delivery::posted);
  invalidator.emit("a");
  invalidator.emit("b");
  EXPECT_LT(executor_->run_ready(), 20u);
  EXPECT_EQ(in_place, 9);
  EXPECT_EQ(posted, 9);
  EXPECT_EQ(total(&NamespaceStatistics::events_too_deep), 2u);
  EXPECT_EQ(invalidator.emit("a").handlers, 1u);  // the thread's own chain is empty again
}

TEST_F(EmitTest, AnEventThatFansOutIsCutAtTheBoundOfOneEmit) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  fan: [{emit: {event: fan}}, {emit: {event: fan}}, {emit: {event: fan}}, {emit: {event: fan}}]
)");
  EXPECT_EQ(invalidator.emit("fan").events, 1000u);
  EXPECT_GT(total(&NamespaceStatistics::events_dropped), 0u);
}

TEST_F(EmitTest, AnEmitThatTakesTooLongGivesUpItsFurtherEvents) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  a: [{emit: {event: b}}]
)");
  const Connection slow =
      invalidator.register_event_handler("a", [&](const Event&) { clock_->advance(6s); });
  EXPECT_EQ(invalidator.emit("a").events, 1u);
  EXPECT_EQ(total(&NamespaceStatistics::events_dropped), 1u);
  EXPECT_EQ(log_->count("time is up"), 1u);
}

TEST_F(EmitTest, AnEmittedEventHasTheFieldsItWasGiven) {
  CacheInvalidator& invalidator = use(R"(
freshet: 1
namespaces: {catalog: {strategy: manual}}
events:
  stock: [{emit: {event: shelf, fields: {shelf: "s-{shelf}", fixed: x}}}]
)");
  std::vector<Event> seen;
  const Connection all =
      invalidator.register_event_handler([&](const Event& event) { seen.push_back(event); });
  invalidator.emit("stock", {{"shelf", "{7}"}});
  EXPECT_THAT(seen, ElementsAre(Event("stock", {{"shelf", "{7}"}}),
                                Event("shelf", {{"shelf", "s-{7}"}, {"fixed", "x"}})));
}

TEST_F(EmitTest, ListenersHearOfLoadsInvalidationsAndRemovals) {
  CacheInvalidator& invalidator = use(kUsers);
  std::vector<std::string> heard;
  const Connection loads = invalidator.on_notice(NoticeKind::loaded, [&](const CacheNotice& n) {
    heard.push_back("loaded " + n.name_space + '/' + n.key);
  });
  const Connection gone = invalidator.on_notice(NoticeKind::removed, [&](const CacheNotice& n) {
    heard.push_back("removed " + n.name_space + '/' + n.key + ' ' +
                    std::to_string(static_cast<int>(n.removal.value())));
  });
  const Connection stale = invalidator.on_notice(NoticeKind::invalidated, [&](const auto& n) {
    heard.push_back("invalidated " + n.name_space + '|' + n.key + '|' + n.tag + '|' + n.cause +
                    ' ' + std::to_string(n.count));
  });
  auto cache = invalidator.cache<std::string>("profiles");
  cache.get_or_load("user:1", [] { return std::string("v"); }, {.tags = {"user:1"}});
  EXPECT_THAT(heard, ElementsAre());
  executor_->run_ready();
  EXPECT_THAT(heard, ElementsAre("loaded profiles/user:1"));
  heard.clear();
  invalidator.invalidate("user:1", "profiles", {.cause = "import"});
  invalidator.emit("user_logout", {{"user_id", 1}});
  executor_->run_ready();
  EXPECT_THAT(heard, UnorderedElementsAre("removed profiles/user:1 0",
                                          "invalidated profiles|user:1||import 1",
                                          "invalidated user_1|||event user_logout 0",
                                          "invalidated ||user:1|event user_logout 0"));
}

}  // namespace
}  // namespace freshet
