// Bad input: what callers may bring and must not: names of every wrong kind, work without end, callbacks that misbehave.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "freshet/limits.hpp"
#include "support/cache_fixture.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing {
namespace {

using namespace std::string_literals;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  alpha: {strategy: manual}
  beta: {strategy: manual}
  small: {strategy: manual, capacity: {entries: 10}}
)";

class BadInputTest : public CacheFixture {
 protected:
  BadInputTest() { use(kPolicy); }
  Cache<std::string> alpha() { return invalidator_->cache<std::string>("alpha"); }
  static std::vector<std::string> many(std::string_view stem, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(std::string(stem) + std::to_string(i));
    return names;
  }
  template <class Call>
  void refuses(Call&& call, std::string_view what) {
    alpha().put("witness", "v", {.tags = {"t"}});
    EXPECT_THROW(call(), InvalidName) << what;
    EXPECT_TRUE(alpha().get("witness")) << what << ": nothing may have happened";
  }
};

TEST_F(BadInputTest, EmptyAndOverlongNamesAreRefusedAndChangeNothing) {
  for (const bool empty : {true, false}) {
    const auto bad = [&](std::size_t most) { return empty ? ""s : std::string(most + 1, 'x'); };
    auto cache = alpha();
    CacheInvalidator& all = *invalidator_;
    refuses([&] { cache.get(bad(kMaxKeyBytes)); }, "get");
    refuses([&] { cache.put(bad(kMaxKeyBytes), "v"); }, "put");
    refuses([&] { cache.lease(bad(kMaxKeyBytes)); }, "lease");
    refuses([&] { all.invalidate(bad(kMaxKeyBytes), "alpha"); }, "key");
    refuses([&] { cache.put("k", "v", {.tags = {bad(kMaxTagBytes)}}); }, "tag of a put");
    refuses([&] { all.invalidate_tag(bad(kMaxTagBytes)); }, "tag");
    refuses([&] { all.invalidate_tag_in(bad(kMaxTagBytes), "alpha"); }, "tag in");
    refuses([&] { all.invalidate_all_of({"t", bad(kMaxTagBytes)}); }, "all of");
    refuses([&] { all.tag("witness", "alpha", {bad(kMaxTagBytes)}); }, "added tag");
    refuses([&] { cache.put("k", "v", {.depends_on = {bad(kMaxResourceBytes)}}); }, "resource");
    refuses([&] { all.add_dependency("witness", "alpha", bad(kMaxResourceBytes)); }, "added");
    refuses([&] { all.invalidate_dependents(bad(kMaxResourceBytes)); }, "dependents");
    refuses([&] { all.invalidate_prefix(bad(kMaxKeyBytes), "alpha"); }, "prefix");
    refuses([&] { all.invalidate_matching(bad(kMaxPatternBytes), "alpha"); }, "pattern");
    refuses([&] { all.invalidate_version(bad(kMaxVersionBytes), "v1"); }, "dependency");
    refuses([&] { cache.put("k", "v", {.versions = {{bad(kMaxVersionBytes), "1"}}}); }, "pin");
    refuses([&] { all.cache<std::string>(bad(kMaxNamespaceBytes)); }, "namespace");
    refuses([&] { all.invalidate_namespace(bad(kMaxNamespaceBytes)); }, "namespace");
  }
  refuses([&] { invalidator_->invalidate_all_of({}); }, "all of nothing");
  refuses([&] { invalidator_->invalidate_all_of(many("t", kMaxAllOfTags + 1)); }, "too many");
  refuses([&] { invalidator_->invalidate_prefix(":", "alpha"); }, "a separator by itself");
}

TEST_F(BadInputTest, NoOtherCallTakesThemEither) {
  for (const bool empty : {true, false}) {
    const auto bad = [&](std::size_t most) { return empty ? ""s : std::string(most + 1, 'x'); };
    auto cache = alpha();
    CacheInvalidator& all = *invalidator_;
    const std::string key = bad(kMaxKeyBytes);
    const auto load = [] { return "v"s; };
    const std::vector<std::string> keys{"good", key};
    const auto load_many = [](std::span<const std::string_view> missing) {
      return std::vector<std::optional<std::string>>(missing.size(), "v");
    };
    refuses([&] { cache.contains(key); }, "contains");
    refuses([&] { cache.visit(key, [](const std::string&) {}); }, "visit");
    refuses([&] { cache.get_or_load(key, load); }, "get_or_load");
    refuses([&] { cache.get_many(keys); }, "get_many");
    refuses([&] { cache.get_many(keys, load_many); }, "get_many with a loader");
    EXPECT_FALSE(cache.contains("good"));
    refuses([&] { cache.invalidate(key); }, "a view's key");
    refuses([&] { cache.scoped(key); }, "scope");
    refuses([&] { all.tag(key, "alpha", {"t"}); }, "key of an added tag");
    refuses([&] { all.add_dependency(key, "alpha", "r"); }, "key of an added dependency");
    refuses([&] { all.invalidate_dependents_of_key(key, "alpha"); }, "dependents of a key");
    refuses([&] { all.bump_version(bad(kMaxVersionBytes)); }, "bump");
  }
  const std::string long_version(kMaxVersionBytes + 1, 'x');
  refuses([&] { alpha().at_version(long_version); }, "the version of a view");
  refuses([&] { invalidator_->set_policy_version("alpha", long_version); }, "policy version");
  refuses([&] { alpha().scoped("a:b"); }, "a scope with a separator");
  refuses([&] { alpha().scoped("s").get(std::string(kMaxKeyBytes - 1, 'x')); }, "with its scope");
}

TEST_F(BadInputTest, NamesAsLongAsTheyMayBeWork) {
  const std::string key(kMaxKeyBytes, 'x'), tag(kMaxTagBytes, 'x'),
      resource(kMaxResourceBytes, 'x'), version(kMaxVersionBytes, 'x'),
      other_version(kMaxVersionBytes, 'y');
  std::string pattern(kMaxPatternBytes, 'x');
  pattern.back() = '*';
  const EntryOptions options{
      .tags = {tag}, .depends_on = {resource}, .versions = {{version, version}}};
  const std::vector<std::function<Invalidated()>> calls{
      [&] { return invalidator_->invalidate(key, "alpha"); },
      [&] { return invalidator_->invalidate_tag(tag); },
      [&] { return invalidator_->invalidate_dependents(resource); },
      [&] { return invalidator_->invalidate_prefix(key, "alpha"); },
      [&] { return invalidator_->invalidate_matching(pattern, "alpha"); },
      [&] { return invalidator_->invalidate_version(version, other_version); }};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    ASSERT_TRUE(is_stored(alpha().put(key, "v", options))) << i;
    EXPECT_EQ(calls[i]().count, 1u) << i;
    EXPECT_FALSE(alpha().contains(key)) << i;
  }
}

TEST_F(BadInputTest, WhatALoaderNamesWronglyReachesItsCallerAndNothingIsKept) {
  const std::vector<std::function<void(LoadContext&)>> names{
      [](LoadContext& load) { load.tag(""); },
      [](LoadContext& load) { load.tag("good").tag(std::string(kMaxTagBytes + 1, 'x')); },
      [](LoadContext& load) { load.depends_on(""); },
      [](LoadContext& load) { load.depends_on(std::string(kMaxResourceBytes + 1, 'x')); },
      [](LoadContext& load) { load.version("", "v"); },
      [](LoadContext& load) { load.version("\0alpha"s, "v"); },
      [](LoadContext& load) { load.version("d", std::string(kMaxVersionBytes + 1, 'x')); }};
  for (const auto& name : names) {
    const auto load = [&](LoadContext& context) {
      name(context);
      return "v"s;
    };
    refuses([&] { alpha().get_or_load("k", load); }, "what a loader names");
    EXPECT_FALSE(alpha().contains("k"));
  }
  EXPECT_EQ(*alpha().get_or_load("k", [] { return "v"s; }), "v") << "no load is left behind";
}

// A tag that is no text is the broadest there is, so the statistics name it.
TEST_F(BadInputTest, NamesThatAreNoTextLeaveReportsReadable) {
  const std::string odd = "\xff\xfe\"\n\0"s;
  alpha().put(odd, "v", {.tags = {odd}, .depends_on = {odd}});
  invalidator_->invalidate_tag(odd, {.dry_run = true, .list = 10});
  EXPECT_TRUE(nlohmann::json::accept(invalidator_->stats().json()));
  EXPECT_TRUE(nlohmann::json::accept(invalidator_->inspect().json()));
  EXPECT_FALSE(fmt::format("{}", invalidator_->stats()).empty());
  const Invalidated gone = invalidator_->invalidate_dependents(odd, {.list = 10});
  ASSERT_EQ(gone.entries.size(), 1u);
  EXPECT_EQ(gone.entries[0].key, odd);
}

TEST_F(BadInputTest, NamesAreBytes) {
  const std::string odd = "\xff\xfe\0\n%s*[\xc3"s;
  alpha().put(odd, "v", {.tags = {odd}, .depends_on = {odd + "r"}, .versions = {{odd, odd}}});
  EXPECT_TRUE(alpha().get(odd));
  EXPECT_EQ(invalidator_->invalidate_tag(odd).count, 1u);
  alpha().put(odd, "v", {.depends_on = {odd + "r"}});
  EXPECT_EQ(invalidator_->invalidate_dependents(odd + "r").count, 1u);
  alpha().put(odd, "v", {.versions = {{odd, odd}}});
  EXPECT_EQ(invalidator_->invalidate_version(odd, odd + "2").count, 1u);
  alpha().put(odd, "v");
  EXPECT_EQ(invalidator_->invalidate_prefix(odd, "alpha").count, 1u);
  alpha().put(odd, "v");
  EXPECT_EQ(invalidator_->invalidate_matching("\xff*", "alpha").count, 1u);
}

TEST_F(BadInputTest, PatternsThatDoNotEndAreRefused) {
  for (const char* pattern : {"[", "a[b", "[!", "[]", "a\\"})
    refuses([&] { invalidator_->invalidate_matching(pattern, "alpha"); }, pattern);
}

TEST_F(BadInputTest, APatternMadeToTakeForeverEnds) {
  std::string pattern;
  while (pattern.size() + 3 < kMaxPatternBytes) pattern += "*a";
  pattern += "*b";
  for (int i = 0; i < 20; ++i)
    alpha().put(std::string(kMaxKeyBytes - 2, 'a') + std::to_string(i + 10), "v");
  alpha().put(std::string(kMaxKeyBytes - 1, 'a') + "b", "v");
  EXPECT_EQ(invalidator_->invalidate_matching(pattern, "alpha").count, 1u);
}

TEST_F(BadInputTest, TenThousandTagsFollowTheRuleOfTheBlock) {
  for (const LabelOverflow rule :
       {LabelOverflow::collapse, LabelOverflow::reject, LabelOverflow::ttl_only}) {
    Components components;
    components.clock = clock_;
    components.executor = executor_;
    const BlockOptions block{.labels = {.overflow = rule}};
    CacheInvalidator invalidator = CacheInvalidator::builder()
                                       .cache("manual", ManualOptions{}, block)
                                       .cache("timed", TtlOptions{.ttl = 1h}, block)
                                       .components(components)
                                       .build();
    auto manual = invalidator.cache<std::string>("manual");
    auto timed = invalidator.cache<std::string>("timed");
    const EntryOptions options{.tags = many("t", 10'000)};
    const StoreOutcome untimed = manual.put("k", "v", options);
    const StoreOutcome with_time = timed.put("k", "v", options);
    EXPECT_EQ(is_stored(untimed), rule == LabelOverflow::collapse);
    EXPECT_EQ(is_stored(with_time), rule != LabelOverflow::reject);
    EXPECT_LE(invalidator.stats().total.tags, 128u);
    EXPECT_EQ(invalidator.stats().total.labels_overflowed, 2u);
    invalidator.invalidate_tag("t9999");
    EXPECT_FALSE(manual.get("k"));
    EXPECT_EQ(static_cast<bool>(timed.get("k")), rule == LabelOverflow::ttl_only);
    invalidator.invalidate_tag("t0");
    EXPECT_FALSE(timed.get("k"));
    audit(invalidator);
  }
}

TEST_F(BadInputTest, TenThousandTagsThatALoaderNamesCollapseToo) {
  const auto load = [&](LoadContext& context) {
    for (const std::string& tag : many("t", 10'000)) context.tag(tag);
    return "v"s;
  };
  alpha().get_or_load("k", load);
  EXPECT_TRUE(alpha().contains("k"));
  EXPECT_LE(invalidator_->stats().total.tags, 128u);
  EXPECT_EQ(invalidator_->stats().total.labels_overflowed, 1u);
  EXPECT_EQ(invalidator_->invalidate_tag("t9999").count, 1u);
  EXPECT_FALSE(alpha().contains("k"));
}

TEST_F(BadInputTest, AnEntryThatIsToldLaterThatItDependsOnItselfIsAnEntry) {
  alpha().put("self", "v");
  EXPECT_TRUE(invalidator_->add_dependency("self", "alpha", "self"));
  EXPECT_TRUE(invalidator_->add_dependency("self", "alpha", "alpha/self"));
  EXPECT_TRUE(alpha().get("self"));
  alpha().put("self", "w", {.depends_on = {"self"}});
  EXPECT_TRUE(invalidator_->add_dependency("self", "alpha", "self"));
  EXPECT_TRUE(alpha().get("self")) << "its own put does not take it";
  EXPECT_EQ(invalidator_->invalidate("self", "alpha").count, 1u);
}

TEST_F(BadInputTest, AnEntryThatDependsOnItselfIsAnEntry) {
  alpha().put("self", "v", {.depends_on = {"self", "alpha/self"}});
  EXPECT_TRUE(alpha().get("self"));
  EXPECT_EQ(invalidator_->invalidate_dependents("self").count, 1u);
  EXPECT_FALSE(alpha().get("self"));
  alpha().put("self", "v", {.depends_on = {"self"}});
  EXPECT_EQ(invalidator_->invalidate("self", "alpha").count, 1u);
}

// From the top down each put walks nothing, so nothing stops the chain from growing beyond any walk and any stack.
TEST_F(BadInputTest, AChainOfDependenciesDeeperThanAnyStackIsStaleAndIsLetGoOf) {
  constexpr int kDepth = kThreadSanitizer ? 20'000 : 200'000;
  auto small = invalidator_->cache<std::string>("small");
  small.put("n0", "v", {.depends_on = {"n1"}});
  Handle<std::string> top = small.get("n0");  // holds the labels when its entry is evicted
  for (int i = 1; i < kDepth; ++i)
    small.put("n" + std::to_string(i), "v", {.depends_on = {"n" + std::to_string(i + 1)}});
  EXPECT_GE(EngineAccess::freshness(*invalidator_).graph().size(), kDepth - 1u);
  EXPECT_FALSE(is_stored(small.put("above", "v", {.depends_on = {"n1"}})));
  EXPECT_GE(invalidator_->stats().total.walks_stopped, 1u);
  top = {};
  invalidator_->invalidate_all();
  invalidator_->settle();
  EXPECT_EQ(EngineAccess::freshness(*invalidator_).graph().size(), 0u);
  EXPECT_EQ(invalidator_->stats().total.resources, 0u);
}

TEST_F(BadInputTest, APredicateThatThrowsEndsTheCallAndInvalidatesNothing) {
  alpha().put("a", "v");
  alpha().put("b", "v");
  int asked = 0;
  EXPECT_THROW(invalidator_->invalidate_if("alpha",
                                           [&](const EntryDescription&) -> bool {
                                             if (++asked == 2) throw std::runtime_error("no");
                                             return true;
                                           }),
               std::runtime_error);
  EXPECT_TRUE(alpha().get("a"));
  EXPECT_TRUE(alpha().get("b"));
}

TEST_F(BadInputTest, APredicateMayCallTheCache) {
  alpha().put("a", "v");
  const Invalidated gone = invalidator_->invalidate_if("alpha", [&](const EntryDescription& entry) {
    alpha().put("from the predicate", "v");
    invalidator_->invalidate_tag("t");
    invalidator_->settle();
    return entry.key == "a";
  });
  EXPECT_EQ(gone.count, 1u);
  EXPECT_TRUE(alpha().get("from the predicate"));
}

TEST_F(BadInputTest, APredicateMayInvalidateByAPredicateAndLoadWhatItIsAskedAbout) {
  alpha().put("a", "v");
  alpha().put("b", "v");
  bool asked_before = false;
  const Invalidated gone = invalidator_->invalidate_if("alpha", [&](const EntryDescription& entry) {
    if (std::exchange(asked_before, true)) return true;
    const std::string key(entry.key);
    invalidator_->invalidate_if("alpha",
                                [&](const EntryDescription& one) { return one.key == key; });
    alpha().get_or_load(key, [] { return "loaded by the predicate"s; });
    return true;
  });
  EXPECT_LE(gone.count, 2u);
  EXPECT_FALSE(alpha().contains("b") && alpha().contains("a"));
}

// It is asked about what was there; what it puts itself came after.
TEST_F(BadInputTest, WhatAPredicateStoresUnderTheKeyItIsAskedAboutStays) {
  alpha().put("a", "old");
  invalidator_->invalidate_if("alpha", [&](const EntryDescription&) {
    alpha().put("a", "new");
    return true;
  });
  ASSERT_TRUE(alpha().get("a"));
  EXPECT_EQ(*alpha().get("a"), "new");
}

TEST_F(BadInputTest, AListenerMayCloseTheCache) {
  int told = 0;
  const Connection closes =
      alpha().on_removal([&](std::string_view, const std::string&, RemovalCause) {
        ++told;
        invalidator_->close();
      });
  alpha().put("a", "v");
  alpha().put("b", "v");
  alpha().invalidate("a");
  executor_->run_ready();
  EXPECT_GE(told, 1);
  EXPECT_FALSE(alpha().get("b"));
}

TEST_F(BadInputTest, ANoticeHandlerMayThrowOrCallTheCache) {
  int told = 0;
  const Connection bad = invalidator_->on_notice(
      NoticeKind::invalidated, [](const CacheNotice&) { throw std::runtime_error("no"); });
  const Connection busy = invalidator_->on_notice(NoticeKind::invalidated, [&](const CacheNotice&) {
    if (++told < 3) invalidator_->invalidate_tag("again");
    alpha().put("from the handler", "v");
  });
  invalidator_->invalidate_tag("t");
  executor_->run_ready();
  EXPECT_EQ(told, 3);
  EXPECT_EQ(invalidator_->stats().total.handler_failures, 3u);
  EXPECT_TRUE(alpha().get("from the handler"));
}

TEST_F(BadInputTest, AVersionThatIsNoneIsRefusedOrIsOneOfItsOwn) {
  CacheInvalidator& all = *invalidator_;
  refuses([&] { all.invalidate_version("d", std::string(kMaxVersionBytes + 1, 'v')); }, "long");
  refuses([&] { all.invalidate_version("\0alpha"s, "v"); }, "the name of a policy version");
  all.invalidate_version("d", "v\0001"s);
  alpha().put("k", "v", {.versions = {{"d", "v\0001"s}}});
  EXPECT_TRUE(alpha().get("k"));
  EXPECT_EQ(alpha().put("l", "v", {.versions = {{"d", "v"}}}), StoreOutcome::refused_version);
  EXPECT_EQ(all.invalidate_version("d", "v\0002"s).count, 1u);
  alpha().put("k", "v", {.versions = {{"d"}}});
  EXPECT_EQ(all.invalidate_version("d", "").count, 1u) << "no hash: one never seen before";
}

TEST_F(BadInputTest, ALeaseThatIsNeverReturnedHoldsUpNothing) {
  const Lease lease = alpha().lease("k");
  EXPECT_EQ(*alpha().get_or_load("k", [] { return "v"s; }), "v");
  alpha().put("k", "w");
  invalidator_->invalidate_prefix("k", "alpha");
  invalidator_->settle();
  EXPECT_EQ(invalidator_->stats().total.bans, 0u);
  EXPECT_EQ(alpha().put("k", "old", lease), StoreOutcome::refused_key_changed);
}

TEST_F(BadInputTest, ALeaseThatOutlivesItsCacheIsLetGoOf) {
  std::optional<Lease> lease = alpha().lease("k");
  use(kPolicy);  // the cache that gave it is gone
  EXPECT_THROW(alpha().put("k", "v", *lease), InvalidName) << "it is of another cache's namespace";
  lease.reset();
}

TEST_F(BadInputTest, LeasesThatAreNeverReturnedLeaveNothingBehind) {
  for (int i = 0; i < 10'000; ++i) alpha().lease("k" + std::to_string(i));
  const NamespaceStatistics total = invalidator_->stats().total;
  EXPECT_EQ(total.entries + total.tags + total.resources + total.bans, 0u);
}

TEST_F(BadInputTest, ALeaseFromBeforeARetiredBanIsRefused) {
  const Lease lease = alpha().lease("user:1");
  invalidator_->invalidate_prefix("user", "alpha");
  invalidator_->settle();
  ASSERT_EQ(invalidator_->stats().total.bans, 0u);
  EXPECT_EQ(alpha().put("user:1", "old", lease), StoreOutcome::refused_invalidated);
  EXPECT_EQ(alpha().put("user:1", "new", alpha().lease("user:1")), StoreOutcome::stored);
}

TEST_F(BadInputTest, WhatIsAddedToAKeyThatIsNotThereIsNotKept) {
  EXPECT_FALSE(invalidator_->add_dependency("absent", "alpha", "r"));
  EXPECT_FALSE(invalidator_->tag("absent", "alpha", {"t"}));
  EXPECT_EQ(invalidator_->stats().total.resources, 0u);
  EXPECT_EQ(invalidator_->stats().total.tags, 0u);
}

TEST_F(BadInputTest, OneBadTargetOfEachKindStopsNoneOfTheOthers) {
  alpha().put("a", "v");
  alpha().put("b", "v", {.tags = {"t"}});
  const std::vector<Target> targets{Target::key("", "alpha"),
                                    Target::key("a", "nowhere"),
                                    Target::tag(""),
                                    Target::tag_in("t", "nowhere"),
                                    Target::name_space("nowhere"),
                                    Target::all_of({}),
                                    Target::all_of({"t"}, "nowhere"),
                                    Target::dependents(""),
                                    Target::dependents_of_key("a", ""),
                                    Target::prefix("", "alpha"),
                                    Target::prefix("a", "nowhere"),
                                    Target::matching("[", "alpha"),
                                    Target::matching("*", "nowhere"),
                                    Target::version("", "v"),
                                    Target::new_version(""),
                                    Target::policy_version("nowhere", "v"),
                                    Target::key("a", "alpha"),
                                    Target::tag("t")};
  const InvalidatedMany gone = invalidator_->invalidate_many(targets);
  for (std::size_t i = 0; i + 2 < targets.size(); ++i) {
    if (targets[i].kind == Target::Kind::dependents && targets[i].name == "a") continue;
    EXPECT_FALSE(gone.targets[i].error.empty()) << i;
    EXPECT_EQ(gone.targets[i].count, 0u) << i;
  }
  EXPECT_EQ(gone.total.count, 2u);
  EXPECT_FALSE(alpha().get("a"));
  EXPECT_FALSE(alpha().get("b"));
}

}  // namespace
}  // namespace freshet::testing
