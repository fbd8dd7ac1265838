// Tracer: what happened in a run, a line each, in the order of the simulated machine.
//
// Besides what it is told it says what the counters and the two words of freshness did since the last line: fills that were
// refused and why, entries that left and why, loads that were shared, where the revision stands. Looking at them switches
// nothing and takes none of the run's memory, so that a run with a trace is the same run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/cache_invalidator.hpp"

namespace freshet::simulation {

class Tracer {
 public:
  /// Begins anew. `on`: otherwise everything here does nothing.
  void begin(bool on);

  /// What is looked at from here on; null: nothing.
  void watch(CacheInvalidator* invalidator) noexcept { invalidator_ = invalidator; }

  bool on() const noexcept { return on_; }

  /// A line under the name of the thread that runs. `text` must not come from the run's memory.
  void say(std::string_view text);
  std::vector<std::string> take() noexcept { return std::exchange(lines_, {}); }

 private:
  struct Counts {
    std::vector<std::uint64_t> metrics{};
    std::uint64_t revision = 0;
    std::uint64_t published = 0;
  };
  Counts look() const;
  std::string changes();

  bool on_ = false;
  CacheInvalidator* invalidator_ = nullptr;
  Counts before_;
  std::vector<std::string> lines_;
};

}  // namespace freshet::simulation
