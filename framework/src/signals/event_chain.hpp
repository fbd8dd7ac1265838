// EventChain: the names of the events that led to where a thread is, so that a handler's own events know how deep they are.
//
// A thread that runs a handler is inside a ChainScope; what the handler emits continues the chain. Posted handlers carry
// theirs along. Kept per thread, like a call stack.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

using EventChain = std::vector<std::string>;

struct EventChainTag;

/// Of this thread; empty outside handlers.
inline EventChain& current_chain() { return rt::thread_local_value<EventChain, EventChainTag>(); }

class ChainScope {
 public:
  explicit ChainScope(EventChain chain)
      : before_(std::exchange(current_chain(), std::move(chain))) {}
  ~ChainScope() { current_chain() = std::move(before_); }
  ChainScope(const ChainScope&) = delete;
  ChainScope& operator=(const ChainScope&) = delete;

 private:
  EventChain before_;
};

}  // namespace freshet::detail
