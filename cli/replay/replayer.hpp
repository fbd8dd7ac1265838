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
// Under Writes::event a set or a delete emits `origin_write {namespace, key}`, and the policy's rules and strategies do the
// rest; if nothing takes that event the replay is refused.
//
// Time: the clock stands at the row's timestamp, counted from where the trace began; a row without
// one is `tick` later than the row before. Several traces make one stream: each begins at the time
// at which the one before ended. Time never goes back. Deadlines that have come are processed
// before each row. A load takes no time.
//
// Refreshes in the background ask the origin as any load does; the lifetime and tags are those that the
// key's last get told.
//
// What is posted to the executor runs on the replay's own thread, before the row at whose time it is due, and after each
// row; random numbers come from a fixed seed, so equal input gives equal figures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/cache.hpp"
#include "freshet/cache_invalidator.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "replay/figures.hpp"
#include "replay/origin.hpp"
#include "trace/trace_reader.hpp"

namespace freshet::replay {

/// How the cache learns that the origin changed.
enum class Writes : std::uint8_t { silent, put, event };

/// What Writes::event emits for each write, with the fields `namespace` and `key`.
inline constexpr std::string_view kOriginWrite = "origin_write";

std::string_view name_of(Writes writes) noexcept;

struct ReplayOptions {
  std::string name_space{};  // empty: the only block of the policy, which must not be a glob
  Writes writes = Writes::silent;
  Duration tick{};
  std::size_t hot_keys = 0;  // how many of the most-read keys hot_keys() is to find
};

/// Confined to one thread.
class Replayer {
 public:
  static constexpr std::size_t kTrackedKeys = 100'000;

  /// Throws ConfigError for a bad policy, Error for a namespace that it does not settle or serve.
  static Replayer from_yaml_file(const std::filesystem::path& policy, ReplayOptions options);
  static Replayer from_yaml(std::string_view policy, ReplayOptions options);

  /// The rows that follow belong to a trace of their own, with its own time 0.
  void begin_trace() noexcept;

  void replay(const trace::TraceRow& row);

  /// The figures so far. Throws std::logic_error if the library counted other hits or misses than
  /// were seen here.
  Figures figures() const;

  /// The most-read keys so far, hottest first. Counted exactly while the trace has no more distinct keys than kTrackedKeys;
  /// beyond that `error` says by how much a count may be too high.
  std::vector<HotKey> hot_keys() const { return invalidator_.hot_keys(options_.hot_keys); }

  /// What the cache holds now, of the block that is replayed.
  EntryReport entries() const { return invalidator_.inspect(name_space()); }

  /// The concrete namespace that is replayed.
  const std::string& name_space() const noexcept { return cache_.name(); }

 private:
  using MakeInvalidator = std::function<CacheInvalidator(Components)>;

  Replayer(const MakeInvalidator& make, ReplayOptions options);
  CacheInvalidator assemble(const MakeInvalidator& make) const;
  static std::string settled_namespace(const CacheInvalidator& invalidator,
                                       const std::string& wanted);

  void move_time_to(const trace::TraceRow& row);
  void get(const trace::TraceRow& row);
  void set(const trace::TraceRow& row);
  void erase(const trace::TraceRow& row);
  /// Tells the policy that the origin changed. Throws Error if nothing took it.
  void emit_write(std::string_view key);
  void write_through(const trace::TraceRow& row, const Copy& copy);

  ReplayOptions options_;
  std::shared_ptr<testing::ManualClock> clock_;
  std::shared_ptr<testing::ManualExecutor> executor_;
  CacheInvalidator invalidator_;
  Cache<Copy> cache_;
  std::shared_ptr<OriginModel> origin_;  // shared with the loaders, which run in the background too
  Figures seen_;  // what is counted here: requests, hits, misses, stale_serves
  Instant trace_began_;
};

}  // namespace freshet::replay
