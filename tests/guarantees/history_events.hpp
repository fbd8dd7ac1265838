// Events that a Worker emits, and what they lead to: a part of history_worker.hpp, which includes it.
#pragma once

#include "guarantees/history_worker.hpp"

namespace freshet::testing::history {

// An event of this name must lead to what the call does: the policy of the round says so.
inline void Worker::emit(std::size_t call) {
  Operation operation = begin(Act::invalidate, 0, call);
  if (round_.configuration.deferred_events) round_.deferred.push_back(operation);
  round_.invalidator->emit("event " + round_.calls[call].name);
  if (!round_.configuration.deferred_events) finish(operation);
}

inline void Worker::end_deferred() {
  for (Operation& operation : round_.deferred) finish(operation);
  round_.deferred.clear();
}

}  // namespace freshet::testing::history
