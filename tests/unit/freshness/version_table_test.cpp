// Versions: what is current, which pairs a change makes stale, and what is forgotten.
#include "freshness/version_table.hpp"

#include <gtest/gtest.h>

namespace freshet::detail {
namespace {

class VersionTableTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kMost = 3;

  // As Freshness does it.
  std::size_t set(std::string_view dependency, std::string_view hash, std::uint64_t at) {
    const std::vector<LabelRef> others = versions_.set(dependency, hash, Revision{at});
    for (const LabelRef& pair : others)
      labels_->raise(LabelName(LabelKind::version, pair->text()), Mode::remove, Revision{at});
    return others.size();
  }
  Verdict judge(const LabelRef& pair, std::uint64_t birth) { return pair->judge(Revision{birth}); }

  std::shared_ptr<LabelTable> labels_ = std::make_shared<LabelTable>(1024);
  VersionTable versions_{*labels_, kMost};
};

TEST_F(VersionTableTest, AnotherHashMakesTheOtherPairsStaleAndKeepsItsOwn) {
  const LabelRef v1 = versions_.pin("prompt", "v1");
  const LabelRef v2 = versions_.pin("prompt", "v2");
  const LabelRef other = versions_.pin("model", "v1");
  EXPECT_EQ(set("prompt", "v2", 10), 1u);
  EXPECT_EQ(judge(v1, 9), Verdict::removed);
  EXPECT_EQ(judge(v2, 9), Verdict::fresh);
  EXPECT_EQ(judge(other, 9), Verdict::fresh);
}

TEST_F(VersionTableTest, APairThatComesAliveAfterAChangeStartsThere) {
  set("prompt", "v2", 10);
  EXPECT_EQ(judge(versions_.pin("prompt", "v2"), 9), Verdict::removed)
      << "a load from before it that names its version late";
  EXPECT_EQ(judge(versions_.pin("prompt", "v2"), 10), Verdict::fresh);
}

TEST_F(VersionTableTest, WhatIsAnnouncedIsJudgedByTheCurrentHash) {
  EXPECT_EQ(versions_.announces("prompt", "v1"), Announced::unknown);
  set("prompt", "v1", 10);
  EXPECT_EQ(versions_.announces("prompt", "v1"), Announced::current);
  EXPECT_EQ(versions_.announces("prompt", ""), Announced::current);
  EXPECT_EQ(versions_.announces("prompt", "v2"), Announced::other);
  EXPECT_EQ(versions_.announces("model", "v1"), Announced::unknown);
}

TEST_F(VersionTableTest, APairIsJudgedLikeWhatItNames) {
  const LabelRef v1 = versions_.pin("prompt", "v1");
  const LabelRef nameless = versions_.pin("prompt", "");
  EXPECT_EQ(versions_.announces(*v1), Announced::unknown);
  set("prompt", "v1", 10);
  EXPECT_EQ(versions_.announces(*v1), Announced::current);
  EXPECT_EQ(versions_.announces(*nameless), Announced::other)
      << "pinned before there was a current hash";
  EXPECT_EQ(judge(nameless, 9), Verdict::removed);
  set("prompt", "v2", 11);
  EXPECT_EQ(versions_.announces(*v1), Announced::other);
}

TEST_F(VersionTableTest, NoHashStandsForTheCurrentOne) {
  set("prompt", "v1", 10);
  EXPECT_EQ(versions_.pin("prompt", ""), versions_.pin("prompt", "v1"));
}

TEST_F(VersionTableTest, TheSameHashAgainIsKnown) {
  EXPECT_FALSE(versions_.is_current("prompt", "v1"));
  set("prompt", "v1", 10);
  EXPECT_TRUE(versions_.is_current("prompt", "v1"));
  EXPECT_FALSE(versions_.is_current("prompt", "v2"));
  EXPECT_TRUE(versions_.others("prompt", "v1").empty());
}

TEST_F(VersionTableTest, BeforeAHashWasSetNoneIsCurrent) {
  const LabelRef pair = versions_.pin("prompt", "");
  EXPECT_FALSE(versions_.is_current("prompt", ""));
  EXPECT_FALSE(versions_.is_current("prompt", "v1"));
}

TEST_F(VersionTableTest, OthersAreWhatAChangeWouldMakeStale) {
  const LabelRef v1 = versions_.pin("prompt", "v1");
  const LabelRef v2 = versions_.pin("prompt", "v2");
  EXPECT_EQ(versions_.others("prompt", "v2"), std::vector{v1});
  EXPECT_EQ(versions_.others("prompt", "v3").size(), 2u);
  EXPECT_TRUE(versions_.others("model", "v1").empty());
}

TEST_F(VersionTableTest, NamesThatLookAlikeAreDifferentPairs) {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"a", "b:c"}, {"a:b", "c"},  {"ab", ":c"}, {"1:a", "b"},
      {"1", ":ab"}, {"a\0"s, "b"}, {"a", "\0b"s}};
  std::vector<LabelRef> labels;
  for (const auto& [dependency, hash] : pairs) {
    labels.push_back(versions_.pin(dependency, hash));
    EXPECT_EQ(versions_.pin(dependency, hash), labels.back());
    EXPECT_EQ(versions_.announces(*labels.back()), Announced::unknown);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(labels[i] == labels[j]) << i << " and " << j;
  }
  set("a", "b:c", 10);
  EXPECT_EQ(versions_.announces(*labels[0]), Announced::current);
  EXPECT_EQ(versions_.announces(*labels[1]), Announced::unknown);
}

TEST_F(VersionTableTest, ADependencyLongerThanNineBytesIsReadBackWhole) {
  const std::string name(300, 'd');
  const LabelRef pair = versions_.pin(name, "v1");
  set(name, "v1", 10);
  EXPECT_EQ(versions_.announces(*pair), Announced::current);
}

TEST_F(VersionTableTest, PairsThatNobodyElseHoldsArePruned) {
  const LabelRef held = versions_.pin("prompt", "v1");
  versions_.pin("prompt", "v2");
  versions_.pin("model", "v1");
  EXPECT_EQ(labels_->live(LabelKind::version), 3u);
  versions_.prune();
  EXPECT_EQ(labels_->live(LabelKind::version), 1u);
  EXPECT_EQ(versions_.size(), 1u);
  EXPECT_EQ(versions_.pin("prompt", "v1"), held);
}

TEST_F(VersionTableTest, ADependencyWithACurrentHashIsRememberedWithoutPairs) {
  set("prompt", "v1", 10);
  versions_.prune();
  EXPECT_EQ(versions_.size(), 1u);
  EXPECT_EQ(versions_.announces("prompt", "v2"), Announced::other);
}

TEST_F(VersionTableTest, BeyondTheLimitTheOldestChangeIsForgottenAndItsPairsAreStale) {
  const LabelRef old = versions_.pin("d0", "v1");
  for (std::uint64_t i = 0; i < kMost; ++i) set("d" + std::to_string(i), "v1", 10 + i);
  set("d0", "v1", 13);  // said again: it is the newest now
  EXPECT_EQ(versions_.forgotten(), 0u);
  const LabelRef d1 = versions_.pin("d1", "v1");
  set("more", "v1", 20);
  EXPECT_EQ(versions_.forgotten(), 1u);
  EXPECT_EQ(versions_.size(), kMost);
  EXPECT_EQ(versions_.announces("d0", "v1"), Announced::current);
  EXPECT_EQ(versions_.announces("d1", "v1"), Announced::unknown);
  EXPECT_EQ(judge(d1, 19), Verdict::removed);
  EXPECT_EQ(judge(old, 12), Verdict::fresh);
}

TEST_F(VersionTableTest, AfterSomethingWasForgottenEveryPairStartsThere) {
  for (std::uint64_t i = 0; i <= kMost; ++i) set("d" + std::to_string(i), "v1", 10 + i);
  EXPECT_EQ(judge(versions_.pin("d0", "v2"), 12), Verdict::removed)
      << "nobody knows any more what was current";
  EXPECT_EQ(judge(versions_.pin("never seen", "v1"), 12), Verdict::removed);
  EXPECT_EQ(judge(versions_.pin("never seen", "v1"), 13), Verdict::fresh);
}

TEST_F(VersionTableTest, DependenciesWithoutACurrentHashAreNotCountedInTheLimit) {
  std::vector<LabelRef> held;
  for (int i = 0; i < 20; ++i) held.push_back(versions_.pin("d" + std::to_string(i), "v1"));
  for (std::uint64_t i = 0; i < kMost; ++i) set("c" + std::to_string(i), "v1", 10 + i);
  EXPECT_EQ(versions_.forgotten(), 0u);
  EXPECT_EQ(versions_.size(), 20 + kMost);
}

}  // namespace
}  // namespace freshet::detail
