// BenchCache: an invalidator with one namespace, filled, and keys to read it with.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"

namespace freshet::bench {

/// Keys "user:0" and on: short enough for no allocation, as keys mostly are.
inline std::vector<std::string> keys_of(std::size_t count) {
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) keys.push_back(fmt::format("user:{}", i));
  return keys;
}

/// A clock that stands and an executor that does nothing: no sweeper, nothing in the background.
inline Components without_background() {
  Components components;
  const auto clock = std::make_shared<testing::ManualClock>();
  components.clock = clock;
  components.executor = std::make_shared<testing::ManualExecutor>(clock);
  return components;
}

/// Holds `count` entries in the namespace "things", under the system's clock and with the default executor.
class BenchCache {
 public:
  explicit BenchCache(std::size_t count, Components components = {},
                      std::string_view strategy = "manual", const EntryOptions& options = {})
      : keys(keys_of(count)),
        invalidator(CacheInvalidator::from_yaml(
            fmt::format("freshet: 1\n"
                        "namespaces:\n"
                        "  things: {{strategy: {}, capacity: {{entries: {}}}}}\n",
                        strategy, 4 * count + 4096),
            std::move(components))),
        things(invalidator.cache<std::uint64_t>("things")) {
    for (const std::string& key : keys) things.put(key, 1, options);
  }

  /// The key for the i-th read: all of them, in an order that no prefetcher foresees.
  const std::string& key(std::size_t i) const noexcept {
    return keys[(i * 0x9E37'79B9'7F4A'7C15U >> 20) % keys.size()];
  }

  const std::vector<std::string> keys;
  CacheInvalidator invalidator;
  Cache<std::uint64_t> things;
};

}  // namespace freshet::bench
