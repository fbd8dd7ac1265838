// Each policy against a naive one written from its paper, over random operations.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <set>

#include "support/store_fixture.hpp"

namespace freshet::detail {
namespace {

// What a policy has to decide, as slowly and plainly as possible.
class NaivePolicy {
 public:
  virtual ~NaivePolicy() = default;
  virtual void hit(int key) = 0;
  virtual void insert(int key) = 0;  // evicts first if full
  virtual void remove(int key) = 0;
  virtual std::set<int> contents() const = 0;
};

class NaiveLru : public NaivePolicy {
 public:
  explicit NaiveLru(std::size_t room) : room_(room) {}
  void hit(int key) override {
    order_.remove(key);
    order_.push_back(key);
  }
  void insert(int key) override {
    if (order_.size() == room_) order_.pop_front();
    order_.push_back(key);
  }
  void remove(int key) override { order_.remove(key); }
  std::set<int> contents() const override { return {order_.begin(), order_.end()}; }

 private:
  std::size_t room_;
  std::list<int> order_;
};

class NaiveS3Fifo : public NaivePolicy {
 public:
  explicit NaiveS3Fifo(std::size_t room)
      : room_(room), main_room_(room - std::max<std::size_t>(1, room / 10)) {}

  void hit(int key) override { count_[key] = std::min(3, count_[key] + 1); }

  void insert(int key) override {
    const bool comes_back = std::find(ghost_.begin(), ghost_.end(), key) != ghost_.end();
    ghost_.remove(key);  // before room is made, which may push it out
    if (small_.size() + main_.size() == room_) evict();
    count_[key] = 0;
    (comes_back ? main_ : small_).push_back(key);
  }

  void remove(int key) override {
    small_.remove(key);
    main_.remove(key);
  }

  std::set<int> contents() const override {
    std::set<int> all(small_.begin(), small_.end());
    all.insert(main_.begin(), main_.end());
    return all;
  }

 private:
  void evict() {
    while (true) {
      const bool from_main = main_.size() > main_room_ || small_.empty();
      std::list<int>& queue = from_main ? main_ : small_;
      const int oldest = queue.front();
      queue.pop_front();
      if (from_main && count_[oldest]-- == 0) return;
      if (!from_main) {
        if (count_[oldest] < 2) {
          ghost_.push_back(oldest);
          if (ghost_.size() > main_room_) ghost_.pop_front();
          return;
        }
        count_[oldest] = 0;
      }
      main_.push_back(oldest);
    }
  }

  std::size_t room_;
  std::size_t main_room_;
  std::list<int> small_, main_, ghost_;  // oldest first
  std::map<int, int> count_;
};

class EvictionPolicyTest : public StoreFixture {
 protected:
  void compare(Eviction kind, NaivePolicy& naive, std::size_t room, int keys, unsigned seed) {
    Store& store = make_store(kind, {.entries = room, .bytes = 0});
    std::mt19937 random(seed);
    // Squaring favours low keys, so that some are hot.
    const auto any_key = [&] {
      const double uniform = std::uniform_real_distribution<double>(0, 1)(random);
      return static_cast<int>(uniform * uniform * keys);
    };
    for (int step = 0; step < 20'000; ++step) {
      const int number = any_key();
      const std::string name = std::to_string(number);
      const bool resident = naive.contents().count(number) > 0;
      switch (random() % 8) {
        case 0:
          ASSERT_EQ(store.invalidate(key(name), Mode::remove, now_), resident);
          naive.remove(number);
          break;
        case 1:
          put(name, "written");
          resident ? naive.hit(number) : naive.insert(number);
          break;
        default:
          ASSERT_EQ(get(name) != "", resident) << "step " << step << ", key " << number;
          if (resident) {
            naive.hit(number);
          } else {
            put(name, "loaded");
            naive.insert(number);
          }
      }
      ASSERT_EQ(store.holdings().entries, naive.contents().size());
    }
  }
};

TEST_F(EvictionPolicyTest, LruKeepsWhatANaiveLruKeeps) {
  for (const std::size_t room : {1, 2, 7, 50}) {
    NaiveLru naive(room);
    compare(Eviction::lru, naive, room, 120, static_cast<unsigned>(room));
  }
}

TEST_F(EvictionPolicyTest, S3FifoKeepsWhatANaiveS3FifoKeeps) {
  for (const std::size_t room : {1, 2, 7, 10, 50}) {
    NaiveS3Fifo naive(room);
    compare(Eviction::s3fifo, naive, room, 120, static_cast<unsigned>(room));
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

TEST_F(EvictionPolicyTest, S3FifoUnderALimitOfBytesHoldsItWithEntriesOfAllSizes) {
  Store& store = make_store(Eviction::s3fifo, {.entries = 1000, .bytes = 20'000});
  std::mt19937 random(3);
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = std::to_string(random() % 300);
    if (get(name).empty()) put(name, std::string(20 + random() % 2000, 'v'));
    ASSERT_LE(store.holdings().bytes, 20'000u);
  }
  EXPECT_GT(store.holdings().entries, 5u);
}

}  // namespace
}  // namespace freshet::detail
