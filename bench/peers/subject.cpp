// The list of subjects, and which of them this program was built with.
#include "peers/subject.hpp"

#include <stdexcept>

#include "peers/makers.hpp"

namespace freshet::bench {
namespace {

// What the build did not find is null. The definitions come from bench/peers/CMakeLists.txt.
#ifdef FRESHET_PEER_ROCKSDB
constexpr auto kRocksdbHyperClock = make_rocksdb_hyper_clock;
constexpr auto kRocksdbLru = make_rocksdb_lru;
#else
constexpr std::unique_ptr<Subject> (*kRocksdbHyperClock)() = nullptr;
constexpr std::unique_ptr<Subject> (*kRocksdbLru)() = nullptr;
#endif
#ifdef FRESHET_PEER_LEVELDB
constexpr auto kLeveldbLru = make_leveldb_lru;
#else
constexpr std::unique_ptr<Subject> (*kLeveldbLru)() = nullptr;
#endif
#ifdef FRESHET_PEER_TBB
constexpr auto kTbbLru = make_tbb_lru;
#else
constexpr std::unique_ptr<Subject> (*kTbbLru)() = nullptr;
#endif
#ifdef FRESHET_PEER_CUCKOO
constexpr auto kCuckoo = make_cuckoo;
#else
constexpr std::unique_ptr<Subject> (*kCuckoo)() = nullptr;
#endif
#ifdef FRESHET_PEER_CAFFEINE
constexpr auto kCaffeine = make_caffeine;
#else
constexpr std::unique_ptr<Subject> (*kCaffeine)() = nullptr;
#endif

}  // namespace

std::string_view name_of(Workload workload) {
  switch (workload) {
    case Workload::a100k:
      return "a100k";
    case Workload::a1m:
      return "a1m";
    case Workload::b:
      return "b";
    case Workload::c:
      return "c";
    case Workload::hot:
      return "hot";
    case Workload::get_many:
      return "get_many";
    case Workload::singles:
      return "singles";
    case Workload::erase:
      return "erase";
  }
  throw std::logic_error("no such workload");
}

std::vector<Candidate> candidates() {
  std::vector<Candidate> all;
  const auto add = [&all](const char* name, const char* package,
                          std::unique_ptr<Subject> (*make)()) {
    all.push_back({name, package, make != nullptr ? make() : nullptr});
    if (all.back().made) all.back().name = all.back().made->name();
  };
  add("freshet visit", "", make_freshet_visit);
  add("freshet get", "", make_freshet_get);
  add("freshet visit, in place", "", make_freshet_in_place);
  add("RocksDB HyperClockCache", "librocksdb-dev", kRocksdbHyperClock);
  add("RocksDB LRUCache", "librocksdb-dev", kRocksdbLru);
  add("LevelDB LRU", "libleveldb-dev", kLeveldbLru);
  add("Caffeine", "libcaffeine-java and default-jdk-headless", kCaffeine);
  add("oneTBB concurrent_lru_cache", "libtbb-dev", kTbbLru);
  add("64 mutexes, flat maps, lists", "", make_sharded_lru);
  add("one mutex, map, list", "", make_one_mutex_lru);
  add("libcuckoo, no eviction", "libcuckoo-dev", kCuckoo);
  add("flat map, no lock", "", make_flat_map);
  return all;
}

}  // namespace freshet::bench
