// libcuckoo: a concurrent hash map. It evicts nothing, so it is no cache, and a mark to aim at.
#include <libcuckoo/cuckoohash_map.hh>

#include "peers/makers.hpp"
#include "peers/subject_of.hpp"
#include "peers/text_hash.hpp"

namespace freshet::bench {
namespace {

class CuckooAdapter {
 public:
  static constexpr const char* kName = "libcuckoo, no eviction";
  static constexpr bool kThreadSafe = true;
  static constexpr bool kEvicts = false;
  static constexpr bool kPuts = true;
  static constexpr bool kInserts = true;
  static constexpr bool kErases = true;
  static constexpr bool kMany = false;

  explicit CuckooAdapter(std::size_t entries) { map_.reserve(entries); }

  bool get(std::string_view key) {
    return map_.find_fn(key, [key](const Value& value) { belongs(value, key); });
  }
  void put(std::string_view key) { map_.insert_or_assign(std::string(key), Value::of(key)); }
  bool get_or_insert(std::string_view key) {
    if (get(key)) return true;
    put(key);
    return false;
  }
  void erase(std::string_view key) { map_.erase(key); }

 private:
  libcuckoo::cuckoohash_map<std::string, Value, TextHash, TextEqual> map_;
};

}  // namespace

std::unique_ptr<Subject> make_cuckoo() { return std::make_unique<SubjectOf<CuckooAdapter>>(); }

}  // namespace freshet::bench
