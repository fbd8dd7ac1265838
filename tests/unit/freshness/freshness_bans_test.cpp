// Freshness as a whole, where labels, edges, bans and versions meet: what is widened, retired, collected, forgotten.
#include <gtest/gtest.h>

#include <array>

#include "freshness/freshness.hpp"
#include "support/labelled_carrier.hpp"
#include "support/pause_point.hpp"

namespace freshet::detail {
namespace {

class FreshnessBansTest : public ::testing::Test {
 protected:
  LabelRef tag(std::string_view text) { return freshness_.pin(LabelKind::tag, text); }
  LabelRef resource(std::string_view text) { return freshness_.pin(LabelKind::resource, text); }
  LabelRef key(std::string_view text) { return freshness_.pin_key(space_, text); }
  std::unique_ptr<LabelledCarrier> born_now(std::vector<LabelRef> labels) {
    labels.insert(labels.begin(), space_);
    return std::make_unique<LabelledCarrier>(freshness_.revision(), std::move(labels));
  }
  Revision ban(Ban::Kind kind, std::string_view text, Mode mode = Mode::remove) {
    const Ban one{.kind = kind, .space = space_, .text = std::string(text)};
    return freshness_.raise(RaiseSet{.bans = {one}}, mode);
  }
  Revision raise(LabelKind kind, std::string_view text, Mode mode = Mode::remove) {
    return freshness_.raise(std::array{LabelName(kind, text)}, mode);
  }
  Verdict judge(Carrier& carrier, std::string_view name = "k") {
    return freshness_.judge(carrier, name);
  }

  Freshness freshness_{1024, 3};
  LabelRef space_ = freshness_.pin(LabelKind::name_space, "space");
};

TEST_F(FreshnessBansTest, TooManyPatternsBecomeTheNamespace) {
  const auto entry = born_now({});
  for (std::size_t i = 0; i < BanList::kMaxGlobs; ++i)
    ban(Ban::Kind::glob, "g" + std::to_string(i));
  EXPECT_EQ(judge(*entry), Verdict::fresh);
  EXPECT_EQ(freshness_.bans_widened(), 0u);
  ban(Ban::Kind::glob, "one more");
  EXPECT_EQ(freshness_.bans_widened(), 1u);
  EXPECT_EQ(judge(*entry), Verdict::removed);
  EXPECT_EQ(freshness_.bans().size(), 0u) << "the namespace covers them";
}

// An expiry must not turn what the bans removed into something that may be served.
TEST_F(FreshnessBansTest, TooManyPatternsThatExpireLeaveWhatWasRemovedRemoved) {
  const auto removed = born_now({});
  const auto expired = born_now({});
  for (std::size_t i = 0; i < BanList::kMaxGlobs; ++i)
    ban(Ban::Kind::glob, "g" + std::to_string(i));
  ban(Ban::Kind::glob, "one more", Mode::expire);
  EXPECT_EQ(judge(*expired, "k"), Verdict::expired);
  EXPECT_EQ(judge(*removed, "g1"), Verdict::removed);
}

TEST_F(FreshnessBansTest, TooManyAllOfsBecomeTheirFirstTag) {
  const auto entry = born_now({tag("a")});
  const auto other = born_now({tag("b")});
  for (std::size_t i = 0; i <= BanList::kMaxAllOf; ++i) {
    const Ban one{
        .kind = Ban::Kind::all_of, .space = {}, .tags = {tag("a"), tag("t" + std::to_string(i))}};
    freshness_.raise(RaiseSet{.bans = {one}}, Mode::remove);
  }
  EXPECT_EQ(freshness_.bans_widened(), 1u);
  EXPECT_EQ(judge(*entry), Verdict::removed);
  EXPECT_EQ(judge(*other), Verdict::fresh);
}

// Found by the model of bans: a judgement looked at the namespace before it was raised, and at the bans when that had them
// forgotten.
TEST_F(FreshnessBansTest, ABanIsNotMissedByWhoIsLookingWhileOneTooManyBecomesTheNamespace) {
  const auto entry = born_now({});
  for (std::size_t i = 0; i < BanList::kMaxGlobs; ++i)
    ban(Ban::Kind::glob, "g" + std::to_string(i));
  testing::PausePoint pause("judged_half", [&] { ban(Ban::Kind::glob, "one more"); });
  EXPECT_EQ(judge(*entry, "g1"), Verdict::removed);
  ASSERT_TRUE(pause.reached());
}

TEST_F(FreshnessBansTest, ABanIsNotMissedByALoadThatIsJudgedWhileOneTooManyBecomesTheNamespace) {
  const Revision birth = freshness_.revision();
  for (std::size_t i = 0; i < BanList::kMaxGlobs; ++i)
    ban(Ban::Kind::glob, "g" + std::to_string(i));
  testing::PausePoint pause("judged_half", [&] { ban(Ban::Kind::glob, "one more"); });
  EXPECT_EQ(freshness_.judge_load(birth, std::array{space_}, "g1"), Verdict::removed);
  ASSERT_TRUE(pause.reached());
}

TEST_F(FreshnessBansTest,
       ABanOfAKeyIsNotMissedByWhatDependsOnItWhileOneTooManyBecomesTheNamespace) {
  const LabelRef other = freshness_.pin(LabelKind::name_space, "other");
  LabelledCarrier entry(freshness_.revision(), {other, key("g1")});
  for (std::size_t i = 0; i < BanList::kMaxGlobs; ++i)
    ban(Ban::Kind::glob, "g" + std::to_string(i));
  testing::PausePoint pause("judged_key_half", [&] { ban(Ban::Kind::glob, "one more"); });
  EXPECT_EQ(judge(entry), Verdict::removed);
  ASSERT_TRUE(pause.reached());
}

// The same of edges: the key is removed, then its old edges are dropped.
TEST_F(FreshnessBansTest, ADependencyIsNotMissedByWhoIsLookingWhileTooManyOldOnesAreForgotten) {
  const LabelRef child = key("child");
  const LabelRef first = resource("first");
  freshness_.relate(child, std::array{first}, freshness_.revision());
  for (std::size_t i = 0; i < LabelGraph::kMaxLostEdges; ++i)
    freshness_.relate(child, std::array{resource("r" + std::to_string(i))}, freshness_.revision());
  const auto entry = born_now({child});  // what was lost so far has expired older ones
  raise(LabelKind::resource, "first");
  testing::PausePoint pause("judged_label_half", [&] {
    freshness_.relate(child, std::array{resource("last")}, freshness_.revision());
  });
  EXPECT_EQ(judge(*entry), Verdict::removed);
  ASSERT_TRUE(pause.reached());
}

TEST_F(FreshnessBansTest, ARetiredBanLeavesAFloorForLoads) {
  const Revision before = freshness_.revision();
  const Revision at = ban(Ban::Kind::prefix, "a");
  EXPECT_EQ(freshness_.retire_bans([&](const Label*, Revision) { return true; }), 1u);
  EXPECT_EQ(freshness_.judge_load(before, std::array{space_}, "b"), Verdict::removed);
  EXPECT_EQ(freshness_.judge_load(at, std::array{space_}, "a"), Verdict::fresh);
  EXPECT_TRUE(freshness_.is_below_load_floor(LabelledCarrier(before, {space_})));
  EXPECT_FALSE(freshness_.is_below_load_floor(LabelledCarrier(at, {space_})));
}

TEST_F(FreshnessBansTest, ABanOfEveryNamespaceLeavesItsFloorForAll) {
  const Revision before = freshness_.revision();
  const Ban one{.kind = Ban::Kind::all_of, .space = {}, .tags = {tag("a"), tag("b")}};
  freshness_.raise(RaiseSet{.bans = {one}}, Mode::remove);
  freshness_.retire_bans([](const Label* space, Revision) { return space == nullptr; });
  const LabelRef other = freshness_.pin(LabelKind::name_space, "other");
  EXPECT_TRUE(freshness_.is_below_load_floor(LabelledCarrier(before, {other})));
}

TEST_F(FreshnessBansTest, AFloorOutlivesTheLabelOfItsNamespace) {
  const Revision before = freshness_.revision();
  ban(Ban::Kind::prefix, "a");
  freshness_.retire_bans([](const Label*, Revision) { return true; });
  space_ = {};
  space_ = freshness_.pin(LabelKind::name_space, "space");
  EXPECT_EQ(freshness_.judge_load(before, std::array{space_}, "k"), Verdict::removed);
}

TEST_F(FreshnessBansTest, AFloorCountsForWhatDependsOnAKeyOfItsNamespace) {
  const LabelRef other = freshness_.pin(LabelKind::name_space, "other");
  const LabelRef direct = key("part");
  const LabelRef through = key("middle");
  const Revision before = freshness_.revision();
  freshness_.relate(through, std::array{direct}, before);
  ban(Ban::Kind::prefix, "part");
  freshness_.retire_bans([](const Label*, Revision) { return true; });
  EXPECT_TRUE(freshness_.is_below_load_floor(LabelledCarrier(before, {other, direct})));
  EXPECT_TRUE(freshness_.is_below_load_floor(LabelledCarrier(before, {other, through})));
  EXPECT_FALSE(freshness_.is_below_load_floor(LabelledCarrier(before, {other})));
  EXPECT_FALSE(
      freshness_.is_below_load_floor(LabelledCarrier(freshness_.revision(), {other, through})));
}

TEST_F(FreshnessBansTest, WhatDependsOnAKeyGoesWithItsNamespaceAndWithBansOnIt) {
  const LabelRef other = freshness_.pin(LabelKind::name_space, "other");
  const auto dependent = [&] {
    return std::make_unique<LabelledCarrier>(freshness_.revision(), std::vector{other, key("a:1")});
  };
  const auto first = dependent();
  EXPECT_EQ(judge(*first), Verdict::fresh);
  raise(LabelKind::name_space, "space");
  EXPECT_EQ(judge(*first), Verdict::removed);
  const auto second = dependent();
  ban(Ban::Kind::prefix, "b");
  EXPECT_EQ(judge(*second), Verdict::fresh);
  ban(Ban::Kind::prefix, "a");
  EXPECT_EQ(judge(*second), Verdict::removed);
  const auto third = dependent();
  ban(Ban::Kind::glob, "*:1", Mode::expire);
  EXPECT_EQ(judge(*third), Verdict::expired);
}

// What a ban did to an entry is remembered by the entry when the ban is gone.
TEST_F(FreshnessBansTest, AnEntryThatABanExpiredStaysExpired) {
  const auto entry = born_now({});
  ban(Ban::Kind::prefix, "k", Mode::expire);
  EXPECT_EQ(judge(*entry), Verdict::expired);
  freshness_.retire_bans([](const Label*, Revision) { return true; });
  EXPECT_EQ(judge(*entry), Verdict::expired);
  tag("x");
  const LabelRef live = tag("x");
  raise(LabelKind::tag, "x");
  EXPECT_EQ(judge(*entry), Verdict::expired);
}

TEST_F(FreshnessBansTest, AKeysDependenciesAreThoseOfWhoDependsOnIt) {
  const LabelRef hub = key("hub");
  const auto dependent = born_now({hub});
  freshness_.relate(hub, std::array{space_, tag("t"), resource("r")}, freshness_.revision());
  raise(LabelKind::tag, "t");
  EXPECT_EQ(judge(*dependent), Verdict::fresh) << "a tag of the hub is no dependency";
  raise(LabelKind::resource, "r");
  EXPECT_EQ(judge(*dependent), Verdict::removed);
}

TEST_F(FreshnessBansTest, ADependencyThatIsLostExpiresWhoDependsOnTheKey) {
  const LabelRef hub = key("hub");
  freshness_.relate(hub, std::array{resource("r")}, freshness_.revision());
  const auto dependent = born_now({hub});
  freshness_.relate(hub, std::array{resource("r"), resource("s")}, freshness_.revision());
  EXPECT_EQ(judge(*dependent), Verdict::fresh) << "a gain takes nothing";
  freshness_.relate(hub, std::array{resource("s")}, freshness_.revision());
  EXPECT_EQ(judge(*dependent), Verdict::expired);
}

TEST_F(FreshnessBansTest, TooManyLostDependenciesRemoveWhoDependsOnTheKeyAndAreForgotten) {
  const LabelRef hub = key("hub");
  const auto dependent = born_now({hub});
  for (std::size_t i = 0; i < LabelGraph::kMaxLostEdges + 2; ++i)
    freshness_.relate(hub, std::array{resource("r" + std::to_string(i))}, freshness_.revision());
  EXPECT_EQ(judge(*dependent), Verdict::removed);
  EXPECT_EQ(freshness_.live_labels(LabelKind::resource), 1u);
}

TEST_F(FreshnessBansTest, CyclesAndPairsThatNobodyCarriesAreTidiedAway) {
  {
    const LabelRef a = key("a");
    const LabelRef b = key("b");
    freshness_.relate(a, std::array{b}, freshness_.revision());
    freshness_.relate(b, std::array{a}, freshness_.revision());
    freshness_.versions().pin("prompt", "v1");
  }
  EXPECT_EQ(freshness_.live_labels(LabelKind::key), 2u);
  EXPECT_EQ(freshness_.live_labels(LabelKind::version), 1u);
  freshness_.tidy();
  EXPECT_EQ(freshness_.live_labels(), 1u) << "the namespace";
  EXPECT_EQ(freshness_.versions().size(), 0u);
}

// Two calls may set the same version at once: the second changes nothing.
TEST_F(FreshnessBansTest, TheSameVersionAgainRefusesNoLoad) {
  const RaiseSet version{.versions = {{"prompt", "v1"}}};
  freshness_.raise(version, Mode::remove);
  const Revision birth = freshness_.revision();
  freshness_.raise(version, Mode::remove);
  LabelledCarrier late(birth, {space_, freshness_.versions().pin("prompt", "v1")});
  EXPECT_EQ(freshness_.judge(late, "k"), Verdict::fresh);
}

TEST_F(FreshnessBansTest, TheFirstDependencyOnAKeyMarksTheNamespaceAndMovesTheRevision) {
  const Revision before = freshness_.revision();
  EXPECT_FALSE(freshness_.find_key(*space_, "a"));
  const LabelRef a = key("a");
  EXPECT_GT(space_->keys_used_since(), before);
  EXPECT_EQ(space_->keys_used_since(), freshness_.revision());
  const Revision first = space_->keys_used_since();
  key("b");
  EXPECT_EQ(space_->keys_used_since(), first);
  EXPECT_EQ(freshness_.find_key(*space_, "a"), a);
  EXPECT_EQ(a->key(), "a");
  EXPECT_EQ(&a->space(), space_.get());
}

TEST_F(FreshnessBansTest, WhatIsLeftOutGoesWithWhateverItMightHaveCarried) {
  const auto collapsed = [&] { return born_now({freshness_.overflow()}); };
  const LabelRef hub = key("a");
  for (const LabelKind kind :
       {LabelKind::tag, LabelKind::resource, LabelKind::key, LabelKind::version}) {
    const auto entry = collapsed();
    raise(kind, "nobody's");
    EXPECT_EQ(judge(*entry), Verdict::removed) << static_cast<int>(kind);
  }
  const auto elsewhere = std::make_unique<LabelledCarrier>(
      freshness_.revision(),
      std::vector{freshness_.pin(LabelKind::name_space, "other"), freshness_.overflow()});
  freshness_.raise_key(*space_, "b", Mode::remove);
  EXPECT_EQ(judge(*elsewhere), Verdict::removed);
}

TEST_F(FreshnessBansTest, NothingIsPublishedForWhatNobodyLeftOut) {
  const Revision published = freshness_.published();
  raise(LabelKind::tag, "nobody's");
  EXPECT_EQ(freshness_.published(), published);
}

}  // namespace
}  // namespace freshet::detail
