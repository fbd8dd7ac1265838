// Replayer: one namespace of one policy, driven by trace rows in virtual time.
//
// What a row does:
//   get      get_or_load. The loader answers with the origin's present version; the row's ttl_ms is
//   the lifetime it
//            gives, which the policy caps; the row's tags are the entry's. A deleted key loads "no
//            such object", which is kept like any value.
//   set      the origin's version of the key moves on.       Writes::put: it is also stored, for
//   the row's ttl_ms if
//            that is known. A ttl_ms of 0 stores nothing, and invalidates the key if it is
//            resident.
//   delete   the key leaves the origin, a new version too.   Writes::put: the key is invalidated.
//
// Time: the clock stands at the row's timestamp, counted from where the trace began; a row without
// one is `tick` later than the row before. Several traces make one stream: each begins at the time
// at which the one before ended. Time never goes back. Deadlines that have come are processed
// before each row.
//
// Nothing runs in the background: the executor is one that nobody steps, and random numbers come
// from a fixed seed, so equal input gives equal figures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "freshet/cache.hpp"
#include "freshet/cache_invalidator.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "replay/figures.hpp"
#include "replay/origin.hpp"
#include "trace/trace_reader.hpp"

namespace freshet::replay {

/// How the cache learns that the origin changed. `event` joins when rules react to events.
enum class Writes : std::uint8_t { silent, put };

std::string_view name_of(Writes writes) noexcept;

struct ReplayOptions {
  std::string name_space{};  // empty: the only block of the policy, which must not be a glob
  Writes writes = Writes::silent;
  Duration tick{};
};

/// Confined to one thread.
class Replayer {
 public:
  /// Throws ConfigError for a bad policy, Error for a namespace that it does not settle or serve.
  static Replayer from_yaml_file(const std::filesystem::path& policy, ReplayOptions options);
  static Replayer from_yaml(std::string_view policy, ReplayOptions options);

  /// The rows that follow belong to a trace of their own, with its own time 0.
  void begin_trace() noexcept;

  void replay(const trace::TraceRow& row);

  /// The figures so far. Throws std::logic_error if the library counted other hits or misses than
  /// were seen here.
  Figures figures() const;

  /// The concrete namespace that is replayed.
  const std::string& name_space() const noexcept { return cache_.name(); }

 private:
  using MakeInvalidator = std::function<CacheInvalidator(Components)>;

  Replayer(const MakeInvalidator& make, ReplayOptions options);
  static CacheInvalidator assemble(const MakeInvalidator& make,
                                   const std::shared_ptr<testing::ManualClock>& clock);
  static std::string settled_namespace(const CacheInvalidator& invalidator,
                                       const std::string& wanted);

  void move_time_to(const trace::TraceRow& row);
  void get(const trace::TraceRow& row);
  void set(const trace::TraceRow& row);
  void erase(const trace::TraceRow& row);
  void write_through(const trace::TraceRow& row, const Copy& copy);

  ReplayOptions options_;
  std::shared_ptr<testing::ManualClock> clock_;
  CacheInvalidator invalidator_;
  Cache<Copy> cache_;
  OriginModel origin_;
  Figures seen_;  // what is counted here: requests, hits, misses, stale_serves
  Instant trace_began_;
};

}  // namespace freshet::replay
