#include "peers/counted.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "peers/freshet_adapter.hpp"

namespace freshet::bench {
namespace {

// So many reads, and the analytics have come to their final sampling.
constexpr std::size_t kWarmUp = 300'000;

using Calls = VisitingAdapter<std::string>;

/// What `--toggle-collect` of callgrind names: never inlined, so that it is there to be named.
template <class Step>
[[gnu::noinline]] void counted_operations(Calls& cache, const std::vector<Operation>& operations,
                                          Step step) {
  for (const Operation& operation : operations) step(cache, operation.key());
}

struct Visit {
  void operator()(Calls& cache, std::string_view key) const { cache.get(key); }
};
struct Get {
  void operator()(Calls& cache, std::string_view key) const {
    const Handle<std::string> found = cache.cache().get(key);
    if (found) belongs(*found, key);
  }
};
struct Put {
  void operator()(Calls& cache, std::string_view key) const { cache.put(key); }
};
struct GetOrLoad {
  void operator()(Calls& cache, std::string_view key) const { cache.get_or_insert(key); }
};
struct Erase {
  void operator()(Calls& cache, std::string_view key) const { cache.erase(key); }
};

/// From which keys the operations are.
enum class From : std::uint8_t {
  stored,      // by popularity
  strangers,   // none of them stored
  everywhere,  // workload b: by popularity, from ten times what there is room for
  in_turn,     // each of the stored ones once, then again
};

template <class Step>
void count(From from, std::uint64_t count, Step step) {
  // Where nothing is to be evicted there is more room than keys.
  const bool full = from == From::strangers || from == From::everywhere;
  Calls cache(full ? kFewKeys : kFewKeys + kFewKeys * 3 / 10);
  for (std::uint32_t id = 0; id < kFewKeys; ++id) cache.put(operation_of(id).key());
  const auto stored = stream_of(Keys::few, 0);
  for (std::size_t i = 0; i < kWarmUp; ++i) {
    if (from == From::everywhere) {
      cache.get_or_insert(stream_of(Keys::many, 1)[i].key());
    } else {
      cache.get(stored[i].key());
    }
  }
  std::vector<Operation> operations;
  operations.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    switch (from) {
      case From::stored:
        operations.push_back(stored[i % stored.size()]);
        break;
      case From::strangers:
        operations.push_back(operation_of(static_cast<std::uint32_t>(kManyKeys + i)));
        break;
      case From::everywhere:
        operations.push_back(stream_of(Keys::many, 0)[i % kStreamLength]);
        break;
      case From::in_turn:
        operations.push_back(operation_of(static_cast<std::uint32_t>(i * 7'919 % kFewKeys)));
        break;
    }
  }
  counted_operations(cache, operations, step);
}

}  // namespace

std::string counted_names() { return "visit, get, miss, put, insert, get_or_load, erase"; }

bool count_operations(const std::string& what, std::uint64_t operations) {
  if (what == "visit") {
    count(From::stored, operations, Visit{});
  } else if (what == "get") {
    count(From::stored, operations, Get{});
  } else if (what == "miss") {
    count(From::strangers, operations, Visit{});
  } else if (what == "put") {
    count(From::stored, operations, Put{});
  } else if (what == "insert") {
    count(From::strangers, operations, Put{});
  } else if (what == "get_or_load") {
    count(From::everywhere, operations, GetOrLoad{});
  } else if (what == "erase") {
    count(From::in_turn, operations, Erase{});
  } else {
    return false;
  }
  return true;
}

}  // namespace freshet::bench
