// AnalyticsOptions: how closely an invalidator watches which keys are read.
#pragma once

#include <cstdint>

namespace freshet {

/// Plain data. Per policy block; the defaults here are the reference. `analytics:` of a policy replaces what it names.
///
/// While a block is young every read is counted. Each time `halve_after` reads have been counted, the counts are
/// halved: first because only every second read is counted from then on, down to one in `sample_one_in`; after that, which
/// is once in about `sample_one_in * halve_after` reads, so that keys which have cooled down leave. Counts age by reads,
/// not by time.
struct AnalyticsOptions {
  bool hot_keys = true;  // false: hot_keys() finds nothing
  std::uint64_t tracked_keys =
      1'000;  // [1, 1000000]: a key read more often than 1 / tracked_keys of all reads is found
  std::uint64_t sample_one_in = 256;   // [1, 1000000]; 1: every read is counted, always
  std::uint64_t halve_after = 16'384;  // counted reads; 0: never
};

}  // namespace freshet
