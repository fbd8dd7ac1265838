// Each policy against a naive one written from its paper, over random operations: the same keys go, in the same order.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <random>

#include "support/naive_eviction.hpp"
#include "support/naive_tinylfu.hpp"
#include "support/store_fixture.hpp"

namespace freshet::detail {
namespace {

using test::NaiveEviction;
using test::NaiveLru;
using test::NaiveRoom;
using test::NaiveS3Fifo;
using test::NaiveSieve;
using test::NaiveTinyLfu;

/// How a random run goes.
struct Traffic {
  int keys = 120;
  std::size_t largest = 1;  // bytes of a value
};

/// A store of one shard and a naive one beside it, to which the same is done.
class EvictionPolicyTest : public StoreFixture {
 protected:
  void begin(Eviction kind, const NaiveRoom& room) {
    make_store(kind, {.entries = room.entries, .bytes = room.bytes});
    ASSERT_EQ(store_->shard_count(), 1u);
    room_ = room;
    resident_.clear();
    take_removed();
    naive_ = make_naive(kind, room);
  }

  std::unique_ptr<NaiveEviction> make_naive(Eviction kind, const NaiveRoom& room) {
    switch (kind) {
      case Eviction::s3fifo:
        return std::make_unique<NaiveS3Fifo>(room);
      case Eviction::sieve:
        return std::make_unique<NaiveSieve>();
      case Eviction::lru:
        return std::make_unique<NaiveLru>();
      case Eviction::tinylfu:
        return std::make_unique<NaiveTinyLfu>(
            room, [this](const std::string& name) { return key(name).hash; });
    }
    return nullptr;
  }

  void read(const std::string& name) {
    const bool there = resident_.contains(name);
    ASSERT_EQ(get(name) != "", there) << name;
    if (there) naive_->hit(name);
  }

  void write(const std::string& name, std::size_t size) {
    const EntryRef made = entry(name, std::string(size, 'v'));
    const std::uint64_t bytes = entry_of(made).bytes();
    ASSERT_EQ(store_->put(made, key(name), now_), StoreOutcome::stored);
    Removed want;
    if (resident_.contains(name)) {
      naive_->replace(name, bytes);
      want.emplace_back(name, RemovalCause::replaced);
      resident_[name] = bytes;
      make_room({}, want);
    } else {
      naive_->before_insert(name, bytes);
      make_room({1, bytes}, want);
      naive_->insert(name, bytes);
      resident_[name] = bytes;
    }
    Removed removed = take_removed();
    std::reverse(removed.begin(), removed.end());  // a call reports the last first
    ASSERT_EQ(removed, want) << "writing " << name;
    evicted_ += want.size();
  }

  void remove(const std::string& name) {
    ASSERT_EQ(store_->invalidate(key(name), Mode::remove, now_), resident_.contains(name));
    if (resident_.erase(name) > 0) naive_->erase(name);
    take_removed();
  }

  /// 20,000 operations on keys of which some are hot.
  void run(const Traffic& traffic, unsigned seed) {
    std::mt19937 random(seed);
    evicted_ = 0;
    for (int step = 0; step < 20'000 && !HasFatalFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      const double uniform = std::uniform_real_distribution<double>(0, 1)(random);
      const std::string name = std::to_string(static_cast<int>(uniform * uniform * traffic.keys));
      const std::size_t size = 1 + random() % traffic.largest;
      switch (random() % 8) {
        case 0:
          remove(name);
          break;
        case 1:
          write(name, size);
          break;
        default:
          read(name);
          if (!resident_.contains(name)) write(name, size);
      }
      ASSERT_EQ(store_->holdings().entries, resident_.size());
    }
    EXPECT_GT(evicted_, 500u);
  }

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [name, size] : resident_) sum += size;
    return sum;
  }

  void make_room(const NaiveRoom& incoming, Removed& want) {
    while (true) {
      const bool entries_short = resident_.size() + incoming.entries > room_.entries;
      const bool bytes_short = room_.bytes != 0 && bytes() + incoming.bytes > room_.bytes;
      if (!entries_short && !bytes_short) return;
      const std::string victim = naive_->evict(!entries_short);
      resident_.erase(victim);
      want.emplace_back(victim, RemovalCause::capacity);
    }
  }

  NaiveRoom room_;
  std::map<std::string, std::uint64_t> resident_;  // and their bytes
  std::unique_ptr<NaiveEviction> naive_;
  std::size_t evicted_ = 0;
};

class EvictionModelTest : public EvictionPolicyTest,
                          public ::testing::WithParamInterface<Eviction> {};

TEST_P(EvictionModelTest, EvictsWhatTheNaiveOneEvictsWhenEntriesAreShort) {
  for (const std::uint64_t entries : {1, 2, 7, 10, 50}) {
    SCOPED_TRACE(entries);
    begin(GetParam(), {entries, 0});
    run({}, static_cast<unsigned>(entries));
  }
}

TEST_P(EvictionModelTest, EvictsWhatTheNaiveOneEvictsWhenBytesAreShort) {
  for (const std::uint64_t bytes : {2'000, 10'000}) {
    SCOPED_TRACE(bytes);
    begin(GetParam(), {60, bytes});
    run({.largest = 800}, static_cast<unsigned>(bytes));
  }
}

TEST_P(EvictionModelTest, EvictsWhatTheNaiveOneEvictsWhenBothAreShortInTurn) {
  begin(GetParam(), {30, 6'000});
  run({.largest = 400}, 5);
}

INSTANTIATE_TEST_SUITE_P(Policies, EvictionModelTest,
                         ::testing::Values(Eviction::s3fifo, Eviction::sieve, Eviction::lru,
                                           Eviction::tinylfu));

// With a write between any two hits nothing is tied, so this needs none of the definitions of NaiveLru.
TEST_F(EvictionPolicyTest, LruIsExactWhenNoTwoHitsAreOfOneTime) {
  for (const std::size_t room : {2, 7, 50}) {
    make_store(Eviction::lru, {.entries = room, .bytes = 0});
    put("clock", "x");
    std::list<std::string> order{"clock"};  // most recently used last
    std::mt19937 random(static_cast<unsigned>(room));
    for (int step = 0; step < 5'000; ++step) {
      const std::string name = std::to_string(random() % 60 * (random() % 60) / 60);
      const bool hit = std::erase(order, name) > 0;
      if (!hit && order.size() == room) order.pop_front();
      ASSERT_EQ(get(name) != "", hit) << "step " << step;
      if (!hit) put(name, "x");
      put("clock", "x");
      order.remove("clock");
      order.push_back(name);
      order.push_back("clock");
    }
  }
}

TEST_F(EvictionPolicyTest, S3FifoSparesWhatWasReadTwiceFromAScan) {
  make_store(Eviction::s3fifo, {.entries = 20, .bytes = 0});
  for (const char* hot : {"a", "b", "c"}) {
    put(hot, "hot");
    get(hot);
    get(hot);
  }
  for (int i = 0; i < 1000; ++i) put("scan" + std::to_string(i), "cold");
  for (const char* hot : {"a", "b", "c"}) EXPECT_EQ(get(hot), "hot");
}

TEST_F(EvictionPolicyTest, TinyLfuSparesWhatWasReadOftenFromAScan) {
  make_store(Eviction::tinylfu, {.entries = 20, .bytes = 0});
  for (int round = 0; round < 10; ++round) {
    for (const char* hot : {"a", "b", "c"}) {
      if (get(hot).empty()) put(hot, "hot");
    }
  }
  for (int i = 0; i < 1000; ++i) put("scan" + std::to_string(i), "cold");
  for (const char* hot : {"a", "b", "c"}) EXPECT_EQ(get(hot), "hot");
}

TEST_F(EvictionPolicyTest, SievesHandPassesAReplacementInThePlaceOfWhatItReplaced) {
  begin(Eviction::sieve, {4, 0});
  for (const char* name : {"a", "b", "c", "d"}) write(name, 1);
  read("a");
  write("e", 1);  // passes a and evicts b; the hand is at c
  write("c", 1);  // which is marked by that
  read("d");
  write("f", 1);                                       // takes both marks and evicts e
  for (const char* name : {"g", "h"}) write(name, 1);  // evict a and c
  EXPECT_EQ(get("c"), "");
  EXPECT_NE(get("d"), "");
}

TEST_F(EvictionPolicyTest, SievesHandGoesToTheNextNewerWhenTheEntryUnderItLeaves) {
  begin(Eviction::sieve, {4, 0});
  for (const char* name : {"a", "b", "c", "d"}) write(name, 1);
  read("a");
  write("e", 1);  // passes a and evicts b; the hand is at c
  remove("c");
  write("f", 1);  // there is room
  write("g", 1);  // evicts d
  EXPECT_EQ(get("d"), "");
  EXPECT_NE(get("a"), "");
}

// --- Bounds
// ---------------------------------------------------------------------------------------------------------

class EvictionBoundTest : public StoreFixture, public ::testing::WithParamInterface<Eviction> {};

// All are hot: no policy may go through all of them for one insertion, and each evicts one and only one all the same.
TEST_P(EvictionBoundTest, AnInsertionAmongEntriesThatWereAllHitEvictsOne) {
  make_store(GetParam(), {.entries = 2'000, .bytes = 0});
  for (int i = 0; i < 2'000; ++i) put(std::to_string(i), "x");
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 2'000; ++i) get(std::to_string(i));
    put("new" + std::to_string(round), "x");
    ASSERT_EQ(take_removed().size(), 1u);
    ASSERT_EQ(store_->holdings().entries, 2'000u);
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, EvictionBoundTest,
                         ::testing::Values(Eviction::s3fifo, Eviction::sieve, Eviction::lru,
                                           Eviction::tinylfu));

using LookBoundTest = StoreFixture;

// In a queue whose every entry was hit, the one after kMostLooks - 1 that stay is taken.
TEST_F(LookBoundTest, AfterSoManyLooksTheNextInTurnGoesThoughItWasHit) {
  for (const Eviction kind : {Eviction::lru, Eviction::sieve}) {
    make_store(kind, {.entries = 2'000, .bytes = 0});
    for (int i = 0; i < 2'000; ++i) put(std::to_string(i), "x");
    for (int i = 0; i < 2'000; ++i) get(std::to_string(i));
    take_removed();
    put("new", "x");
    EXPECT_EQ(take_removed(), (Removed{{std::to_string(kMostLooks - 1), RemovalCause::capacity}}));
  }
}

}  // namespace
}  // namespace freshet::detail
