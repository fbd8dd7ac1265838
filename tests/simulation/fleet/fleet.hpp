// Fleet: many simulated processes that read one key, and the origin that all of them ask: how often, under one policy or another.
//
// Each process is a CacheInvalidator of its own, on threads of its own, in virtual time: readers that think, for random times, and
// read the key. The origin takes a while to answer. All processes begin within a second, with nothing cached, as after a
// deployment; what happens in the first ttl is not counted. What follows follows from the seed.
// A process stands for itself, or in front of a store that all of them share, as a Redis would be: its loader then takes what the
// store has, if that is newer than what it is to replace, and otherwise asks the origin and puts the answer there.
// For one thread, as the machine is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "freshet/clock.hpp"

namespace freshet::simulation {

/// What stands between the readers and the origin. The name is that of a row of the table.
enum class Remedy : std::uint8_t {
  nothing,        // a peek; who misses asks, and puts what comes
  single_flight,  // get_or_load under strategy ttl
  jitter,         // the same with ttl_jitter
  early_refresh,  // the plugin
};
inline constexpr Remedy kRemedies[] = {Remedy::nothing, Remedy::single_flight, Remedy::jitter,
                                       Remedy::early_refresh};
std::string_view name_of(Remedy remedy) noexcept;

struct FleetOptions {
  Remedy remedy = Remedy::nothing;
  bool shares_store = false;
  bool notes_load_time = true;  // whether who takes from the store says how long the origin took
  bool remembers =
      false;  // whether a process knows which version it had, though it is gone from its cache
  std::size_t processes = 1000;
  std::size_t readers = 3;  // of each process
  std::size_t ttls = 10;    // that are counted
  Duration think =
      std::chrono::seconds{1};  // between two reads of a reader: on average, exponential
  Duration ttl = std::chrono::seconds{60};       // > 0
  Duration load_time = std::chrono::seconds{1};  // of the origin
  std::uint64_t seed = 1;
  std::filesystem::path plugin{};  // early_refresh
};

/// What was counted, without the first ttl.
struct FleetFigures {
  std::vector<std::uint64_t> loads{};  // of the origin, begun within each ttl
  std::uint64_t at_once = 0;           // most at the origin
  std::uint64_t reads = 0;
  std::uint64_t waited = 0;  // longer than kWaits
  std::uint64_t hits = 0;    // answered at once
  std::uint64_t fingerprint =
      0;  // of the moments at which the origin was asked: equal for equal runs

  static constexpr Duration kWaits = std::chrono::milliseconds{10};

  double mean_loads() const noexcept;
  std::uint64_t most_loads() const noexcept;
  /// Of a thousand reads.
  double of_reads(std::uint64_t count) const noexcept;
  friend bool operator==(const FleetFigures&, const FleetFigures&) = default;
};

/// Throws ConfigError if the plugin cannot be loaded, std::runtime_error if the run comes to no end.
FleetFigures run_fleet(const FleetOptions& options);

}  // namespace freshet::simulation
