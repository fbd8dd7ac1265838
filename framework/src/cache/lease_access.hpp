// LeaseAccess: how the cache makes and reads leases, whose contents are nobody else's business.
#pragma once

#include <string>
#include <utility>

#include "freshet/lease.hpp"
#include "refresh/single_flight.hpp"

namespace freshet {

class LeaseAccess {
 public:
  static Lease make(std::string key, detail::LabelRef space, const detail::CallStart& start,
                    Revision held_from, Instant taken_at, Instant expires_at) {
    Lease lease;
    lease.key_ = std::move(key);
    lease.space_ = std::move(space);
    lease.key_sequence_ = start.sequence;
    lease.birth_ = start.revision;
    lease.held_from_ = held_from;
    lease.taken_at_ = taken_at;
    lease.expires_at_ = expires_at;
    return lease;
  }
  static const detail::LabelRef& space(const Lease& lease) noexcept { return lease.space_; }
  static Revision held_from(const Lease& lease) noexcept { return lease.held_from_; }
  static Instant taken_at(const Lease& lease) noexcept { return lease.taken_at_; }
  static std::uint64_t sequence(const Lease& lease) noexcept { return lease.key_sequence_; }
};

}  // namespace freshet
