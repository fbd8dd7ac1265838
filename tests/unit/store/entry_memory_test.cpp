#include "store/entry_memory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace freshet::detail {
namespace {

class EntryMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!rt::kPoolsEntries) GTEST_SKIP() << "each block is allocated by itself here";
  }
  std::vector<void*> allocate(std::size_t count, std::size_t size) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) blocks.push_back(memory_.allocate(size, 8));
    return blocks;
  }
  void release(const std::vector<void*>& blocks, std::size_t size) {
    for (void* block : blocks) memory_.release(block, size, 8);
  }

  EntryMemory memory_;
};

TEST_F(EntryMemoryTest, BlocksAreAlignedAndDoNotOverlap) {
  std::vector<std::pair<char*, std::size_t>> blocks;
  const auto alignment_of = [](std::size_t size) { return std::size_t{1} << size % 5; };
  for (std::size_t size = 1; size <= EntryMemory::kLargest; ++size) {
    char* const block = static_cast<char*>(memory_.allocate(size, alignment_of(size)));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment_of(size), 0u) << size;
    std::memset(block, static_cast<int>(size % 251), size);
    blocks.emplace_back(block, size);
  }
  for (const auto& [block, size] : blocks) {
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(block[i], static_cast<char>(size % 251));
    memory_.release(block, size, alignment_of(size));
  }
}

TEST_F(EntryMemoryTest, WhatWasTakenBackIsGivenOutAgainBeforeNewBlocksAreCut) {
  const std::vector<void*> first = allocate(1000, 300);
  release(first, 300);
  const std::vector<void*> second = allocate(1000, 300);
  EXPECT_EQ(std::set<void*>(first.begin(), first.end()),
            std::set<void*>(second.begin(), second.end()));
  release(second, 300);
}

TEST_F(EntryMemoryTest, AThreadThatHasRunOutTakesWhatAnotherHas) {
  const std::vector<void*> first = allocate(1000, 300);
  const std::set<void*> known(first.begin(), first.end());
  release(first, 300);
  std::size_t taken = 0;
  std::thread([&] {
    const std::vector<void*> second = allocate(900, 300);
    for (void* block : second) taken += known.count(block);
    release(second, 300);
  }).join();
  EXPECT_EQ(taken, 900u);
}

TEST_F(EntryMemoryTest, ABlockOfOneSizeIsNotGivenOutForAnother) {
  void* const small = memory_.allocate(112, 8);
  memory_.release(small, 112, 8);
  void* const large = memory_.allocate(113, 8);
  EXPECT_NE(large, small);
  void* const again = memory_.allocate(105, 8);  // the same eight
  EXPECT_EQ(again, small);
  memory_.release(large, 113, 8);
  memory_.release(again, 105, 8);
}

TEST_F(EntryMemoryTest, LargeAndStrictlyAlignedBlocksHaveTheAlignmentThatWasAskedFor) {
  void* const large = memory_.allocate(EntryMemory::kLargest + 1, 8);
  void* const strict = memory_.allocate(64, 256);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(strict) % 256, 0u);
  memory_.release(large, EntryMemory::kLargest + 1, 8);
  memory_.release(strict, 64, 256);
}

// Under ThreadSanitizer this is also about what was written to a block before it changed hands.
TEST_F(EntryMemoryTest, ThreadsThatTakeAndGiveBlocksNeverHaveOneAtOnce) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kRounds = 2000;
  std::vector<std::thread> threads;
  std::vector<std::size_t> torn(kThreads);
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &torn] {
      std::vector<std::size_t*> held;
      for (std::size_t i = 0; i < kRounds; ++i) {
        auto* const block = static_cast<std::size_t*>(memory_.allocate(200, 8));
        *block = thread;
        held.push_back(block);
        if (i % 3 == thread % 3) continue;  // some hold more and more
        for (std::size_t* one : held) {
          torn[thread] += *one == thread ? 0U : 1U;
          memory_.release(one, 200, 8);
        }
        held.clear();
      }
      for (std::size_t* one : held) memory_.release(one, 200, 8);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, std::vector<std::size_t>(kThreads));
}

}  // namespace
}  // namespace freshet::detail
