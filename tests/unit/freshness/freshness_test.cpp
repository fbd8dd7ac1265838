// The rule itself, and the sentences of the design that close a hole each: a test per sentence.
#include "freshness/freshness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "support/labelled_carrier.hpp"

namespace freshet::detail {
namespace {

constexpr std::string_view kKey = "k";

class FreshnessTest : public ::testing::Test {
 protected:
  static LabelName tag(std::string_view text) { return {LabelKind::tag, text}; }
  static LabelName root() { return {LabelKind::root, {}}; }

  std::unique_ptr<LabelledCarrier> born_now(std::vector<LabelRef> labels) {
    return std::make_unique<LabelledCarrier>(freshness_.revision(), std::move(labels));
  }
  LabelRef pin(std::string_view text) { return freshness_.pin(LabelKind::tag, text); }
  Revision raise(const LabelName& name, Mode mode = Mode::remove) {
    return freshness_.raise(std::array{name}, mode);
  }

  Freshness freshness_{64};
};

TEST_F(FreshnessTest, AnEntryIsFreshUntilALabelItCarriesIsRaised) {
  const auto entry = born_now({pin("users"), pin("user:42")});
  const auto other = born_now({pin("users"), pin("user:43")});
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::fresh);
  raise(tag("user:42"));
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::removed);
  EXPECT_EQ(freshness_.judge(*other, kKey), Verdict::fresh);
  raise(tag("users"));
  EXPECT_EQ(freshness_.judge(*other, kKey), Verdict::removed);
}

TEST_F(FreshnessTest, RootIsCarriedByAll) {
  const auto entry = born_now({pin("users")});
  raise(root());
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::removed);
}

TEST_F(FreshnessTest, ToExpireIsNotToRemove) {
  const auto entry = born_now({pin("users")});
  raise(tag("users"), Mode::expire);
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::expired);
  raise(tag("users"), Mode::remove);
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::removed);
  raise(tag("users"), Mode::expire);
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::removed)
      << "removed data never comes back as merely expired";
}

TEST_F(FreshnessTest, WhatBeginsToBeLoadedBeforeTheRaiseReturnsIsStaleAndWhatBeginsAfterIsFresh) {
  const LabelRef users = pin("users");
  const auto before = born_now({users});
  const Revision raised = raise(tag("users"));
  const auto after = born_now({users});
  EXPECT_EQ(after->birth(), raised);
  EXPECT_EQ(freshness_.judge(*before, kKey), Verdict::removed);
  EXPECT_EQ(freshness_.judge(*after, kKey), Verdict::fresh);
}

// Two words: a raise of a label that nobody carries orders later loads and does not make hits walk.
TEST_F(FreshnessTest, ARaiseOfALabelThatNobodyCarriesMovesRevisionAndNotPublished) {
  const Revision revision = freshness_.revision();
  const Revision published = freshness_.published();
  const Revision raised = raise(tag("nobody"));
  EXPECT_GT(raised, revision);
  EXPECT_EQ(freshness_.revision(), raised);
  EXPECT_EQ(freshness_.published(), published);
}

TEST_F(FreshnessTest, ARaiseOfALabelThatALoadHasPinnedMovesBothWords) {
  const LabelRef pinned = pin("users");
  const Revision raised = raise(tag("users"));
  EXPECT_EQ(freshness_.revision(), raised);
  EXPECT_EQ(freshness_.published(), raised);
}

// With one word for births and hits, this load would be born at the raise and its stale value kept.
TEST_F(FreshnessTest, ALoadThatBeganBeforeAnAbsentLabelWasRaisedIsNotFreshUnderIt) {
  const Revision birth = freshness_.revision();
  raise(tag("late"));
  LabelledCarrier entry(birth, {pin("late")});  // the loader names its tag only now
  EXPECT_EQ(freshness_.judge(entry, kKey), Verdict::removed);
}

TEST_F(FreshnessTest, ACallOverManyLabelsIsOneRevision) {
  const auto a = born_now({pin("a")});
  const auto b = born_now({pin("b")});
  const std::array names{tag("a"), tag("b"), tag("absent")};
  const Revision before = freshness_.revision();
  const Revision raised = freshness_.raise(names, Mode::remove);
  EXPECT_EQ(raised.value, before.value + 1);
  EXPECT_EQ(freshness_.judge(*a, kKey), Verdict::removed);
  EXPECT_EQ(freshness_.judge(*b, kKey), Verdict::removed);
  LabelledCarrier absent(before, {pin("absent")});
  EXPECT_EQ(freshness_.judge(absent, kKey), Verdict::removed);
}

#ifdef FRESHET_PAUSE_POINTS
// Raising: watermarks are written before published, and published before revision.
namespace staged {
Freshness* freshness;
const Label* label;
Revision before;
int seen;
}  // namespace staged

TEST_F(FreshnessTest, WatermarksAreWrittenBeforeTheWordsThatAnnounceThem) {
  const LabelRef users = pin("users");
  staged::freshness = &freshness_;
  staged::label = users.get();
  staged::before = freshness_.revision();
  staged::seen = 0;
  rt::pause_hook = [](const char* point) {
    using namespace staged;
    if (std::string_view(point) == "label_raised") {
      EXPECT_EQ(label->judge(before), Verdict::removed);
      EXPECT_EQ(freshness->revision(), before)
          << "a load that begins now must not pass for one that began after";
      EXPECT_EQ(freshness->published(), before);
      ++seen;
    } else if (std::string_view(point) == "published_stored") {
      EXPECT_GT(freshness->published(), before);
      EXPECT_EQ(freshness->revision(), before)
          << "what is born at the new revision must not be served what was born before";
      ++seen;
    }
  };
  raise(tag("users"));
  rt::pause_hook = nullptr;
  EXPECT_EQ(staged::seen, 2);
}

// A reader that looks while a raise is half done must look again when the raise is published.
TEST_F(FreshnessTest, AWalkDuringARaiseIsNotRememberedPastIt) {
  static Freshness* freshness;
  static Carrier* entry;
  const LabelRef first = pin("first");
  const LabelRef second = pin("second");
  const auto carrier = born_now({second});
  freshness = &freshness_;
  entry = carrier.get();
  static bool looked;
  looked = false;
  rt::pause_hook = [](const char* point) {
    if (std::string_view(point) != "label_raised" || std::exchange(looked, true)) return;
    EXPECT_EQ(freshness->judge(*entry, kKey), Verdict::fresh)
        << "its own label has not been raised yet";
  };
  const std::array names{tag("first"), tag("second")};
  freshness_.raise(names, Mode::remove);
  rt::pause_hook = nullptr;
  ASSERT_TRUE(looked);
  EXPECT_EQ(freshness_.judge(*carrier, kKey), Verdict::removed);
}
#endif

// Labels that nobody carries: a dropped label leaves its watermarks, and comes back with them.
TEST_F(FreshnessTest, ALabelDroppedAndMadeAgainStillRefusesAnOldLoad) {
  const Revision birth = freshness_.revision();
  {
    const LabelRef users = pin("users");
    raise(tag("users"));
  }
  LabelledCarrier late(birth, {pin("users")});
  EXPECT_EQ(freshness_.judge(late, kKey), Verdict::removed);
}

TEST_F(FreshnessTest, APinnedLabelKeepsTheRaiseOfALoadUnderWay) {
  const Revision birth = freshness_.revision();
  const LabelRef known = pin("users");  // as a load does when it starts
  raise(tag("users"));
  EXPECT_EQ(freshness_.judge_load(birth, std::array{known}, kKey), Verdict::removed);
}

// What a published entry points at never changes: a label added later is attached, with the revision of its joining.
TEST_F(FreshnessTest, AnAttachedLabelIgnoresRaisesBeforeItWasJoined) {
  const LabelRef late = pin("late");
  const auto entry = born_now({pin("users")});
  raise(tag("late"));
  entry->attach(late, freshness_.revision());
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::fresh);
  raise(tag("late"));
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::removed);
}

TEST_F(FreshnessTest, AttachingALabelLeavesTheOthersInForce) {
  const auto entry = born_now({pin("users")});
  entry->attach(pin("late"), freshness_.revision());
  raise(tag("users"));
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::removed);
}

// References are given up when the entry is reclaimed, not when it is counted out.
TEST_F(FreshnessTest, AnEntryThatLeftTheTableStillHoldsItsLabels) {
  auto entry = born_now({pin("users")});
  freshness_.count_in(*entry);
  freshness_.count_out(*entry);
  EXPECT_EQ(freshness_.live_labels(LabelKind::tag), 1u);
  entry.reset();
  EXPECT_EQ(freshness_.live_labels(LabelKind::tag), 0u);
}

TEST_F(FreshnessTest, ResidentCountsFollowEntriesInAndOutOnce) {
  const auto a = born_now({pin("users"), pin("a")});
  const auto b = born_now({pin("users")});
  freshness_.count_in(*a);
  freshness_.count_in(*a);
  freshness_.count_in(*b);
  EXPECT_EQ(freshness_.resident(tag("users")), 2u);
  EXPECT_EQ(freshness_.resident(tag("a")), 1u);
  EXPECT_EQ(freshness_.resident(root()), 2u);
  a->attach(pin("late"), freshness_.revision());
  EXPECT_EQ(freshness_.resident(tag("late")), 1u);
  freshness_.count_out(*a);
  freshness_.count_out(*a);
  EXPECT_EQ(freshness_.resident(tag("users")), 1u);
  EXPECT_EQ(freshness_.resident(tag("late")), 0u);
  EXPECT_EQ(freshness_.resident(root()), 1u);
  EXPECT_EQ(freshness_.resident(tag("never seen")), 0u);
}

// checked is what was published before the walk, so a hit after a quiet walk does not walk again.
TEST_F(FreshnessTest, AFreshVerdictIsRememberedForThePublishedItWasFoundAt) {
  const auto entry = born_now({pin("users")});
  const LabelRef other = pin("other");
  raise(tag("other"));
  EXPECT_LT(entry->checked(), freshness_.published());
  EXPECT_EQ(freshness_.judge(*entry, kKey), Verdict::fresh);
  EXPECT_EQ(entry->checked(), freshness_.published());
}

TEST_F(FreshnessTest, RaisesFromManyThreadsEachTakeARevisionOfTheirOwn) {
  const LabelRef users = pin("users");
  const Revision start = freshness_.revision();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 5'000; ++i) raise(tag(i % 2 == 0 ? "users" : "nobody"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(freshness_.revision().value, start.value + 20'000);
}

}  // namespace
}  // namespace freshet::detail
