// What the history checker knows at a moment of its sweep (history_checker.hpp).
#pragma once

#include <array>
#include <cstdint>

#include "guarantees/history.hpp"

namespace freshet::testing::history {

inline constexpr std::size_t kMostVersions = 4;
using PerKey = std::array<Stamp, kKeys>;

/// Starts of the newest calls that have returned.
struct Floors {
  PerKey own{};
  PerKey absent{};
  PerKey made_of{};
  PerKey
      resident{};  // what was seen before this, and is still there, carries a late label that was invalidated
  PerKey tied{};  // what was pinned before this is tied to something that was invalidated
  std::array<PerKey, kSpaces> captured{};
  std::uint16_t model = 0;
  std::uint16_t policy = 0;
  std::array<Stamp, kMostVersions>
      other_model{};  // of those that come back: when another one became current
};
/// What was known when a call started.
struct Snapshot {
  PerKey labelled{};
  Stamp tied = 0;
  Stamp alone_since = 0;  // of a put; zero: something else was under way
};
struct Seen {
  Stamp at = 0;
  ValueId value = 0;
};
struct Hit {
  Stamp end = 0;
  std::int64_t clock = 0;  // before the call
};

}  // namespace freshet::testing::history
