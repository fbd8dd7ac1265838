// HotKey: a key that is read often, as the analytics estimate it.
#pragma once

#include <cstdint>
#include <string>

namespace freshet {

/// Plain data. The true number of reads since the counting began is at most `accesses` and at least `accesses - error`,
/// give or take the sampling.
struct HotKey {
  std::string name_space;
  std::string key;
  std::uint64_t accesses = 0;
  std::uint64_t error = 0;
};

}  // namespace freshet
