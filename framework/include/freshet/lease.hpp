// Lease: permission to fill one key, taken before the value is fetched (cache-aside without the race).
#pragma once

#include <cstdint>
#include <string>

#include "freshet/clock.hpp"
#include "freshet/detail/label_ref.hpp"
#include "freshet/revision.hpp"

namespace freshet {

/// Carries what the cache knew when the lease was taken; `Cache::put` with it is refused if the key, or any label of the
/// value, was invalidated since, or if the lease ran out. Costs the cache nothing while it is held. Thread-compatible.
class Lease {
 public:
  const std::string& key() const noexcept { return key_; }
  Revision birth() const noexcept { return birth_; }
  Instant expires_at() const noexcept { return expires_at_; }

 private:
  friend class LeaseAccess;
  std::string key_;
  detail::LabelRef space_;
  std::uint64_t key_sequence_ = 0;
  Revision birth_;
  Revision held_from_;  // what it is judged by in a block with a hold-off
  Instant taken_at_;
  Instant expires_at_;
};

}  // namespace freshet
