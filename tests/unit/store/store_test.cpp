#include "support/pause_point.hpp"
#include "support/store_fixture.hpp"

namespace freshet::detail {
namespace {

using namespace std::chrono_literals;

class StoreTest : public StoreFixture {
 protected:
  StoreTest() { make_store(Eviction::lru, {.entries = 100, .bytes = 0}); }
};

TEST_F(StoreTest, AStoredValueIsFoundUnderItsNameOnly) {
  EXPECT_EQ(put("a", "alpha"), StoreOutcome::stored);
  EXPECT_EQ(get("a"), "alpha");
  EXPECT_EQ(get("b"), "");
  const LabelRef elsewhere = freshness_.pin(LabelKind::name_space, "settings");
  EXPECT_FALSE(store_->find(KeyRef(*elsewhere, "a"), now_));
}

TEST_F(StoreTest, AnEntryIsAMissFromItsHardDeadlineOnAndLeavesAtOnce) {
  put("a", "alpha", {}, now_ + 5min);
  now_ += 5min - 1ns;
  EXPECT_EQ(get("a"), "alpha");
  now_ += 1ns;
  EXPECT_EQ(get("a"), "");
  EXPECT_EQ(take_removed(), (Removed{{"a", RemovalCause::expired}}));
  EXPECT_EQ(store_->holdings().entries, 0u);
}

TEST_F(StoreTest, ExpireFreesWhatIsDueAndNothingElse) {
  put("soon", "x", {}, now_ + 1s);
  put("later", "x", {}, now_ + 2s);
  put("never", "x");
  EXPECT_EQ(store_->expire(now_), 0u);
  now_ += 1s;
  EXPECT_EQ(store_->expire(now_), 1u);
  EXPECT_EQ(take_removed(), (Removed{{"soon", RemovalCause::expired}}));
  EXPECT_EQ(store_->holdings().entries, 2u);
}

TEST_F(StoreTest, ADeadEntryIsEvictedBeforeALiveOne) {
  make_store(Eviction::lru, {.entries = 2, .bytes = 0});
  put("old", "x");
  put("due", "x", {}, now_ + 1s);
  now_ += 1s;
  put("new", "x");
  EXPECT_EQ(take_removed(), (Removed{{"due", RemovalCause::expired}}));
  EXPECT_EQ(get("old"), "x");
}

TEST_F(StoreTest, AWriteFreesASliceOfWhatIsDueAndLeavesTheRestToTheSweep) {
  make_store(Eviction::lru, {.entries = 1'000, .bytes = 0});
  put("old", "x");
  for (int i = 1; i < 1'000; ++i) put(std::to_string(i), "x", {}, now_ + 1s);
  now_ += 1s;
  put("new", "x");
  const Removed removed = take_removed();
  EXPECT_GE(removed.size(), 1u);
  EXPECT_LE(removed.size(), 16u);
  for (const auto& [name, cause] : removed) EXPECT_EQ(cause, RemovalCause::expired);
  EXPECT_EQ(store_->sweep(now_, 0), 999 - removed.size());
  EXPECT_EQ(store_->holdings().entries, 2u);
}

TEST_F(StoreTest, AWriteThatNeedsMuchRoomFreesAllThatIsDueBeforeItEvicts) {
  make_store(Eviction::lru, {.entries = 1'000, .bytes = 100'000});
  put("old", std::string(1'000, 'v'));
  for (int i = 1; i < 60; ++i) put(std::to_string(i), std::string(1'000, 'v'), {}, now_ + 1s);
  now_ += 1s;
  EXPECT_EQ(put("large", std::string(90'000, 'v')), StoreOutcome::stored);
  for (const auto& [name, cause] : take_removed()) EXPECT_EQ(cause, RemovalCause::expired);
  EXPECT_NE(get("old"), "");
}

TEST_F(StoreTest, AWriteLooksAtFewOfTheEntriesWhoseTimeMayBeOver) {
  make_store(Eviction::lru, {.entries = 1'000, .bytes = 0});
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = std::to_string(i);
    const EntryRef idle =
        Entry::create(key(name), {space_}, freshness_.revision(), now_, Deadlines{.idle = 1s},
                      erase(*std::make_unique<std::string>("x")));
    store_->put(idle, key(name), now_);
  }
  now_ += 999ms;
  for (int i = 0; i < 1'000; ++i) get(std::to_string(i));
  now_ += 1ms;  // due where they stand in the index, and alive
  put("new", "x");
  EXPECT_EQ(take_removed().size(), 1u) << "for room; no other was dead";
  now_ += 999ms;
  put("newer", "x");
  EXPECT_EQ(take_removed().size(), 16u) << "as many as one write looks at";
}

// docs/design/engine.md has a line for each field.
TEST_F(StoreTest, AnEntryIsAsLargeAsItsTableOfFieldsSays) {
  EXPECT_EQ(sizeof(Entry), 128u);
  EXPECT_EQ(sizeof(EntryExtra), 88u);
  EXPECT_EQ(sizeof(RecencyNode), 32u);
}

TEST_F(StoreTest, TheLimitOnEntriesHolds) {
  make_store(Eviction::lru, {.entries = 3, .bytes = 0});
  for (int i = 0; i < 10; ++i) put(std::to_string(i), "x");
  EXPECT_EQ(store_->holdings().entries, 3u);
  EXPECT_EQ(take_removed().size(), 7u);
}

TEST_F(StoreTest, TheLimitOnBytesHoldsAndCountsKeysAndValues) {
  const std::string value(1000, 'v');
  make_store(Eviction::lru, {.entries = 100, .bytes = 5000});
  for (int i = 0; i < 10; ++i) put("key" + std::to_string(i), value);
  const Holdings holdings = store_->holdings();
  EXPECT_EQ(holdings.entries, 4u);
  EXPECT_EQ(holdings.bytes, 4 * (4 + SizeOf<std::string>::bytes(value)));
}

TEST_F(StoreTest, AValueLargerThanTheStoreIsRefusedAndTheOldOneIsNotTrueAnyMore) {
  make_store(Eviction::lru, {.entries = 100, .bytes = 500});
  put("a", "small");
  put("b", "small");
  EXPECT_EQ(put("a", std::string(1000, 'v')), StoreOutcome::too_large);
  EXPECT_EQ(get("a"), "");
  EXPECT_EQ(get("b"), "small");
}

TEST_F(StoreTest, AReplacementThatIsLargerMakesRoom) {
  make_store(Eviction::lru, {.entries = 100, .bytes = 3000});
  for (const char* name : {"a", "b", "c"}) put(name, std::string(700, 'v'));
  put("c", std::string(1500, 'v'));
  EXPECT_LE(store_->holdings().bytes, 3000u);
  EXPECT_EQ(get("c").size(), 1500u);
  EXPECT_EQ(get("a"), "");
}

TEST_F(StoreTest, RemoveSaysWhetherSomethingFreshWasThere) {
  put("a", "alpha", {}, now_ + 1s);
  EXPECT_TRUE(store_->invalidate(key("a"), Mode::remove, now_));
  EXPECT_FALSE(store_->invalidate(key("a"), Mode::remove, now_));
  put("a", "alpha", {}, now_ + 1s);
  now_ += 1s;
  EXPECT_FALSE(store_->invalidate(key("a"), Mode::remove, now_)) << "an expired entry is not there";
}

TEST_F(StoreTest, AnEntryOfARaisedLabelIsUnreachableAndFreedByWhoeverFindsIt) {
  put("a", "alpha", {"users"});
  put("b", "beta");
  raise(LabelKind::tag, "users");
  EXPECT_EQ(get("a"), "");
  EXPECT_EQ(take_removed(), (Removed{{"a", RemovalCause::label}}));
  EXPECT_EQ(get("b"), "beta");
}

// Keys: a fill compares, under the lock of the key's shard, the sequence that its load noted.
TEST_F(StoreTest, AFillIsRefusedIfItsKeyWasWrittenMeanwhile) {
  for (const auto& write : std::vector<std::function<void()>>{
           [&] { put("a", "written"); },
           [&] { store_->invalidate(key("a"), Mode::remove, now_); },
       }) {
    const std::uint64_t sequence = freshness_.keys().sequence(key("a").hash);
    const EntryRef loaded = entry("a", "loaded");
    write();
    EXPECT_EQ(store_->fill(loaded, key("a"), sequence, now_), StoreOutcome::refused_key_changed);
    EXPECT_NE(get("a"), "loaded");
  }
}

TEST_F(StoreTest, AFillIsRefusedIfALabelWasRaisedMeanwhile) {
  const std::uint64_t sequence = freshness_.keys().sequence(key("a").hash);
  const EntryRef loaded = entry("a", "loaded", {"users"});
  raise(LabelKind::tag, "users");
  EXPECT_EQ(store_->fill(loaded, key("a"), sequence, now_), StoreOutcome::refused_invalidated);
}

// The judgement of a fill and its insertion are one step for its key (the lock). A raise of a label may come between them:
// then `checked` is older than `published`, and the first reader finds the entry dead.
TEST_F(StoreTest, ARaiseBetweenTheJudgementOfAFillAndItsInsertionIsFoundByTheFirstReader) {
  const std::uint64_t sequence = freshness_.keys().sequence(key("a").hash);
  const EntryRef loaded = entry("a", "loaded", {"users"});
  testing::PausePoint pause("fill_judged_before_insert",
                            [this] { raise(LabelKind::tag, "users"); });
  EXPECT_EQ(store_->fill(loaded, key("a"), sequence, now_), StoreOutcome::stored);
  EXPECT_TRUE(pause.reached());
  EXPECT_EQ(get("a"), "");
}

TEST_F(StoreTest, AFillNeverReplacesAValueOfHigherBirth) {
  const std::uint64_t sequence = freshness_.keys().sequence(key("a").hash);
  const EntryRef older = entry("a", "older");
  raise(LabelKind::tag, "unrelated");
  const EntryRef newer = entry("a", "newer");
  EXPECT_EQ(store_->fill(newer, key("a"), sequence, now_), StoreOutcome::stored);
  EXPECT_EQ(store_->fill(older, key("a"), sequence, now_), StoreOutcome::refused_older);
  EXPECT_EQ(get("a"), "newer");
}

TEST_F(StoreTest, APutIsBornWhenItTakesTheLockAndNotBefore) {
  const EntryRef value = entry("a", "alpha", {"users"});
  const Revision raised =
      raise(LabelKind::tag, "users");  // between the making of the value and the put
  EXPECT_EQ(store_->put(value, key("a"), now_), StoreOutcome::stored);
  EXPECT_EQ(entry_of(value).carrier().birth(), raised);
  EXPECT_EQ(get("a"), "alpha");
}

TEST_F(StoreTest, AttachedLabelsCountFromWhenTheyWereJoined) {
  put("a", "alpha");
  raise(LabelKind::tag, "late");
  const std::vector<LabelRef> late{freshness_.pin(LabelKind::tag, "late")};
  EXPECT_TRUE(store_->attach(key("a"), late, now_));
  EXPECT_FALSE(store_->attach(key("missing"), late, now_));
  EXPECT_EQ(get("a"), "alpha");
  EXPECT_EQ(store_->holdings().tagged, 1u);
  raise(LabelKind::tag, "late");
  EXPECT_EQ(get("a"), "");
  EXPECT_EQ(store_->holdings().tagged, 0u);
}

TEST_F(StoreTest, ASweepFreesTheDeadInStepsAndCostsNothingWhenThereAreNone) {
  for (int i = 0; i < 20; ++i) put(std::to_string(i), "x", {i % 2 == 0 ? "even" : "odd"});
  raise(LabelKind::tag, "even");
  EXPECT_FALSE(store_->settled(now_));
  std::size_t freed = 0;
  for (int step = 0; step < 4; ++step) freed += store_->sweep(now_, 5);
  EXPECT_EQ(freed, 10u);
  EXPECT_EQ(store_->holdings().entries, 10u);
  EXPECT_TRUE(store_->settled(now_));
  EXPECT_EQ(freshness_.live_labels(LabelKind::tag), 1u) << "the dead let go of their label";
}

TEST_F(StoreTest, ASweepDuringWhichTheTableGrowsAndShrinksFindsAllTheDead) {
  make_store(Eviction::lru, {.entries = 100'000, .bytes = 0});
  for (int i = 0; i < 300; ++i) put(std::to_string(i), "x", {i % 2 == 0 ? "even" : "odd"});
  raise(LabelKind::tag, "even");
  std::size_t freed = 0;
  for (int i = 300; i < 3000; ++i) {
    put(std::to_string(i), "x");
    freed += store_->sweep(now_, 2);
  }
  for (int i = 300; i < 3000; ++i) {
    store_->invalidate(key(std::to_string(i)), Mode::remove, now_);
    freed += store_->sweep(now_, 2);
  }
  for (int step = 0; step < 1000 && !store_->settled(now_); ++step) freed += store_->sweep(now_, 2);
  EXPECT_EQ(freed, 150u);
  EXPECT_TRUE(store_->settled(now_));
  EXPECT_EQ(store_->holdings().entries, 150u);
}

TEST_F(StoreTest, ASweepFindsWhatWasStoredBetweenTwoRounds) {
  put("a", "x", {"users"});
  raise(LabelKind::tag, "users");
  store_->sweep(now_, SIZE_MAX);
  put("b", "x", {"users"});
  raise(LabelKind::tag, "users");
  EXPECT_EQ(store_->sweep(now_, SIZE_MAX), 1u);
}

TEST_F(StoreTest, ARaiseDuringARoundIsFoundByTheNext) {
  for (int i = 0; i < 10; ++i) put(std::to_string(i), "x", {"users"});
  raise(LabelKind::name_space, "elsewhere");
  const LabelRef pinned = freshness_.pin(LabelKind::tag, "other");
  raise(LabelKind::tag, "other");  // live, so a round begins
  store_->sweep(now_, 5);
  raise(LabelKind::tag, "users");  // five have been looked at already
  std::size_t freed = 0;
  for (int step = 0; step < 5; ++step) freed += store_->sweep(now_, 5);
  EXPECT_EQ(freed, 10u);
  EXPECT_TRUE(store_->settled(now_));
}

TEST_F(StoreTest, ASweepWithoutALimitSettlesAlsoWhereARoundWasOpen) {
  for (int i = 0; i < 10; ++i) put(std::to_string(i), "x", {"users"});
  const LabelRef pinned = freshness_.pin(LabelKind::tag, "other");
  raise(LabelKind::tag, "other");
  store_->sweep(now_, 5);
  raise(LabelKind::tag, "users");
  EXPECT_EQ(store_->sweep(now_, SIZE_MAX), 10u);
  EXPECT_TRUE(store_->settled(now_));
}

TEST_F(StoreTest, AHandleKeepsItsValueAfterTheEntryLeft) {
  put("a", "alpha", {"users"});
  EntryRef held = store_->find(key("a"), now_).entry;
  store_->invalidate(key("a"), Mode::remove, now_);
  store_.reset();
  EXPECT_EQ(*static_cast<const std::string*>(held->value()), "alpha");
  EXPECT_EQ(freshness_.live_labels(LabelKind::tag), 1u)
      << "labels are given up when the entry is reclaimed";
  held = {};
  EXPECT_EQ(freshness_.live_labels(LabelKind::tag), 0u);
}

TEST_F(StoreTest, AClosedStoreIsEmptyAndRefuses) {
  put("a", "alpha");
  store_->close();
  EXPECT_EQ(get("a"), "");
  EXPECT_EQ(put("a", "alpha"), StoreOutcome::closed);
  EXPECT_EQ(freshness_.resident(LabelName(LabelKind::root, {})), 0u);
}

TEST_F(StoreTest, SmallStoresHaveOneShardAndSharesAddUp) {
  EXPECT_EQ(make_store(Eviction::lru, {.entries = 1, .bytes = 0}).shard_count(), 1u);
  EXPECT_EQ(make_store(Eviction::lru, {.entries = 2047, .bytes = 0}).shard_count(), 1u);
  EXPECT_EQ(make_store(Eviction::lru, {.entries = 2048, .bytes = 0}).shard_count(), 2u);
  EXPECT_EQ(make_store(Eviction::lru, {.entries = 10'000'000, .bytes = 0}).shard_count(), 64u);
  EXPECT_EQ(make_store(Eviction::lru, {.entries = 10'000'000, .bytes = 8 << 20}).shard_count(), 2u);
  Store& store = make_store(Eviction::lru, {.entries = 10'001, .bytes = 0});
  for (int i = 0; i < 40'000; ++i) put(std::to_string(i), "x");
  EXPECT_EQ(store.holdings().entries, 10'001u);
}

TEST_F(StoreTest, AValueThatNeedsMoreAlignmentGetsIt) {
  struct alignas(128) Wide {
    int number = 7;
  };
  Wide wide;
  const EntryRef made =
      Entry::create(key("wide"), {space_}, freshness_.revision(), now_, Deadlines{}, erase(wide));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(made->value()) % 128, 0u);
  EXPECT_EQ(static_cast<const Wide*>(made->value())->number, 7);
}

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&&) { throw std::runtime_error("cannot move"); }
};

TEST_F(StoreTest, AValueThatThrowsWhenMovedLeavesNothingBehind) {
  ThrowsWhenMoved value;
  EXPECT_THROW(
      Entry::create(key("a"), {space_}, freshness_.revision(), now_, Deadlines{}, erase(value)),
      std::runtime_error);
}

}  // namespace
}  // namespace freshet::detail
