#include "store/ghost_table.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace freshet::detail {
namespace {

class GhostTableTest : public ::testing::Test {
 protected:
  std::uint64_t any_hash() { return random_(); }
  std::vector<std::uint64_t> add(std::size_t count) {
    std::vector<std::uint64_t> hashes;
    for (std::size_t i = 0; i < count; ++i) {
      hashes.push_back(any_hash());
      ghosts_.add(hashes.back());
    }
    return hashes;
  }

  GhostTable ghosts_;
  std::mt19937_64 random_{7};
};

TEST_F(GhostTableTest, RemembersNothingBeforeItHasRoom) {
  ghosts_.add(1);
  EXPECT_FALSE(ghosts_.take(1, 10));
}

TEST_F(GhostTableTest, AKeyIsTakenOnce) {
  ghosts_.fit(10);
  ghosts_.add(42);
  EXPECT_FALSE(ghosts_.take(43, 10));
  EXPECT_TRUE(ghosts_.take(42, 10));
  EXPECT_FALSE(ghosts_.take(42, 10));
}

TEST_F(GhostTableTest, AKeyIsRememberedUntilAWindowOfOthersWasAdded) {
  ghosts_.fit(3);
  for (const std::uint64_t key : {1, 2, 3, 4}) ghosts_.add(key << 32);
  EXPECT_FALSE(ghosts_.take(std::uint64_t{1} << 32, 3));
  for (const std::uint64_t key : {2, 3, 4}) EXPECT_TRUE(ghosts_.take(key << 32, 3)) << key;
}

TEST_F(GhostTableTest, AKeyThatIsAddedAgainIsAsNewAsTheSecondTime) {
  ghosts_.fit(2);
  for (const std::uint64_t key : {1, 2, 1, 3}) ghosts_.add(key << 32);
  EXPECT_TRUE(ghosts_.take(std::uint64_t{1} << 32, 2));
}

TEST_F(GhostTableTest, ForgetsFewOfALargeWindowTooSoon) {
  constexpr std::size_t kWindow = 100'000;
  ghosts_.fit(kWindow);
  add(kWindow);
  const std::vector<std::uint64_t> last = add(kWindow);
  std::size_t taken = 0;
  for (const std::uint64_t hash : last) taken += ghosts_.take(hash, kWindow) ? 1 : 0;
  EXPECT_GT(taken, kWindow * 98 / 100);
  EXPECT_LT(taken, kWindow) << "none was lost: is a bucket larger than it says?";
}

TEST_F(GhostTableTest, TakesNoStrangerForAGhost) {
  ghosts_.fit(100'000);
  add(100'000);
  for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(ghosts_.take(any_hash(), 100'000));
}

TEST_F(GhostTableTest, GrowsWhenItHasLessThanHalfOfTheRoomWanted) {
  ghosts_.fit(1'000);
  ghosts_.add(42);
  ghosts_.fit(1'900);
  EXPECT_TRUE(ghosts_.take(42, 1'900)) << "kept";
  ghosts_.add(42);
  ghosts_.fit(10'000);
  EXPECT_FALSE(ghosts_.take(42, 10'000)) << "forgotten";
}

}  // namespace
}  // namespace freshet::detail
