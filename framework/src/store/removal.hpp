// Who hears that entries leave a store.
#pragma once

#include "freshet/removal_cause.hpp"

namespace freshet::detail {

class Entry;

/// Told of each entry that left, after it has, with no lock held. Must not throw. Thread-safe.
class RemovalObserver {
 public:
  virtual ~RemovalObserver() = default;
  virtual void on_removed(const Entry& entry, RemovalCause cause) noexcept = 0;
  /// Told beside that of each entry that a sweep found.
  virtual void on_swept(RemovalCause) noexcept {}
};

}  // namespace freshet::detail
