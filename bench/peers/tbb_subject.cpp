// oneTBB's concurrent_lru_cache. It knows one call: get or make. Nothing can be put or erased.
#define TBB_PREVIEW_CONCURRENT_LRU_CACHE 1
#include <oneapi/tbb/concurrent_lru_cache.h>

#include "peers/makers.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

/// Whether the calling thread has made a value since it last asked.
thread_local bool made_one = false;

Value make(std::string key) {
  made_one = true;
  return Value::of(key);
}

class TbbAdapter {
 public:
  static constexpr const char* kName = "oneTBB concurrent_lru_cache";
  static constexpr bool kThreadSafe = true;
  static constexpr bool kEvicts = true;
  static constexpr bool kPuts = false;
  static constexpr bool kInserts = true;
  static constexpr bool kErases = false;
  static constexpr bool kMany = false;

  explicit TbbAdapter(std::size_t entries) : cache_(&make, entries) {}

  bool get(std::string_view key) {
    made_one = false;
    auto found = cache_[std::string(key)];
    belongs(found.value(), key);
    return !made_one;
  }
  bool get_or_insert(std::string_view key) { return get(key); }
  void put(std::string_view key) { get(key); }
  void erase(std::string_view) {}

 private:
  tbb::concurrent_lru_cache<std::string, Value, Value (*)(std::string)> cache_;
};

}  // namespace

std::unique_ptr<Subject> make_tbb_lru() { return std::make_unique<SubjectOf<TbbAdapter>>(); }

}  // namespace freshet::bench
