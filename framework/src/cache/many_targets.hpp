// ManyTargets: several targets invalidated by one raise, each with its own answer.
//
// Confined to one thread, for one call.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/engine.hpp"

namespace freshet::detail {

class ManyTargets {
 public:
  /// Resolves every target; one that cannot be resolved is left out and says why in its outcome.
  ManyTargets(Engine& engine, std::span<const Target> targets);

  InvalidatedMany invalidate(const InvalidateOptions& options);

 private:
  struct Resolved {
    std::size_t position;  // in the call
    Target::Kind kind;
    PolicyBlock* block = nullptr;  // of a key or namespace
    LabelRef space{};              // of a key
    std::string_view key{};
    std::optional<LabelName> label{};  // of anything but a key
    LabelRef live{};                   // that label, if it is live
    std::uint64_t hit_first = 0;       // entries that no target before this one hits
    std::uint64_t hits = 0;
  };

  Resolved resolve(std::size_t position, const Target& target);
  void count(Instant now);
  void count_exactly(Instant now);
  static bool hits(const Resolved& target, const Entry& entry);
  void add_to_statistics(Instant now);

  Engine& engine_;
  InvalidatedMany answer_;
  std::vector<Resolved> targets_;
};

}  // namespace freshet::detail
