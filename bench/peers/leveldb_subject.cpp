// LevelDB's block cache: 16 shards of a mutex, a hash table and a list.
#include <leveldb/cache.h>

#include "peers/makers.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

class LeveldbAdapter {
 public:
  static constexpr const char* kName = "LevelDB LRU";
  static constexpr bool kThreadSafe = true;
  static constexpr bool kEvicts = true;
  static constexpr bool kPuts = true;
  static constexpr bool kInserts = true;
  static constexpr bool kErases = true;
  static constexpr bool kMany = false;

  explicit LeveldbAdapter(std::size_t entries) : cache_(leveldb::NewLRUCache(entries)) {}

  bool get(std::string_view key) {
    leveldb::Cache::Handle* const found = cache_->Lookup({key.data(), key.size()});
    if (found == nullptr) return false;
    belongs(*static_cast<const Value*>(cache_->Value(found)), key);
    cache_->Release(found);
    return true;
  }
  void put(std::string_view key) {
    const auto destroy = [](const leveldb::Slice&, void* value) {
      delete static_cast<Value*>(value);
    };
    cache_->Release(
        cache_->Insert({key.data(), key.size()}, new Value(Value::of(key)), 1, destroy));
  }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }
  void erase(std::string_view key) { cache_->Erase({key.data(), key.size()}); }

 private:
  std::unique_ptr<leveldb::Cache> cache_;
};

}  // namespace

std::unique_ptr<Subject> make_leveldb_lru() {
  return std::make_unique<SubjectOf<LeveldbAdapter>>();
}

}  // namespace freshet::bench
