// LargeStore: one store with ten million entries, if the machine has the memory, and two labels of each kind on them: one
// that ten entries carry and one that all the others do.
//
// Made when a benchmark first asks for it, kept until the program ends. No sweeper, a clock that stands.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "micro/bench_cache.hpp"

namespace freshet::bench {

inline constexpr std::size_t kFewCarriers = 10;

/// Memory that programs may still take, in bytes; 2 GiB where the system does not say.
inline std::size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::size_t kilobytes = 0;
  std::string unit;
  while (file >> name >> kilobytes) {
    if (name == "MemAvailable:") return kilobytes * 1024;
    std::getline(file, unit);
  }
  return std::size_t{2} << 30;
}

class LargeStore {
 public:
  static constexpr std::size_t kMost = 10'000'000;
  static constexpr std::size_t kBytesPerEntry = 640;  // with its place in the table, generously

  static LargeStore& instance() {
    static LargeStore store;
    return store;
  }

  /// What it holds. `dead`: everything, and some of it is dead that nobody has found.
  enum class Content { nothing, fresh, dead };

  /// Puts in what is missing; that takes a minute.
  void fill() {
    if (content_ == Content::fresh) return;
    const EntryOptions many{.tags = {"many"}, .depends_on = {"table:many"}};
    for (std::size_t i = 0; i < carriers; ++i) in_many.put(fmt::format("many:{}", i), i, many);
    const EntryOptions few{.tags = {"few"}, .depends_on = {"table:few"}};
    for (std::size_t i = 0; i < kFewCarriers; ++i) {
      in_few.put(fmt::format("user:{}", i), i, few);
      in_many.put(fmt::format("few:{}", i), i);
    }
    put_one();
    content_ = Content::fresh;
  }
  /// What alone carries the tag "one".
  void put_one() { in_few.put("one", 1, {.tags = {"one"}}); }
  Content content() const noexcept { return content_; }
  /// To be told by whoever invalidates or sweeps.
  void now_holds(Content content) noexcept { content_ = content; }

  const std::size_t carriers = std::min(kMost, available_memory() / 2 / kBytesPerEntry);
  CacheInvalidator invalidator =
      CacheInvalidator::from_yaml(fmt::format("freshet: 1\n"
                                              "namespaces:\n"
                                              "  n_*: {{strategy: manual, eviction: lru, "
                                              "capacity: {{entries: {}}}}}\n",
                                              carriers + carriers / 4 + 1024),
                                  without_background());
  Cache<std::uint64_t> in_many = invalidator.cache<std::uint64_t>("n_many");
  Cache<std::uint64_t> in_few = invalidator.cache<std::uint64_t>("n_few");

 private:
  LargeStore() {
    if (carriers < kMost)
      std::fprintf(stderr, "%zu entries instead of %zu: memory for no more\n", carriers, kMost);
  }

  Content content_ = Content::nothing;
};

}  // namespace freshet::bench
