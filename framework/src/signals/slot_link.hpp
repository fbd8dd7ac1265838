// SlotLink: one registration of a handler, which its Connection holds.
//
// `live` falls before the handler is taken out, so that a posted call that waits does not begin. Whoever registers sets
// `on_disconnect` before it hands the link out.
#pragma once

#include <functional>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

class SlotLink {
 public:
  std::function<void()> on_disconnect;
  rt::Atomic<bool> live{
      true};  // acquire and release: whoever sees it false may let the handler's objects go

  void disconnect() noexcept {
    if (!live.exchange(false, std::memory_order_acq_rel)) return;
    if (on_disconnect) on_disconnect();
  }
};

}  // namespace freshet::detail
