// A million entries whose deadlines fall within one second, and what another thread notices of it.
#pragma once

#include <cstdint>

namespace freshet::bench {

/// The longest single operations of a thread that visits, puts and loads meanwhile, in microseconds. Those in which the
/// kernel took its core away do not count.
struct Expiry {
  double longest_before = 0;  // while nothing expires
  double longest_during = 0;  // from the first deadline until all are gone
  std::uint64_t over_a_millisecond = 0;
  std::uint64_t operations = 0;
  std::uint64_t preempted = 0;    // longer than 20 us, and not counted for it
  double seconds_until_gone = 0;  // after the last deadline; negative if they were not gone in time
};

/// Takes a quarter of a minute.
Expiry measure_expiry();

}  // namespace freshet::bench
