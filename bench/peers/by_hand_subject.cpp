// What one writes by hand: a map and a list of the latest under one mutex, and 64 of these.
#include <list>
#include <mutex>
#include <unordered_map>

#include "peers/flat_map.hpp"
#include "peers/makers.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

struct Item {
  std::string key;
  Value value;
};
using Items = std::list<Item>;  // latest first

/// The map that the one-mutex cache has.
using PlainMap = std::unordered_map<std::string_view, Items::iterator, TextHash, TextEqual>;

/// A map and a list under a mutex: the least recently used goes.
template <class Map>
class LockedLru {
 public:
  void set_capacity(std::size_t entries) { capacity_ = entries; }

  bool get(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    items_.splice(items_.begin(), items_, found->second);
    return belongs(found->second->value, key);
  }

  void put(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = map_.find(key);
    if (found != map_.end()) {
      found->second->value = Value::of(key);
      items_.splice(items_.begin(), items_, found->second);
      return;
    }
    items_.push_front({std::string(key), Value::of(key)});
    map_.emplace(std::string_view(items_.front().key), items_.begin());
    if (map_.size() <= capacity_) return;
    map_.erase(map_.find(std::string_view(items_.back().key)));
    items_.pop_back();
  }

  void erase(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return;
    const Items::iterator item = found->second;
    map_.erase(found);
    items_.erase(item);
  }

 private:
  std::mutex mutex_;
  std::size_t capacity_ = 0;
  Items items_;
  Map map_;
};

struct ByHand {
  static constexpr bool kThreadSafe = true;
  static constexpr bool kEvicts = true;
  static constexpr bool kPuts = true;
  static constexpr bool kInserts = true;
  static constexpr bool kErases = true;
  static constexpr bool kMany = false;
};

class OneMutexAdapter : public ByHand {
 public:
  static constexpr const char* kName = "one mutex, map, list";

  explicit OneMutexAdapter(std::size_t entries) { lru_.set_capacity(entries); }

  bool get(std::string_view key) { return lru_.get(key); }
  void put(std::string_view key) { lru_.put(key); }
  void erase(std::string_view key) { lru_.erase(key); }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }

 private:
  LockedLru<PlainMap> lru_;
};

class ShardedAdapter : public ByHand {
 public:
  static constexpr const char* kName = "64 mutexes, flat maps, lists";
  static constexpr std::size_t kShards = 64;

  explicit ShardedAdapter(std::size_t entries) {
    for (Shard& shard : shards_) shard.lru.set_capacity(entries / kShards + 1);
  }

  bool get(std::string_view key) { return shard_of(key).get(key); }
  void put(std::string_view key) { shard_of(key).put(key); }
  void erase(std::string_view key) { shard_of(key).erase(key); }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }

 private:
  using Lru = LockedLru<FlatMap<std::string_view, Items::iterator>>;
  struct alignas(64) Shard {
    Lru lru;
  };

  Lru& shard_of(std::string_view key) { return shards_[TextHash()(key) >> 58].lru; }

  std::vector<Shard> shards_ = std::vector<Shard>(kShards);
};

}  // namespace

std::unique_ptr<Subject> make_one_mutex_lru() {
  return std::make_unique<SubjectOf<OneMutexAdapter>>();
}

std::unique_ptr<Subject> make_sharded_lru() {
  return std::make_unique<SubjectOf<ShardedAdapter>>();
}

}  // namespace freshet::bench
