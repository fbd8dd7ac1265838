// Floors: below what a value must not be, for calls of one mode. Values that are older were invalidated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "guarantees/history.hpp"

namespace freshet::testing::history {

using PerKey = std::array<Stamp, kKeys>;
inline constexpr std::size_t kMostVersions = 4;

/// Starts of the newest calls that have returned.
struct Floors {
  PerKey own{};
  PerKey absent{};
  PerKey made_of{};
  // What was seen before this, and is still there, carries a late label that was invalidated.
  PerKey resident{};
  PerKey tied{};  // what was pinned before this is tied to something that was invalidated
  std::array<PerKey, kSpaces> captured{};
  std::uint16_t model = 0;
  std::uint16_t policy = 0;
  // Of those that come back: when another one became current.
  std::array<Stamp, kMostVersions> other_model{};
};

}  // namespace freshet::testing::history
