// Rows to calls, calls to figures.
#include "replay/replayer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include "freshet/errors.hpp"
#include "freshet/random_source.hpp"
#include "freshet/testing/manual_executor.hpp"

namespace freshet::replay {
namespace {

constexpr std::uint64_t kSeed = 1;

Copy copy_of(const OriginState& state, const trace::TraceRow& row) {
  const bool exists = state.exists && row.size != 0;
  const std::uint64_t bytes = row.size >= 0 ? static_cast<std::uint64_t>(row.size) : sizeof(Copy);
  return {state.version, bytes, exists};
}

bool is_glob(std::string_view name) { return name.find_first_of("*?[") != std::string_view::npos; }

}  // namespace

std::string_view name_of(Writes writes) noexcept {
  switch (writes) {
    case Writes::silent:
      return "silent";
    case Writes::put:
      return "put";
  }
  return "";
}

Replayer Replayer::from_yaml_file(const std::filesystem::path& policy, ReplayOptions options) {
  return {[&](Components components) {
            return CacheInvalidator::from_yaml_file(policy, std::move(components));
          },
          std::move(options)};
}

Replayer Replayer::from_yaml(std::string_view policy, ReplayOptions options) {
  return {[&](Components components) {
            return CacheInvalidator::from_yaml(policy, std::move(components));
          },
          std::move(options)};
}

Replayer::Replayer(const MakeInvalidator& make, ReplayOptions options)
    : options_(std::move(options)),
      clock_(std::make_shared<testing::ManualClock>()),
      invalidator_(assemble(make, clock_)),
      cache_(invalidator_.cache<Copy>(settled_namespace(invalidator_, options_.name_space))),
      trace_began_(clock_->now()) {}

CacheInvalidator Replayer::assemble(const MakeInvalidator& make,
                                    const std::shared_ptr<testing::ManualClock>& clock) {
  Components components;
  components.clock = clock;
  components.executor = std::make_shared<testing::ManualExecutor>(clock);
  components.random = make_random_source(kSeed);
  return make(std::move(components));
}

std::string Replayer::settled_namespace(const CacheInvalidator& invalidator,
                                        const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const std::vector<std::string> blocks = invalidator.namespaces();
  if (blocks.size() == 1 && !is_glob(blocks.front())) return blocks.front();
  throw Error(fmt::format("--namespace is needed: the policy has the block{} {}",
                          blocks.size() == 1 ? "" : "s", fmt::join(blocks, ", ")));
}

void Replayer::begin_trace() noexcept { trace_began_ = clock_->now(); }

void Replayer::replay(const trace::TraceRow& row) {
  move_time_to(row);
  ++seen_.requests;
  switch (row.op) {
    case trace::Op::get:
      return get(row);
    case trace::Op::set:
      return set(row);
    case trace::Op::erase:
      return erase(row);
  }
}

void Replayer::move_time_to(const trace::TraceRow& row) {
  const Instant before = clock_->now();
  const Instant wanted = row.timestamp_ms < 0
                             ? later(before, options_.tick)
                             : later(trace_began_, std::chrono::milliseconds(row.timestamp_ms));
  if (wanted <= before) return;
  clock_->set(wanted);
  invalidator_.sweep(0);
}

void Replayer::get(const trace::TraceRow& row) {
  const OriginState state = origin_.state(row.key);
  const Handle<Copy> handle = cache_.get_or_load(row.key, [&](LoadContext& load) {
    if (row.ttl_ms >= 0) load.ttl(std::chrono::milliseconds(row.ttl_ms));
    for (const std::string_view tag : row.tags) load.tag(std::string(tag));
    return copy_of(state, row);
  });
  if (handle.origin() == Origin::loaded) {
    ++seen_.misses;
    return;
  }
  ++seen_.hits;
  if (handle->version < state.version) ++seen_.stale_serves;
}

void Replayer::set(const trace::TraceRow& row) {
  const OriginState state = origin_.set(row.key);
  if (options_.writes == Writes::put) write_through(row, copy_of(state, row));
}

void Replayer::erase(const trace::TraceRow& row) {
  origin_.erase(row.key);
  if (options_.writes == Writes::put) cache_.invalidate(row.key);
}

void Replayer::write_through(const trace::TraceRow& row, const Copy& copy) {
  if (row.ttl_ms == 0) {
    if (cache_.contains(row.key)) cache_.invalidate(row.key);
    return;
  }
  EntryOptions entry;
  entry.tags.assign(row.tags.begin(), row.tags.end());
  if (row.ttl_ms > 0) entry.ttl = std::chrono::milliseconds(row.ttl_ms);
  cache_.put(row.key, copy, entry);
}

Figures Replayer::figures() const {
  const NamespaceStatistics counted = invalidator_.stats().total;
  if (counted.hits != seen_.hits || counted.misses != seen_.misses) {
    throw std::logic_error(
        fmt::format("the library counted {} hits and {} misses, the replay saw {} and {}",
                    counted.hits, counted.misses, seen_.hits, seen_.misses));
  }
  Figures result = seen_;
  result.loads = counted.loads;
  result.refreshes = counted.refreshes;
  result.invalidations = counted.invalidations();
  result.entries_invalidated = counted.entries_invalidated();
  result.evictions = counted.removed_capacity;
  return result;
}

}  // namespace freshet::replay
