// Departures: what leaves a shard while its lock is held, to be let go once it is not.
//
// No destructor, counter or listener of anybody else runs under a shard's lock. Not thread-safe: one call's own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "store/entry.hpp"
#include "store/epochs.hpp"
#include "store/removal.hpp"

namespace freshet::detail {

/// Entries that have just left a table. Reports and releases them when it goes out of scope: declare it before the lock.
class Departures {
 public:
  enum class Found : std::uint8_t { by_a_call, by_a_sweep };
  Departures(RemovalObserver& observer, Epochs& epochs, Found found = Found::by_a_call) noexcept
      : observer_(observer), epochs_(epochs), found_(found) {}
  ~Departures();
  Departures(const Departures&) = delete;
  Departures& operator=(const Departures&) = delete;

  void add(Entry& entry, RemovalCause cause) noexcept;
  std::size_t count() const noexcept { return count_; }

 private:
  RemovalObserver& observer_;
  Epochs& epochs_;
  const Found found_;
  Retired* first_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace freshet::detail
