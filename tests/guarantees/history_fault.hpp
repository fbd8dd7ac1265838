// What the history checker may find wrong (history_checker.hpp says what each guarantee is).
#pragma once

#include <cstdint>
#include <string>

#include "guarantees/history.hpp"

namespace freshet::testing::history {

enum class Fault : std::uint8_t {
  torn,           // the value is that of another key
  stale,          // G1: a value from before an invalidation
  stale_part,     // G1: made of something from before an invalidation
  stale_label,    // G1: by a label that was added late
  held_off,       // G1: kept, though its load began too soon after a call that hit it
  old_version,    // G1: by its version, or that of its reader
  not_said,       // G1: served stale where policy does not, or kept though made of something stale
  third_load,     // G2
  needless_load,  // G2: a second load that nothing forced
  lost,           // G3
  refused_put,    // G3: a put that nothing overlapped was not stored
  removed,        // G3: gone, though everything that may have hit it did but expire it
  past_deadline,  // G4
  unseen,         // G7: a value came back
  older_birth,    // G7: a value replaced one of higher birth
  over_budget,    // more loads in the background than policy allows
  dirty,          // what was read in a transaction or past the cache reached somebody else
};

struct Violation {
  Fault fault;
  Operation operation;  // the read or load
  Made made{};          // what it found
  std::string by{};     // the call that should have prevented it
};

}  // namespace freshet::testing::history
