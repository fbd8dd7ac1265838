// TtlStrategy: an entry is good for a time after it was stored. `strategy: ttl`, and what a block
// gets that names none.
//
// Whose word counts: the caller's EntryOptions::ttl replaces the policy's lifetime, as it is and
// without jitter; the loader's LoadContext::ttl only shortens what holds otherwise. Zero or less
// from either means: do not keep.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "freshet/option_table.hpp"
#include "freshet/schedule.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

/// A lifetime per value of a field of the key: {.by = "kind", .values = {{"daily", 24h}},
/// .otherwise = 1h}.
struct TtlTable {
  std::string by{};  // a field of the block's key; empty: no table
  std::map<std::string, Duration, std::less<>> values{};  // each > 0
  Duration otherwise = std::chrono::minutes{5};           // > 0
};

struct TtlOptions {
  /// A lifetime computed from the entry; nullopt leaves it to table and ttl. Called by the threads
  /// that store, at once.
  using Function = std::function<std::optional<Duration>(const EntryView&)>;

  Duration ttl = std::chrono::minutes{5};  // > 0
  double jitter =
      0.0;  // [0, 1) of the lifetime, drawn per entry, so that what was stored together ends apart
  TtlTable table{};  // replaces ttl if it has a field
  /// Replaces ttl: what is stored is good until this comes next, by the calendar when it is stored. No interval.
  std::optional<Schedule> until{};
  Function function{};  // asked first; in code only
  Duration soft_ttl{};  // [0, ttl]: from here on the old value is served and refreshed; 0: off
  Duration idle_ttl{};  // >= 0: an entry that nobody reads for so long expires; 0: off
};

/// A TtlOptions::function that computes the lifetime from the value: `of(const T&)` answers with a Duration, or an optional one.
/// Values of another type than T are left to table and ttl. Called with the value before it is stored, with no lock held; a zero or negative lifetime means: do not keep. What it throws is counted in `strategy_failures`.
///   TtlOptions{.ttl = 1h, .function = lifetime_by<Quote>([](const Quote& q) { return q.is_final ? 24h : 5s; })}
template <class T, class Of>
requires std::is_invocable_r_v < std::optional<Duration>,
const Of&, const T& > TtlOptions::Function lifetime_by(Of of) {
  return [of = std::move(of)](const EntryView& entry) -> std::optional<Duration> {
    const T* const value = entry.value_as<T>();
    if (value == nullptr) return std::nullopt;
    return of(*value);
  };
}

/// Thread-safe as far as its random source and TtlOptions::function are.
class TtlStrategy final : public Strategy {
 public:
  /// `with` outlives this.
  TtlStrategy(TtlOptions options, const StrategyCollaborators& with);

  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;

 private:
  Duration policy_lifetime(const EntryView& entry) const;
  Duration with_jitter(Duration lifetime) const;

  TtlOptions options_;
  const Clock& clock_;
  RandomSource& random_;
};

/// `ttl` (a duration, a map of by, values and otherwise, or a map of until), `ttl_jitter`, `soft_ttl` and `idle_ttl`.
OptionTable<TtlOptions> ttl_option_table();

std::unique_ptr<Strategy> make_ttl_strategy(const TtlOptions& options,
                                            const StrategyCollaborators& with);

}  // namespace freshet
