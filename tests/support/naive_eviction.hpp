// NaiveEviction: what each eviction policy has to decide, written from its paper as slowly and plainly as possible.
//
// One order without shards, by linear search, of keys and numbers of bytes. It knows no capacity but as a share of it is
// part of a policy; when to evict is the caller's. W-TinyLFU has a file of its own (naive_tinylfu.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace freshet::test {

/// At most so much of each; 0 bytes: no limit in bytes.
struct NaiveRoom {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

class NaiveEviction {
 public:
  virtual ~NaiveEviction() = default;
  virtual void hit(const std::string& key) = 0;
  /// A key that is there is written.
  virtual void replace(const std::string& key, std::uint64_t bytes) = 0;
  /// A key that is not there will be inserted, once there is room for it.
  virtual void before_insert(const std::string&, std::uint64_t) {}
  virtual void insert(const std::string& key, std::uint64_t bytes) = 0;
  /// Leaves for another reason than room.
  virtual void erase(const std::string& key) = 0;
  /// The key that goes. `bytes`: because bytes are short, not entries.
  virtual std::string evict(bool bytes) = 0;
};

template <class Item>
auto find_key(std::vector<Item>& items, const std::string& key) {
  return std::find_if(items.begin(), items.end(),
                      [&](const Item& item) { return item.key == key; });
}

template <class Item>
Item take_key(std::vector<Item>& items, const std::string& key) {
  const auto found = find_key(items, key);
  Item item = *found;
  items.erase(found);
  return item;
}

/// An entry that was hit since it was placed moves when it comes up as the oldest: behind all whose place is not newer than
/// its last hit. Hits between the same two writes are of one time, which is between those of the writes.
class NaiveLru final : public NaiveEviction {
 public:
  void hit(const std::string& key) override { find_key(items_, key)->used = writes_ + 1; }
  void replace(const std::string& key, std::uint64_t bytes) override {
    erase(key);
    insert(key, bytes);
  }
  void insert(const std::string& key, std::uint64_t) override {
    writes_ += 2;
    items_.push_back({key, writes_, writes_});
  }
  void erase(const std::string& key) override { take_key(items_, key); }
  std::string evict(bool) override {
    while (items_.front().used > items_.front().place) {
      Item item = take_key(items_, items_.front().key);
      item.place = item.used;
      const auto behind = std::find_if(items_.begin(), items_.end(),
                                       [&](const Item& other) { return other.place > item.place; });
      items_.insert(behind, item);
    }
    return take_key(items_, items_.front().key).key;
  }

 private:
  struct Item {
    std::string key;
    std::uint64_t place;
    std::uint64_t used;
  };
  std::vector<Item> items_;  // oldest place first
  std::uint64_t writes_ = 0;
};

/// Zhang et al., NSDI 2024.
class NaiveSieve final : public NaiveEviction {
 public:
  void hit(const std::string& key) override { find_key(items_, key)->visited = true; }
  void replace(const std::string& key, std::uint64_t) override { hit(key); }
  void insert(const std::string& key, std::uint64_t) override { items_.push_back({key, false}); }
  void erase(const std::string& key) override {
    const auto at = static_cast<std::size_t>(find_key(items_, key) - items_.begin());
    take_key(items_, key);
    if (at < hand_) --hand_;
    wrap();
  }
  std::string evict(bool) override {
    while (items_[hand_].visited) {
      items_[hand_++].visited = false;
      wrap();
    }
    const std::string victim = items_[hand_].key;
    take_key(items_, victim);
    wrap();
    return victim;
  }

 private:
  void wrap() {
    if (hand_ == items_.size()) hand_ = 0;
  }

  struct Item {
    std::string key;
    bool visited;
  };
  std::vector<Item> items_;  // oldest first
  std::size_t hand_ = 0;
};

/// Yang et al., SOSP 2023: a small queue of a tenth of the room; main has the rest; an object at the end of small moves to main
/// if it was hit twice, else it leaves and its key is a ghost until as many left after it as there is room for; main re-inserts
/// what was hit, one hit less each round; an object that comes back as a ghost starts in main; main gives first when it
/// is over its share. What leaves for another reason is no ghost.
class NaiveS3Fifo final : public NaiveEviction {
 public:
  explicit NaiveS3Fifo(const NaiveRoom& room)
      : room_(room), main_{main_share(room.entries), main_share(room.bytes)} {}

  void hit(const std::string& key) override {
    Item& item = *find_key(queue_of(key), key);
    item.hits = std::min(item.hits + 1, 3);
  }
  void replace(const std::string& key, std::uint64_t bytes) override {
    hit(key);
    find_key(queue_of(key), key)->bytes = bytes;
  }
  void before_insert(const std::string& key, std::uint64_t) override {
    const auto ghost = ghosts_.find(key);
    comes_back_ = ghost != ghosts_.end() && departures_ - ghost->second < remembered_;
    if (ghost != ghosts_.end()) ghosts_.erase(ghost);
  }
  void insert(const std::string& key, std::uint64_t bytes) override {
    (comes_back_ ? large_ : small_).push_back({key, bytes, 0});
  }
  void erase(const std::string& key) override { take_key(queue_of(key), key); }

  std::string evict(bool bytes) override {
    remembered_ = std::min<std::uint64_t>(room_.entries, small_.size() + large_.size());
    while (true) {
      const bool over = bytes ? bytes_of(large_) > main_.bytes : large_.size() > main_.entries;
      const bool from_main = small_.empty() || (over && !large_.empty());
      std::vector<Item>& queue = from_main ? large_ : small_;
      Item oldest = take_key(queue, queue.front().key);
      if (from_main) {
        if (oldest.hits == 0) return oldest.key;
        --oldest.hits;
      } else if (oldest.hits < 2) {
        ghosts_[oldest.key] = ++departures_;
        return oldest.key;
      } else {
        oldest.hits = 0;
      }
      large_.push_back(oldest);
    }
  }

 private:
  struct Item {
    std::string key;
    std::uint64_t bytes;
    int hits;
  };

  static std::uint64_t main_share(std::uint64_t room) {
    return room == 0 ? 0 : room - std::max<std::uint64_t>(1, room / 10);
  }
  static std::uint64_t bytes_of(const std::vector<Item>& queue) {
    std::uint64_t sum = 0;
    for (const Item& item : queue) sum += item.bytes;
    return sum;
  }
  std::vector<Item>& queue_of(const std::string& key) {
    return find_key(small_, key) != small_.end() ? small_ : large_;
  }

  NaiveRoom room_;
  NaiveRoom main_;
  std::vector<Item> small_, large_;              // oldest first; `large_` is the paper's main
  std::map<std::string, std::uint64_t> ghosts_;  // and the number of the departure
  std::uint64_t departures_ = 0;
  std::uint64_t remembered_ = 0;
  bool comes_back_ = false;
};

}  // namespace freshet::test
