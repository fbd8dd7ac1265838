// RewarmAround: has loaded again what an invalidation makes stale, as its caller asked (Rewarm).
//
// Made before the invalidation: the most-read keys that are fresh then and are not afterwards are those that it hit. Borrows what
// it is given. Confined to one thread, for one call.
#pragma once

#include <vector>

#include "cache/refiller.hpp"
#include "freshet/invalidation.hpp"

namespace freshet::detail {

class Engine;

class RewarmAround {
 public:
  RewarmAround(Engine& engine, const Rewarm& rewarm, bool dry_run);
  /// Once the invalidation is in force: what is loaded from here on is born after it.
  void carry_out() noexcept;

 private:
  Engine& engine_;
  const Rewarm& rewarm_;
  const bool wanted_;
  std::vector<Refiller::Named> hot_;
};

}  // namespace freshet::detail
