// A flat map without a lock and without eviction: what one thread cannot be much faster than.
#include "peers/flat_map.hpp"
#include "peers/makers.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

class FlatMapAdapter {
 public:
  static constexpr const char* kName = kFlatMapName;
  static constexpr bool kThreadSafe = false;
  static constexpr bool kEvicts = false;
  static constexpr bool kPuts = true;
  static constexpr bool kInserts = true;
  static constexpr bool kErases = true;
  static constexpr bool kMany = false;

  explicit FlatMapAdapter(std::size_t) {}  // it grows as it fills

  bool get(std::string_view key) {
    const auto found = map_.find(key);
    return found != map_.end() && belongs(found->second, key);
  }
  void put(std::string_view key) {
    const auto found = map_.find(key);
    if (found != map_.end()) {
      found->second = Value::of(key);
    } else {
      map_.emplace(std::string(key), Value::of(key));
    }
  }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }
  void erase(std::string_view key) {
    const auto found = map_.find(key);
    if (found != map_.end()) map_.erase(found);
  }

 private:
  FlatMap<std::string, Value> map_;
};

}  // namespace

std::unique_ptr<Subject> make_flat_map() { return std::make_unique<SubjectOf<FlatMapAdapter>>(); }

}  // namespace freshet::bench
