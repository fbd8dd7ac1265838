// RocksDB's block caches, 64 shards each: HyperClockCache, which takes keys of 16 bytes only, and LRUCache.
#include <rocksdb/cache.h>

#include <stdexcept>

#include "peers/makers.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

constexpr int kShardBits = 6;

/// Each entry is charged 1, so that a capacity counts entries.
class RocksdbAdapter {
 public:
  static constexpr bool kThreadSafe = true;
  static constexpr bool kEvicts = true;
  static constexpr bool kPuts = true;
  static constexpr bool kInserts = true;
  static constexpr bool kErases = true;
  static constexpr bool kMany = false;

 protected:
  explicit RocksdbAdapter(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

  /// `name` is what the cache knows the key by.
  bool look_up(const rocksdb::Slice& name, std::string_view key) {
    rocksdb::Cache::Handle* const found = cache_->Lookup(name);
    if (found == nullptr) return false;
    belongs(*static_cast<const Value*>(cache_->Value(found)), key);
    cache_->Release(found);
    return true;
  }
  void insert(const rocksdb::Slice& name, std::string_view key) {
    const auto destroy = [](const rocksdb::Slice&, void* value) {
      delete static_cast<Value*>(value);
    };
    const rocksdb::Status done = cache_->Insert(name, new Value(Value::of(key)), 1, destroy);
    if (!done.ok()) throw std::runtime_error(done.ToString());
  }
  void erase_name(const rocksdb::Slice& name) { cache_->Erase(name); }

 private:
  std::shared_ptr<rocksdb::Cache> cache_;
};

class HyperClockAdapter : public RocksdbAdapter {
 public:
  static constexpr const char* kName = "RocksDB HyperClockCache";

  explicit HyperClockAdapter(std::size_t entries)
      : RocksdbAdapter(rocksdb::HyperClockCacheOptions(entries, 1, kShardBits, false, nullptr,
                                                       rocksdb::kDontChargeCacheMetadata)
                           .MakeSharedCache()) {}

  bool get(std::string_view key) { return look_up(name_of_key(key), key); }
  void put(std::string_view key) { insert(name_of_key(key), key); }
  void erase(std::string_view key) { erase_name(name_of_key(key)); }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }

 private:
  /// No two keys begin with the same 16 bytes.
  static rocksdb::Slice name_of_key(std::string_view key) { return {key.data(), 16}; }
};

class RocksdbLruAdapter : public RocksdbAdapter {
 public:
  static constexpr const char* kName = "RocksDB LRUCache";

  explicit RocksdbLruAdapter(std::size_t entries)
      : RocksdbAdapter(rocksdb::NewLRUCache(entries, kShardBits, false, 0.0, nullptr, false,
                                            rocksdb::kDontChargeCacheMetadata)) {}

  bool get(std::string_view key) { return look_up({key.data(), key.size()}, key); }
  void put(std::string_view key) { insert({key.data(), key.size()}, key); }
  void erase(std::string_view key) { erase_name({key.data(), key.size()}); }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }
};

}  // namespace

std::unique_ptr<Subject> make_rocksdb_hyper_clock() {
  return std::make_unique<SubjectOf<HyperClockAdapter>>();
}

std::unique_ptr<Subject> make_rocksdb_lru() {
  return std::make_unique<SubjectOf<RocksdbLruAdapter>>();
}

}  // namespace freshet::bench
