// What CacheInvalidator::mutate takes: what a write makes stale, in which order, and where the counts go.
#pragma once

#include <string>
#include <vector>

#include "freshet/invalidation.hpp"
#include "freshet/loader.hpp"
#include "freshet/write_order.hpp"

namespace freshet {

/// What a write makes stale: {.keys = {{"user:42", "profiles"}}, .tags = {"users"}}. The calls of CacheInvalidator say what
/// each means.
struct WriteTargets {
  std::vector<KeyName> keys{};
  std::vector<std::string> tags{};
  std::vector<std::string> namespaces{};
  std::vector<std::string> dependents{};  // of these resources
  std::vector<VersionPin> versions{};     // current once it is written; without a hash, a new one
  std::vector<Target> targets{};          // whatever else: prefixes, patterns, all of several tags
};

/// What the invalidations of a write did; of each kind before it and after it.
struct WriteReport {
  Invalidated before{};  // what was cached when the write began
  Invalidated after{};   // what was loaded or put while it ran
};

struct MutateOptions {
  Order order = Order::around;
  Mode mode = Mode::remove;
  std::string cause{};            // the caller's words, for whoever asks later why
  WriteReport* report = nullptr;  // is told the counts, also when the write throws
};

}  // namespace freshet
