// Strategy: decides how long an entry is good for and what happens past its soft deadline.
//
// A strategy never touches the store and is never called on a hit: it is asked when an entry is stored and when one is
// read past its soft deadline, and answers with numbers that the store keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "freshet/clock.hpp"

namespace freshet {

/// When an entry stops being good. From `soft` on it is refreshed while still served; from `hard` on it is a miss.
struct Deadlines {
  Instant soft = kNever;
  Instant hard = kNever;

  friend bool operator==(const Deadlines&, const Deadlines&) = default;
};

/// What to do with an entry past its soft deadline.
enum class ReadDecision : std::uint8_t { serve, serve_and_refresh, miss };

/// What a strategy may know of an entry. Valid during the call only.
struct EntryView {
  using Field = std::pair<std::string_view, std::string_view>;

  std::string_view name_space{};
  std::string_view key{};
  std::span<const Field> fields{};  // of the block's key template, in its order
  std::optional<Duration>
      requested_ttl{};  // EntryOptions::ttl: the caller's word, which replaces the policy's
  std::optional<Duration>
      loader_ttl{};      // LoadContext::ttl: how long the value itself is good, which only shortens
  Duration load_time{};  // how long the load took; zero for a put

  /// The value of a field of the key, if the block's template has it.
  std::optional<std::string_view> field(std::string_view name) const noexcept {
    for (const Field& candidate : fields) {
      if (candidate.first == name) return candidate.second;
    }
    return std::nullopt;
  }
};

/// Implementations are thread-safe: one object serves every thread of its policy block.
class Strategy {
 public:
  virtual ~Strategy() = default;

  /// The deadlines of an entry about to be stored. `hard <= now` means: do not keep it.
  virtual Deadlines on_store(const EntryView& entry, Instant now) = 0;

  /// Asked by a reader between the soft and the hard deadline.
  virtual ReadDecision on_soft_expired(const EntryView& entry, Instant now) = 0;
};

}  // namespace freshet
