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
#include "freshet/testing/in_place_executor.hpp"

namespace freshet::replay {
namespace {

constexpr std::uint64_t kSeed = 1;

std::uint64_t bytes_of(const trace::TraceRow& row) {
  return row.size >= 0 ? static_cast<std::uint64_t>(row.size) : sizeof(Copy);
}

Copy copy_of(const OriginState& state, std::uint64_t bytes) {
  return {state.version, bytes, state.exists && bytes != 0};
}

void note_traits(ObjectTraits& traits, const trace::TraceRow& row) {
  traits.bytes = bytes_of(row);
  traits.ttl_ms = row.ttl_ms;
  if (!std::equal(traits.tags.begin(), traits.tags.end(), row.tags.begin(), row.tags.end())) {
    traits.tags.assign(row.tags.begin(), row.tags.end());
  }
}

// What every loader of the replay does.
Copy load_from(OriginModel& origin, std::string_view key, LoadContext& load) {
  const ObjectTraits& traits = origin.traits(key);
  if (traits.ttl_ms >= 0) load.ttl(std::chrono::milliseconds(traits.ttl_ms));
  for (const std::string& tag : traits.tags) load.tag(tag);
  return copy_of(origin.state(key), traits.bytes);
}

bool is_glob(std::string_view name) { return name.find_first_of("*?[") != std::string_view::npos; }

}  // namespace

std::string_view name_of(Writes writes) noexcept {
  switch (writes) {
    case Writes::silent:
      return "silent";
    case Writes::put:
      return "put";
    case Writes::event:
      return "event";
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
      executor_(std::make_shared<testing::ManualExecutor>(clock_)),
      invalidator_(assemble(make)),
      cache_(invalidator_.cache<Copy>(settled_namespace(invalidator_, options_.name_space))),
      origin_(std::make_shared<OriginModel>()),
      trace_began_(clock_->now()) {
  cache_.bind_loader([origin = origin_](std::string_view key, LoadContext& load) {
    return load_from(*origin, key, load);
  });
}

CacheInvalidator Replayer::assemble(const MakeInvalidator& make) const {
  Components components;
  components.clock = clock_;
  components.executor = executor_;
  components.load_executor = std::make_shared<testing::InPlaceExecutor>();  // nothing is late here
  components.random = make_random_source(kSeed);
  components.analytics = {.tracked_keys = kTrackedKeys, .sample_one_in = 1, .halve_after = 0};
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
      get(row);
      break;
    case trace::Op::set:
      set(row);
      break;
    case trace::Op::erase:
      erase(row);
      break;
  }
  executor_->run_ready();
}

void Replayer::move_time_to(const trace::TraceRow& row) {
  const Instant before = clock_->now();
  const Instant wanted = row.timestamp_ms < 0
                             ? later(before, options_.tick)
                             : later(trace_began_, std::chrono::milliseconds(row.timestamp_ms));
  if (wanted <= before) return;
  clock_->set(wanted);
  executor_->run_ready();
  invalidator_.sweep(0);
}

void Replayer::get(const trace::TraceRow& row) {
  note_traits(origin_->traits(row.key), row);
  const std::uint64_t newest = origin_->state(row.key).version;
  // Owns what it uses: a policy that refreshes may run it after this call.
  const auto load = [origin = origin_, key = std::string(row.key)](LoadContext& context) {
    return load_from(*origin, key, context);
  };
  const Handle<Copy> handle = cache_.get_or_load(row.key, load);
  if (handle.origin() == Origin::loaded) {
    ++seen_.misses;
    return;
  }
  ++seen_.hits;
  if (handle->version < newest) ++seen_.stale_serves;
}

void Replayer::set(const trace::TraceRow& row) {
  const OriginState state = origin_->set(row.key);
  if (options_.writes == Writes::put) write_through(row, copy_of(state, bytes_of(row)));
  if (options_.writes == Writes::event) emit_write(row.key);
}

void Replayer::erase(const trace::TraceRow& row) {
  origin_->erase(row.key);
  if (options_.writes == Writes::put) cache_.invalidate(row.key);
  if (options_.writes == Writes::event) emit_write(row.key);
}

void Replayer::emit_write(std::string_view key) {
  const Event write(std::string(kOriginWrite), {{"namespace", name_space()}, {"key", key}});
  if (invalidator_.emit(write)) return;
  throw Error(fmt::format(
      "--writes event: nothing in the policy takes the event {0}; a rule could be\n"
      "  events: {{{0}: [{{invalidate_key: {{namespace: \"{{namespace}}\", key: \"{{key}}\"}}}}]}}",
      kOriginWrite));
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
