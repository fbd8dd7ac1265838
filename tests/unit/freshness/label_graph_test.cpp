// Edges between labels: what they ignore, how they end, and walks that would not.
#include "freshness/label_graph.hpp"

#include <gtest/gtest.h>

#include "freshness/label_table.hpp"
#include "support/pause_point.hpp"
#include "support/sanitizers.hpp"

namespace freshet::detail {
namespace {

class LabelGraphTest : public ::testing::Test {
 protected:
  // What a test left in a circle, as the end of a cache does.
  void TearDown() override { graph().clear(); }

  LabelRef pin(std::string_view text) { return table_->pin(LabelName(LabelKind::resource, text)); }
  LabelRef pin(std::string_view stem, int i) { return pin(std::string(stem) + std::to_string(i)); }
  LabelGraph& graph() { return table_->graph(); }
  std::size_t collect() {
    return graph().collect(Revision{100}, [this] { ++moved_on_; });
  }
  LabelGraph::Change relate(const LabelRef& child, std::vector<LabelRef> parents,
                            std::uint64_t since = 1) {
    return graph().relate(*child, parents, Revision{since});
  }
  void raise(std::string_view text, std::uint64_t at, Mode mode = Mode::remove) {
    table_->raise(LabelName(LabelKind::resource, text), mode, Revision{at});
  }
  Verdict judge(const LabelRef& label, std::uint64_t birth) {
    return graph().judge(*label, Revision{birth},
                         [](const Label& one, Revision born) { return one.judge(born); });
  }

  int moved_on_ = 0;  // how often loads were refused for a circle that went
  std::shared_ptr<LabelTable> table_ = std::make_shared<LabelTable>(1024);
};

using Change = LabelGraph::Change;

TEST_F(LabelGraphTest, WhatMakesAParentStaleMakesTheChildStale) {
  const LabelRef child = pin("child");
  relate(child, {pin("parent")});
  EXPECT_EQ(judge(child, 5), Verdict::fresh);
  raise("parent", 6);
  EXPECT_EQ(judge(child, 5), Verdict::removed);
  EXPECT_EQ(judge(child, 6), Verdict::fresh) << "born after the raise";
}

TEST_F(LabelGraphTest, AnEdgeIgnoresRaisesFromBeforeItsParentWasJoined) {
  const LabelRef child = pin("child");
  relate(child, {pin("parent")}, 10);
  raise("parent", 10);
  EXPECT_EQ(judge(child, 5), Verdict::fresh);
  raise("parent", 11);
  EXPECT_EQ(judge(child, 5), Verdict::removed);
}

TEST_F(LabelGraphTest, AlongAPathTheLatestJoiningCounts) {
  const LabelRef a = pin("a");
  const LabelRef b = pin("b");
  relate(a, {b}, 20);
  relate(b, {pin("c")}, 10);
  raise("c", 15);
  EXPECT_EQ(judge(a, 5), Verdict::fresh) << "a joined b after that";
  EXPECT_EQ(judge(b, 5), Verdict::removed);
  raise("c", 21);
  EXPECT_EQ(judge(a, 5), Verdict::removed);
}

TEST_F(LabelGraphTest, OfSeveralPathsTheOneThatIgnoresTheFewestRaisesCounts) {
  for (const bool late_first : {true, false}) {
    const LabelRef top = pin(late_first ? "top1" : "top2");
    const LabelRef late = pin(late_first ? "late1" : "late2");
    const LabelRef early = pin(late_first ? "early1" : "early2");
    const std::string bottom = late_first ? "bottom1" : "bottom2";
    relate(late, {pin(bottom)}, 50);
    relate(early, {pin(bottom)}, 2);
    relate(top, late_first ? std::vector{late, early} : std::vector{early, late}, 2);
    raise(bottom, 30);
    EXPECT_EQ(judge(top, 1), Verdict::removed);
  }
}

TEST_F(LabelGraphTest, RemovedOutweighsExpired) {
  const LabelRef child = pin("child");
  relate(child, {pin("a"), pin("b")});
  raise("a", 6, Mode::expire);
  EXPECT_EQ(judge(child, 5), Verdict::expired);
  raise("b", 7);
  EXPECT_EQ(judge(child, 5), Verdict::removed);
}

TEST_F(LabelGraphTest, ACycleIsHarmless) {
  const LabelRef a = pin("a");
  const LabelRef b = pin("b");
  relate(a, {b});
  relate(b, {a});
  EXPECT_EQ(judge(a, 5), Verdict::fresh);
  raise("b", 6);
  EXPECT_EQ(judge(a, 5), Verdict::removed);
  EXPECT_EQ(judge(b, 5), Verdict::fresh) << "the label itself is not asked";
}

TEST_F(LabelGraphTest, WhatDependsOnItselfDependsOnNothingMore) {
  const LabelRef a = pin("a");
  EXPECT_EQ(relate(a, {a}), Change::none);
  EXPECT_EQ(graph().size(), 0u);
}

TEST_F(LabelGraphTest, ChangesAreToldApart) {
  const LabelRef child = pin("child");
  const LabelRef a = pin("a");
  const LabelRef b = pin("b");
  EXPECT_EQ(relate(child, {}), Change::none);
  EXPECT_EQ(relate(child, {a}), Change::gained);
  EXPECT_EQ(relate(child, {a}), Change::none);
  EXPECT_EQ(relate(child, {a, b}), Change::gained);
  EXPECT_EQ(relate(child, {b}), Change::lost);
  EXPECT_EQ(relate(child, {b}), Change::none) << "it was lost before";
  EXPECT_EQ(relate(child, {a, b}), Change::none) << "and is there again";
  EXPECT_EQ(relate(child, {}), Change::lost);
}

TEST_F(LabelGraphTest, ALostEdgeStaysForThoseWhoCarryTheChildFromBefore) {
  const LabelRef child = pin("child");
  relate(child, {pin("a")});
  relate(child, {});
  raise("a", 6);
  EXPECT_EQ(judge(child, 5), Verdict::removed);
}

TEST_F(LabelGraphTest, AnEdgeThatComesAgainKeepsItsFirstJoining) {
  const LabelRef child = pin("child");
  relate(child, {pin("a")}, 3);
  relate(child, {}, 8);
  relate(child, {pin("a")}, 20);
  raise("a", 10);
  EXPECT_EQ(judge(child, 5), Verdict::removed) << "somebody carries the child since then";
}

TEST_F(LabelGraphTest, TooManyLostEdgesAreSaidAndMayBeForgotten) {
  const LabelRef child = pin("child");
  relate(child, {pin("current")});
  const int most = static_cast<int>(LabelGraph::kMaxLostEdges);
  for (int i = 0; i < most; ++i)
    EXPECT_EQ(relate(child, {pin("current"), pin("p", i)}), i == 0 ? Change::gained : Change::lost)
        << i;
  EXPECT_EQ(relate(child, {pin("current")}), Change::lost);
  EXPECT_EQ(relate(child, {pin("other")}), Change::too_many_lost);
  graph().forget_lost(*child);
  EXPECT_EQ(table_->live(LabelKind::resource), 2u) << "the child and its current parent";
  raise("other", 6);
  EXPECT_EQ(judge(child, 5), Verdict::removed);
}

TEST_F(LabelGraphTest, ForgettingEveryEdgeLeavesALabelWithoutParents) {
  const LabelRef child = pin("child");
  relate(child, {pin("a")});
  relate(child, {});
  graph().forget_lost(*child);
  EXPECT_FALSE(child->has_parents());
  EXPECT_EQ(graph().size(), 0u);
  raise("a", 6);
  EXPECT_EQ(judge(child, 5), Verdict::fresh);
}

TEST_F(LabelGraphTest, AnEdgeHoldsItsParent) {
  const LabelRef child = pin("child");
  relate(child, {pin("parent")});
  EXPECT_TRUE(table_->find(LabelName(LabelKind::resource, "parent")));
}

TEST_F(LabelGraphTest, ALabelThatIsDroppedTakesItsEdgesAlong) {
  {
    const LabelRef child = pin("child");
    relate(child, {pin("parent")});
    EXPECT_EQ(graph().size(), 1u);
  }
  EXPECT_EQ(graph().size(), 0u);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(LabelGraphTest, AWalkStopsAtItsLimitAndWhatItLookedAtIsStale) {
  const int most = static_cast<int>(LabelGraph::kMaxWalk);
  for (int i = 0; i + 1 < most; ++i) relate(pin("n", i), {pin("n", i + 1)});
  EXPECT_EQ(graph().size(), 0u) << "nothing held them";
  LabelRef first = pin("n", 0);
  LabelRef next = first;
  for (int i = 1; i < most; ++i) {
    LabelRef parent = pin("n", i);
    relate(next, {parent});
    next = parent;
  }
  EXPECT_EQ(judge(first, 5), Verdict::fresh) << "just as many as may be looked at";
  EXPECT_EQ(graph().walks_stopped(), 0u);
  relate(next, {pin("one more")});
  EXPECT_EQ(judge(first, 5), Verdict::removed);
  EXPECT_EQ(graph().walks_stopped(), 1u);
  EXPECT_EQ(judge(pin("n", 1), 5), Verdict::fresh);
}

TEST_F(LabelGraphTest, DependentsAreFoundThroughOthersAndInCycles) {
  const LabelRef a = pin("a");
  const LabelRef b = pin("b");
  const LabelRef c = pin("c");
  const LabelRef other = pin("other");
  relate(a, {b});
  relate(b, {c});
  relate(c, {a});
  relate(other, {pin("unrelated")});
  EXPECT_EQ(graph().dependents_of(std::vector{c}),
            (std::unordered_set<const Label*>{a.get(), b.get(), c.get()}));
  EXPECT_EQ(graph().dependents_of(std::vector{other}),
            (std::unordered_set<const Label*>{other.get()}));
}

TEST_F(LabelGraphTest, CyclesThatNothingElseHoldsAreCollectedWithWhatHangsOnThem) {
  {
    const LabelRef a = pin("a");
    const LabelRef b = pin("b");
    relate(a, {b});
    relate(b, {a, pin("tail")});
    relate(pin("tail"), {pin("end of the tail")});
  }
  EXPECT_EQ(table_->size(), 4u) << "they hold each other";
  EXPECT_GT(collect(), 0u);
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_EQ(graph().size(), 0u);
}

// Who names one of them late would find neither the edges nor a floor.
TEST_F(LabelGraphTest, ACycleThatStandsForADepartedEntryIsCollectedOnceLoadsFromBeforeAreRefused) {
  {
    const LabelRef a = pin("a");
    const LabelRef b = pin("b");
    relate(a, {b});
    relate(b, {a});
    a->stand_for_departed();
  }
  LabelRef late;
  {
    const testing::PausePoint refused("circle_refuses_loads", [&] { late = pin("a"); });
    EXPECT_EQ(collect(), 0u) << "somebody has taken it meanwhile";
    EXPECT_TRUE(refused.reached());
  }
  EXPECT_TRUE(late->has_parents());
  EXPECT_EQ(late->load_floor(), Revision{100});
  EXPECT_EQ(moved_on_, 1);
  late = {};
  EXPECT_EQ(collect(), 2u);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(LabelGraphTest, CyclesThatSomebodyHoldsAreKept) {
  LabelRef held = pin("a");
  {
    const LabelRef b = pin("b");
    relate(held, {b});
    relate(b, {held});
  }
  EXPECT_EQ(collect(), 0u);
  raise("b", 6);
  EXPECT_EQ(judge(held, 5), Verdict::removed);
  held = {};
  EXPECT_EQ(collect(), 2u);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(LabelGraphTest, ACycleThatAHeldLabelDependsOnIsKept) {
  const LabelRef held = pin("held");
  {
    const LabelRef a = pin("a");
    const LabelRef b = pin("b");
    relate(a, {b});
    relate(b, {a});
    relate(held, {a});
  }
  EXPECT_EQ(collect(), 0u);
  raise("b", 6);
  EXPECT_EQ(judge(held, 5), Verdict::removed);
}

// Two chains that are joined in the middle when both are there: deeper than any walk goes, or any stack.
TEST_F(LabelGraphTest, AChainAMillionDeepIsLetGoOfWithoutRecursion) {
  constexpr int kDepth = testing::kThreadSanitizer ? 50'000 : 1'000'000;
  LabelRef top = pin("n", 0);
  {
    std::vector<LabelRef> held;
    held.reserve(kDepth);
    for (int i = 0; i < kDepth; ++i) held.push_back(pin("n", i));
    for (int i = kDepth / 2; i + 1 < kDepth; ++i)
      relate(held[static_cast<std::size_t>(i)], {held[static_cast<std::size_t>(i) + 1]});
    for (int i = 0; i < kDepth / 2; ++i)
      relate(held[static_cast<std::size_t>(i)], {held[static_cast<std::size_t>(i) + 1]});
  }
  EXPECT_EQ(table_->size(), static_cast<std::size_t>(kDepth));
  EXPECT_EQ(judge(top, 5), Verdict::removed);
  EXPECT_EQ(collect(), 0u);
  top = {};
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_EQ(graph().size(), 0u);
}

TEST_F(LabelGraphTest, ARingAMillionLongIsCollectedWithoutRecursion) {
  constexpr int kLength = testing::kThreadSanitizer ? 50'000 : 1'000'000;
  {
    LabelRef first = pin("n", 0);
    LabelRef last = first;
    for (int i = 1; i < kLength; ++i) {
      LabelRef next = pin("n", i);
      relate(last, {next});
      last = next;
    }
    relate(last, {first});
  }
  EXPECT_EQ(table_->size(), static_cast<std::size_t>(kLength));
  EXPECT_EQ(collect(), static_cast<std::size_t>(kLength));
  EXPECT_EQ(table_->size(), 0u);
}

}  // namespace
}  // namespace freshet::detail
