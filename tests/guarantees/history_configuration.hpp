// What one round of the history test is run with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "freshet/loader.hpp"
#include "guarantees/history.hpp"

namespace freshet::testing::history {

/// What is cached: the name of a value whose content is in the history.
struct Datum {
  ValueId id = 0;
  std::uint64_t check = 0;  // from the id, so that memory that was freed is noticed
};
constexpr std::uint64_t check_of(ValueId id) noexcept { return (id + 1) * 0x9E3779B97F4A7C15U; }

class Dice;

struct Configuration {
  std::string name;
  std::string policy;
  Terms terms{};
  int invalidations = 60;  // per thousand steps
  int late_labels = 20;
  bool manual_clock = false;
  std::uint32_t failing_loads = 64;             // one load in so many throws
  std::uint32_t absent_loads = 0;               // one load in so many finds nothing; zero: none
  std::vector<std::uint8_t> lates{0, 1, 2, 3};  // the late labels that entries are given
  bool callers_differ = false;                  // some callers name late0 or late2 when they load
  bool names_keys_late =
      false;  // the loader of key 3 reads key 2, uncaptured, and names it when it has
  int writes =
      0;  // per thousand steps: transactions, writes between two invalidations, work past the cache
  bool writes_through = false;    // what is put is written through, and some writes throw
  bool loaders_transact = false;  // some loaders read others in a transaction
  bool binds_loaders = false;     // loaders are bound, and some calls have keys loaded again
  bool deferred_events = false;   // what an event leads to is done by the end of the round
  std::uint32_t unchanged = 0;  // one load in so many is told that nothing has changed; zero: none

  /// Whether the loader goes by its previous value. What it names is what that has.
  bool says_not_modified(Dice& dice, LoadContext& load) const;
};

/// splitmix64.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}
  /// For another one.
  std::uint64_t seed() noexcept {
    return (std::uint64_t{below(UINT32_MAX)} << 32) | below(UINT32_MAX);
  }
  std::uint32_t below(std::uint32_t bound) noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBU;
    return static_cast<std::uint32_t>(((bits ^ (bits >> 31)) >> 32) * bound >> 32);
  }

 private:
  std::uint64_t state_;
};

inline bool Configuration::says_not_modified(Dice& dice, LoadContext& load) const {
  if (unchanged == 0 || dice.below(unchanged) != 0 || !load.previous<Datum>()) return false;
  static_cast<void>(load.not_modified<Datum>());  // what is returned has a name of its own
  return true;
}

}  // namespace freshet::testing::history
