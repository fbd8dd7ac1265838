#include "store/entry_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "freshness/freshness.hpp"
#include "support/pause_point.hpp"

namespace freshet::detail {
namespace {

class EntryTableTest : public ::testing::Test {
 protected:
  ~EntryTableTest() override {
    for (const auto& [name, entry] : held_) table_.erase(entry_of(entry), hash_of(entry_of(entry)));
    given_.clear();
  }

  /// From here on the name has this hash.
  KeyRef key(const std::string& name, std::uint64_t hash) const {
    given_[name] = hash;
    return {*space_, name, hash};
  }
  KeyRef key(const std::string& name) const { return {*space_, name}; }

  EntryRef make(const KeyRef& key) const {
    return Entry::create(key, {space_}, Revision{}, Instant{}, {}, erase(value_));
  }
  void insert(const KeyRef& key) {
    const EntryRef entry = make(key);
    table_.insert(entry_of(entry), key.hash);
    held_.emplace(key.key, entry);
  }
  void erase_entry(const std::string& name) {
    table_.erase(entry_of(held_.at(name)), hash_of(entry_of(held_.at(name))));
    held_.erase(name);
  }
  bool found(const KeyRef& key) const {
    const auto place = held_.find(std::string(key.key));
    return table_.find(key) == (place == held_.end() ? nullptr : place->second.get());
  }

  static std::uint64_t hash_of(const Entry& entry) noexcept {
    const auto given = given_.find(std::string(entry.key()));
    return given == given_.end() ? entry.hash() : given->second;
  }

  static inline std::map<std::string, std::uint64_t> given_;
  mutable std::string value_ = "v";
  Freshness freshness_;
  LabelRef space_ = freshness_.pin(LabelKind::name_space, "n");
  Epochs epochs_;
  EntryTable table_{epochs_, &hash_of};
  std::map<std::string, EntryRef> held_;
};

TEST_F(EntryTableTest, AgreesWithAMapWhileItGrowsAndShrinks) {
  std::mt19937 random(7);
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("key:" + std::to_string(i));
  for (const int share : {90, 50, 10, 80, 5}) {  // of insertions, in per cent
    for (int i = 0; i < 6000; ++i) {
      const std::string& name = names[random() % names.size()];
      const bool there = held_.count(name) != 0;
      if (static_cast<int>(random() % 100) < share) {
        if (!there) insert(key(name));
      } else if (there) {
        erase_entry(name);
      }
      ASSERT_EQ(table_.size(), held_.size());
      ASSERT_TRUE(found(key(names[random() % names.size()])));
    }
    std::set<const Entry*> visited;
    table_.for_each([&](Entry& entry) { visited.insert(&entry); });
    EXPECT_EQ(visited.size(), held_.size());
    for (const std::string& name : names) ASSERT_TRUE(found(key(name)));
  }
}

// Nothing is lost for want of a place: a bucket that is full sends on to the next.
TEST_F(EntryTableTest, ManyKeysOfOneBucketAreAllFound) {
  for (std::uint64_t i = 0; i < 100; ++i) insert(key("k" + std::to_string(i), i << 48));
  for (std::uint64_t i = 0; i < 100; i += 2) erase_entry("k" + std::to_string(i));
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_TRUE(found(key("k" + std::to_string(i), i << 48))) << i;
  for (std::uint64_t i = 0; i < 100; i += 2) insert(key("k" + std::to_string(i), i << 48));
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_TRUE(found(key("k" + std::to_string(i), i << 48))) << i;
}

TEST_F(EntryTableTest, EqualHashesAreToldApartByTheirNames) {
  for (int i = 0; i < 20; ++i) insert(key("k" + std::to_string(i), 42));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(found(key("k" + std::to_string(i), 42)));
  EXPECT_EQ(table_.find(key("another", 42)), nullptr);
}

// Keys are compared by words of eight bytes that overlap, long ones by memcmp.
TEST_F(EntryTableTest, NamesOfEveryLengthAreToldApartByEveryByte) {
  for (std::size_t size = 1; size <= 80; ++size) {
    const std::string name(size, 'k');
    insert(key(name, 7));
    ASSERT_TRUE(found(key(name, 7))) << size;
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = name;
      other[at] = 'x';
      ASSERT_TRUE(found(key(other, 7))) << size << " " << at;  // that is, it is not there
    }
  }
}

TEST_F(EntryTableTest, AReplacementIsFoundInThePlaceOfWhatWasThere) {
  for (int i = 0; i < 50; ++i) insert(key(std::to_string(i)));
  const EntryRef next = make(key("7"));
  table_.replace(entry_of(held_.at("7")), entry_of(next), key("7").hash);
  held_.at("7") = next;
  EXPECT_TRUE(found(key("7")));
  EXPECT_EQ(table_.size(), 50u);
}

TEST_F(EntryTableTest, AReaderFindsAnEntryThatIsInBothTables) {
  int looked = 0;
  const testing::PausePoint pause("entry_in_both_tables", [&] {
    for (const auto& [name, entry] : held_) looked += table_.find(key(name)) == entry.get() ? 1 : 0;
  });
  std::size_t before = 0;
  for (int i = 0; !pause.reached(); ++i) {
    before = held_.size();
    insert(key(std::to_string(i)));
  }
  EXPECT_EQ(static_cast<std::size_t>(looked), before);
}

// It read in the older table, where the entry was not any more, and the newer one has passed it on since.
TEST_F(EntryTableTest, AReaderThatIsOvertakenByTwoMovesLooksAgain) {
  int i = 0;
  const auto grow = [&] {
    const std::size_t wanted = held_.size() * 3;
    while (held_.size() < wanted) insert(key(std::to_string(i++)));
  };
  for (; i < 12; ++i) insert(key(std::to_string(i)));
  const std::set<std::string> there = [&] {
    std::set<std::string> names;
    for (const auto& [name, entry] : held_) names.insert(name);
    return names;
  }();
  for (const std::string& name : there) {
    bool moving = false;
    {
      const testing::PausePoint probe("older_table_read", [&] { moving = true; });
      while (!moving) {
        insert(key(std::to_string(i++)));
        table_.find(key("nobody"));
      }
    }
    const testing::PausePoint pause("older_table_read", grow);
    const Epochs::Section section(epochs_);
    EXPECT_EQ(table_.find(key(name)), held_.at(name).get()) << name;
  }
}

TEST_F(EntryTableTest, AScanSeesAllThatWereThereFromItsBeginningToItsEnd) {
  for (int i = 0; i < 600; ++i) insert(key(std::to_string(i)));
  while (table_.is_moving()) table_.move_some(1);
  EntryTable::Scan scan = table_.begin_scan();
  std::set<std::string> wanted;
  for (const auto& [name, entry] : held_) wanted.insert(name);
  std::set<std::string> seen;
  int next = 600;
  while (Entry* const entry = table_.at(scan)) {
    EXPECT_TRUE(seen.emplace(entry->key()).second) << "seen twice";
    ++scan.slot;
    const std::string gone = std::to_string(next - 600);  // one leaves, one comes
    erase_entry(gone);
    wanted.erase(gone);
    insert(key(std::to_string(next++)));
    ASSERT_TRUE(table_.is_current(scan));
    if (wanted.empty()) break;
  }
  EXPECT_FALSE(seen.empty());
  for (const std::string& name : wanted) EXPECT_EQ(seen.count(name), 1u) << name;
}

TEST_F(EntryTableTest, AScanIsOverWhenTheTableGrowsOrShrinks) {
  for (int i = 0; i < 100; ++i) insert(key(std::to_string(i)));
  while (table_.is_moving()) table_.move_some(1);
  const EntryTable::Scan before_growth = table_.begin_scan();
  for (int i = 100; i < 1000; ++i) insert(key(std::to_string(i)));
  EXPECT_FALSE(table_.is_current(before_growth));
  while (table_.is_moving()) table_.move_some(1);
  const EntryTable::Scan before_shrinking = table_.begin_scan();
  for (int i = 0; i < 990; ++i) erase_entry(std::to_string(i));
  EXPECT_FALSE(table_.is_current(before_shrinking));
}

TEST_F(EntryTableTest, AMoveIsBoundedAndComesToAnEnd) {
  for (int i = 0; !table_.is_moving(); ++i) insert(key(std::to_string(i)));
  while (held_.size() < 1000 || !table_.is_moving())
    insert(key("more" + std::to_string(held_.size())));
  std::size_t moved = 0;
  while (table_.is_moving()) {
    const std::size_t now = table_.move_some(3);
    EXPECT_LE(now, 3u);
    moved += now;
  }
  EXPECT_GT(moved, 0u);
  EXPECT_EQ(table_.move_some(3), 0u);
  for (const auto& [name, entry] : held_) EXPECT_TRUE(found(key(name)));
}

TEST_F(EntryTableTest, AVisitIsBounded) {
  for (int i = 0; i < 1000; ++i) insert(key(std::to_string(i)));
  std::size_t visited = 0;
  table_.visit(10, SIZE_MAX, [&](Entry&) { ++visited; });
  EXPECT_EQ(visited, 10u);
  visited = 0;
  table_.visit(SIZE_MAX, 2, [&](Entry&) { ++visited; });
  EXPECT_LE(visited, 2 * rt::kSlotsOfBucket);
}

}  // namespace
}  // namespace freshet::detail
