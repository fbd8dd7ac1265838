// The checker finds what is planted, and nothing where nothing is.
#include <algorithm>
#include <optional>

#include "guarantees/history_fixture.hpp"

namespace freshet::testing::history {
namespace {

TEST_F(HistoryCheckerTest, AReadAfterARemoveMustNotFindWhatWasReadFromTheOriginBefore) {
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30);
  hit(old, 31, 32);
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(HistoryCheckerTest, AReadThatBeganBeforeTheRemoveReturnedMayFindIt) {
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30);
  hit(old, 29, 32);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, AValueReadFromTheOriginSinceTheRemoveBeganIsNewEnough) {
  const ValueId fresh = value(1, 21);
  call(of(0b10), 20, 30);
  hit(fresh, 31, 32);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, ARemoveOfAnotherKeyProvesNothing) {
  const ValueId old = value(1, 10);
  call(of(0b100), 20, 30);
  hit(old, 31, 32);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, AJoinedLoadIsJudgedAsAHitIs) {
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30);
  hit(old, 31, 32).origin = Origin::loaded;
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(HistoryCheckerTest, APutIsARemoveOfItsKey) {
  const ValueId old = value(1, 10);
  history_.reaches.push_back(of(0b10));
  history_.names.emplace_back("key");
  add(Act::put, 1, 20, 30, value(1, 21));
  hit(old, 31, 32);
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(HistoryCheckerTest, WhatExpiredIsFoundOnlyWhereItSaysSo) {
  history_.terms.serves_stale = true;
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30, Mode::expire);
  hit(old, 31, 32).staleness = Staleness::expired;
  EXPECT_EQ(fault(), std::nullopt);
  hit(old, 33, 34);
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(HistoryCheckerTest, ASoftDeadlineIsNoLeaveToServeWhatExpired) {
  history_.terms.serves_stale = true;
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30, Mode::expire);
  hit(old, 31, 32).staleness = Staleness::soft_deadline;
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(HistoryCheckerTest, WhatWasRemovedIsNotServedStale) {
  history_.terms.serves_stale = true;
  const ValueId old = value(1, 10);
  call(of(0b10), 20, 30);
  hit(old, 31, 32).staleness = Staleness::expired;
  EXPECT_EQ(fault(), Fault::stale);
}

TEST_F(HistoryCheckerTest, NothingIsServedStaleWherePolicyDoesNot) {
  hit(value(1, 10), 31, 32).staleness = Staleness::expired;
  EXPECT_EQ(fault(), Fault::not_said);
}

TEST_F(HistoryCheckerTest, AValueMadeOfSomethingOldIsOld) {
  const ValueId inner = value(1, 10), outer = value(5, 40);
  made(outer).parts[0] = {.kind = Part::Kind::value, .key = 1, .value = inner};
  call(of(0b10), 20, 30);
  hit(outer, 50, 51);
  EXPECT_EQ(fault(), Fault::stale_part);
}

TEST_F(HistoryCheckerTest, SoIsOneMadeOfSomethingMadeOfIt) {
  const ValueId inner = value(1, 10), middle = value(5, 40), outer = value(3, 45);
  made(middle).parts[0] = {.kind = Part::Kind::value, .key = 1, .value = inner};
  made(outer).parts[0] = {.kind = Part::Kind::value, .key = 5, .value = middle};
  call(of(0b10), 20, 30);
  hit(outer, 50, 51);
  EXPECT_EQ(fault(), Fault::stale_part);
}

TEST_F(HistoryCheckerTest, AndOneWhoseLoaderFoundNothingThere) {
  const ValueId outer = value(5, 5);
  made(outer).parts[0] = {.kind = Part::Kind::nothing, .key = 4, .since = 10};
  call(of(0b1'0000), 20, 30);
  hit(outer, 50, 51);
  EXPECT_EQ(fault(), Fault::stale_part);
}

TEST_F(HistoryCheckerTest, WhatDependsOnAKeyGoesThoughTheKeyStays) {
  const ValueId inner = value(1, 8), outer = value(5, 10);
  made(outer).parts[0] = {.kind = Part::Kind::value, .key = 1, .value = inner};
  call({.made_of = 0b10}, 20, 30);
  hit(inner, 40, 41);
  EXPECT_EQ(fault(), std::nullopt);
  hit(outer, 50, 51);
  EXPECT_EQ(fault(), Fault::stale_part);
}

TEST_F(HistoryCheckerTest, WhatIsMadeOfSomethingStaleIsAnsweredAndNotKept) {
  history_.terms.serves_stale = true;
  const ValueId inner = value(1, 10), outer = value(5, 40);
  made(outer).parts[0] = {.kind = Part::Kind::stale_value, .key = 1, .value = inner};
  call(of(0b10), 20, 30, Mode::expire);
  hit(outer, 39, 45).origin = Origin::loaded;
  EXPECT_EQ(fault(), std::nullopt);
  hit(outer, 50, 51);
  EXPECT_EQ(fault(), Fault::not_said);
}

TEST_F(HistoryCheckerTest, ALabelAddedLateTakesTheEntryThatWasThere) {
  const ValueId old = value(1, 10);
  hit(old, 11, 12);
  add(Act::label, 1, 15, 16).reach = 2;
  call({.late = 2}, 20, 30);
  hit(old, 31, 32);
  EXPECT_EQ(fault(), Fault::stale_label);
}

TEST_F(HistoryCheckerTest, ALabelThatMayHaveBeenAddedToAnotherEntryProvesNothing) {
  const ValueId old = value(1, 10);
  add(Act::label, 1, 15, 17).reach = 2;
  hit(old, 14, 16);
  call({.late = 2}, 20, 30);
  hit(old, 31, 32);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, WhatIsTiedToAnotherEntryGoesByWhatThatDependsOn) {
  const ValueId outer = value(6, 10), between = value(2, 20);
  hit(between, 25, 26);
  call({.through = 0b100'0000, .via = 2}, 30, 40);
  hit(outer, 41, 42);
  EXPECT_EQ(fault(), Fault::stale_part);
}

TEST_F(HistoryCheckerTest, WhatWasNotSeenStoredTiesNothing) {
  const ValueId outer = value(6, 10), between = value(2, 20);
  call({.through = 0b100'0000, .via = 2}, 30, 40);
  hit(between, 35, 36);
  hit(outer, 41, 42);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, AnOldVersionIsNotFoundOnceAnotherIsCurrent) {
  const ValueId old = value(7, 50);
  made(old).model = 3;
  call({.version = Reach::Version::model}, 20, 30).model = 4;
  hit(old, 60, 61);
  EXPECT_EQ(fault(), Fault::old_version);
}

TEST_F(HistoryCheckerTest, WhoAsksForAVersionGetsThatVersion) {
  const ValueId made_with = value(7, 50);
  made(made_with).model = 3;
  Operation& read = hit(made_with, 60, 61);
  read.origin = Origin::loaded;
  read.model = 4;
  EXPECT_EQ(fault(), Fault::old_version);
}

TEST_F(HistoryCheckerTest, WhoAnnouncesAnOldPolicyVersionFindsNothing) {
  call({.version = Reach::Version::policy}, 20, 30).policy = 4;
  hit(value(5, 50), 60, 61).policy = 3;
  EXPECT_EQ(fault(), Fault::old_version);
}

TEST_F(HistoryCheckerTest, AThirdLoadBesideTwoIsSeen) {
  call(of(0b10), 1, 100);
  add(Act::load, 1, 10, 50).asked_at = 9;
  add(Act::load, 1, 11, 51).asked_at = 9;
  EXPECT_EQ(fault(), std::nullopt);
  add(Act::load, 1, 12, 52).asked_at = 9;
  EXPECT_EQ(fault(), Fault::third_load);
}

TEST_F(HistoryCheckerTest, ASecondLoadNeedsACause) {
  history_.terms.keeps_everything = true;
  add(Act::load, 1, 10, 50).asked_at = 9;
  add(Act::load, 1, 20, 51).asked_at = 15;
  EXPECT_EQ(fault(), Fault::needless_load);
  call(of(0b10), 12, 18);
  EXPECT_EQ(fault(), std::nullopt);
}

// Found by the simulation: a key was named as a dependency for the first time, while a load was under way that had not named it.
TEST_F(HistoryCheckerTest, ThatAKeyIsNamedForTheFirstTimeIsACauseOnceForEachNamespace) {
  history_.terms.keeps_everything = true;
  history_.tied_to[3] = 0b10;
  for (const Stamp begin : {10U, 110U}) {
    add(Act::load, 1, begin, begin + 40).asked_at = begin - 1;
    add(Act::load, 1, begin + 10, begin + 41).asked_at = begin + 5;
    EXPECT_EQ(fault(), std::nullopt);
  }
  add(Act::load, 1, 210, 250).asked_at = 209;
  add(Act::load, 1, 220, 251).asked_at = 215;
  EXPECT_EQ(fault(), Fault::needless_load);
}

TEST_F(HistoryCheckerTest, WhatWasStoredIsNotMissedWithoutACause) {
  history_.terms.keeps_everything = true;
  hit(value(1, 10), 11, 12);
  add(Act::read, 1, 20, 21);
  EXPECT_EQ(fault(), Fault::lost);
}

TEST_F(HistoryCheckerTest, NorIsItLostIfSomethingMayHaveHitIt) {
  history_.terms.keeps_everything = true;
  hit(value(1, 10), 11, 12);
  call(of(0b10), 15, 30);
  add(Act::read, 1, 20, 21);
  EXPECT_EQ(fault(), std::nullopt);
}

class ExpiredHistoryTest : public HistoryCheckerTest {
 protected:
  ExpiredHistoryTest() {
    history_.terms.serves_stale = true;
    history_.terms.keeps_expired = true;
    hit(stored_, 11, 12);
  }
  Operation& miss(Stamp start) { return add(Act::read, 1, start, start + 1); }

  const ValueId stored_ = value(1, 10);
};

TEST_F(ExpiredHistoryTest, WhatOnlyExpiredIsNotMissed) {
  call(of(0b10), 20, 30, Mode::expire);
  miss(31);
  EXPECT_EQ(fault(), Fault::removed);
}

TEST_F(ExpiredHistoryTest, NorIsItLoadedInTheForeground) {
  call(of(0b10), 20, 30, Mode::expire);
  Operation& read = miss(31);
  read.value = value(1, 32);
  read.origin = Origin::loaded;
  EXPECT_EQ(fault(), Fault::removed);
}

TEST_F(ExpiredHistoryTest, WhereItsTimeMayBeOverNothingIsProven) {
  history_.terms.keeps_expired = false;
  miss(31);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ExpiredHistoryTest, WhatMayHaveBeenRemovedMayBeMissed) {
  call(of(0b10), 15, 20);
  miss(25);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ExpiredHistoryTest, AlsoWhileItIsBeingRemoved) {
  call({.perhaps = 0b10}, 20, 30);
  miss(25);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ExpiredHistoryTest, ARemovalOfAnotherKeyIsNoExcuse) {
  call(of(0b100), 15, 20);
  miss(25);
  EXPECT_EQ(fault(), Fault::removed);
}

TEST_F(ExpiredHistoryTest, AKeyThatIsMadeOfOthersProvesNothing) {
  made(value(1, 40)).parts[0] = {.kind = Part::Kind::nothing, .key = 4, .since = 10};
  miss(31);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ExpiredHistoryTest, WhoAsksForAVersionMayMissIt) {
  miss(31).policy = 2;
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(ExpiredHistoryTest, SoMayWhoAsksForTheCurrentOneWhenThatHasChanged) {
  Reach renews = of(0b10);
  renews.renewed = 0b10;
  call(renews, 20, 30, Mode::expire);
  miss(31);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, AHitPastTheDeadlineIsSeen) {
  history_.terms.lifetime = 1000;
  const ValueId old = value(1, 10);
  made(old).stored_by = 5000;
  hit(old, 11, 12).clock = 5999;
  EXPECT_EQ(fault(), std::nullopt);
  hit(old, 13, 14).clock = 6000;
  EXPECT_EQ(fault(), Fault::past_deadline);
}

TEST_F(HistoryCheckerTest, TheValueOfAnotherKeyIsSeen) {
  hit(value(1, 10), 11, 12).key = 2;
  EXPECT_EQ(fault(), Fault::torn);
}

TEST_F(HistoryCheckerTest, WhoJoinedALoadHasItsOwnLabelOnTheValue) {
  hit_after_late_label(12);
  EXPECT_EQ(fault(), Fault::stale_label);
}

TEST_F(HistoryCheckerTest, ALabelThatWasNamedAfterTheCallBeganProvesNothing) {
  hit_after_late_label(21);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, WhatIsLoadedTooSoonAfterACallIsNotKept) {
  history_.terms.hold_off = 100;
  call(of(0b10), 10, 20).clock = 1000;
  const ValueId soon = value(1, 31);
  made(soon).began_by = 1099;
  hit(soon, 40, 41);
  EXPECT_EQ(fault(), Fault::held_off);
  made(soon).began_by = 1100;
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, AVersionThatIsBackBringsNothingBack) {
  history_.terms.version_period = 2;
  Reach version;
  version.version = Reach::Version::model;
  const ValueId first = value(7, 10);
  made(first).model = 1;
  const ValueId third = value(7, 60);
  made(third).model = 3;
  call(version, 20, 30).model = 2;
  call(version, 40, 50).model = 3;
  hit(third, 70, 71);
  EXPECT_EQ(fault(), std::nullopt);
  hit(first, 80, 81);
  EXPECT_TRUE(fault());
}

TEST_F(HistoryCheckerTest, APutThatNothingOverlapsIsStored) {
  history_.terms.keeps_puts = true;
  history_.reaches.push_back(of(0b10));
  history_.names.emplace_back("key");
  add(Act::put, 1, 20, 30, value(1, 30)).done = false;
  EXPECT_EQ(fault(), Fault::refused_put);
  hit(value(2, 10), 25, 26);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, WhatCameAfterItsLeaseHadRunOutIsNotStored) {
  history_.terms.lease = 100;
  const ValueId late = value(1, 10);
  made(late).began_by = 1000;
  made(late).stored_from = 1100;
  hit(late, 20, 21);
  EXPECT_EQ(fault(), Fault::past_deadline);
  made(late).stored_from = 1099;
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(HistoryCheckerTest, ARefreshTakesAlongWhatTheEntryWasGivenBefore) {
  const ValueId first = value(1, 10);
  add(Act::load, 1, 10, 11, first).asked_at = 9;
  add(Act::label, 1, 12, 13).reach = 2;
  const ValueId second = value(1, 20);
  made(second).birth_from = 0;
  add(Act::load, 1, 20, 21, second);
  Reach late;
  late.late = 2;
  call(late, 30, 40);
  hit(second, 41, 42);
  EXPECT_EQ(fault(), Fault::stale_label);
}

}  // namespace
}  // namespace freshet::testing::history
