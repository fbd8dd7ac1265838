// Emitted: what an event did.
#pragma once

#include <cstddef>
#include <cstdint>

#include "freshet/invalidation.hpp"

namespace freshet {

/// The sum over the event and over the events that its rules emitted. What was deferred is not in it: it happens later. Freely
/// copied.
struct Emitted {
  std::uint64_t id = 0;  // of the event, counted from 1 in each invalidator; log lines carry it
  Invalidated invalidated{};  // entries made stale before emit returned
  bool handled =
      false;  // a rule has its name, a strategy planned something, or a handler was called
  std::size_t events = 0;    // this one, and those that rules emitted
  std::size_t rules = 0;     // whose conditions held
  std::size_t deferred = 0;  // of these, the ones that wait for their debounce or batch
  std::size_t held_back =
      0;  // events beyond the limit of their name: what they do happens within the second
  std::size_t refreshes = 0;  // begun
  std::size_t handlers = 0;   // called, or posted
  std::size_t failures =
      0;  // actions that could not be carried out: a missing field, an unknown namespace

  explicit operator bool() const noexcept { return handled; }
};

}  // namespace freshet
