// The part of Engine that has keys loaded in the background: after an invalidation, and to be warm; and the file of hot keys.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "cache/engine.hpp"
#include "cache/names.hpp"
#include "cache/rewarm_around.hpp"
#include "config/key_list.hpp"
#include "freshet/errors.hpp"
#include "runtime/durable_file.hpp"

namespace freshet::detail {

Refiller::Named Engine::named(const KeyName& name) {
  check_key(name.key);
  PolicyBlock& block = block_of(name.name_space);
  return {&block, {freshness_.pin(LabelKind::name_space, name.name_space), name.key}};
}

void Engine::check(const Rewarm& rewarm) {
  for (const KeyName& name : rewarm.keys) {
    check_key(name.key);
    block_of(name.name_space);
  }
}

std::vector<KeyName> Engine::by_name(const Rewarm& rewarm) {
  std::vector<KeyName> names = rewarm.keys;
  if (rewarm.hot == 0) return names;
  for (HotKey& hot : hot_keys(rewarm.hot)) {
    KeyName name{std::move(hot.key), std::move(hot.name_space)};
    if (refiller_.is_fresh(named(name))) names.push_back(std::move(name));
  }
  return names;
}

RewarmAround::RewarmAround(Engine& engine, const Rewarm& rewarm, bool dry_run)
    : engine_(engine), rewarm_(rewarm), wanted_(!dry_run) {
  if (!wanted_ || rewarm.hot == 0) return;
  for (HotKey& hot : engine.hot_keys(rewarm.hot)) {
    Refiller::Named named = engine.named({std::move(hot.key), std::move(hot.name_space)});
    if (engine.refiller().is_fresh(named)) hot_.push_back(std::move(named));
  }
}

// The invalidation has happened: that is not to look as if it had not.
void RewarmAround::carry_out() noexcept {
  if (!wanted_) return;
  try {
    for (Refiller::Named& named : hot_) {
      if (!engine_.refiller().is_fresh(named)) engine_.refiller().rewarm(std::move(named));
    }
    for (const KeyName& name : rewarm_.keys) engine_.refiller().rewarm(engine_.named(name));
  } catch (...) {  // NOLINT(bugprone-empty-catch): no memory; readers will load what they miss
  }
}

std::vector<HotKey> Engine::hot_keys(std::size_t count) {
  std::vector<HotKey> keys;
  for (const auto& block : blocks_) {
    std::vector<HotKey> more = block->hot_keys().top(count);
    std::move(more.begin(), more.end(), std::back_inserter(keys));
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const HotKey& a, const HotKey& b) { return a.accesses > b.accesses; });
  if (keys.size() > count) keys.resize(count);
  return keys;
}

std::vector<HotKey> Engine::hot_keys(std::size_t count, std::string_view name_space) {
  PolicyBlock& block = block_of(name_space);
  return block.hot_keys().top(count, name_space == block.name() ? std::string_view() : name_space);
}

WarmProgress Engine::warm(std::span<const KeyName> keys) {
  std::vector<Refiller::Named> wanted;
  wanted.reserve(keys.size());
  for (const KeyName& name : keys) wanted.push_back(named(name));
  refiller_.warm(std::move(wanted));
  return refiller_.warming();
}

bool Engine::save_hot_keys(const std::filesystem::path& file, std::size_t count) {
  std::vector<KeyName> keys;
  for (HotKey& hot : hot_keys(count))
    keys.push_back({std::move(hot.key), std::move(hot.name_space)});
  const std::string problem = write_durably(file, config::hot_keys_text(keys));
  if (problem.empty()) return true;
  totals_.add(Metric::hot_key_file_failures);
  components_.logger->log(
      LogLevel::warning, fmt::format("{}: the hot keys are not saved: {}", file.string(), problem));
  return false;
}

// A policy that changed since may serve fewer namespaces; what is served is loaded.
void Engine::start_warming(const config::WarmModel& warm) {
  std::vector<Refiller::Named> wanted;
  for (const KeyName& name : warm.keys) wanted.push_back(named(name));
  std::error_code unreachable;
  const bool is_there =
      !warm.last_run.empty() && std::filesystem::exists(warm.last_run, unreachable);
  if (unreachable) {
    totals_.add(Metric::hot_key_file_failures);
    components_.logger->log(LogLevel::warning,
                            fmt::format("no hot keys of the last run: {}: {}",
                                        warm.last_run.string(), unreachable.message()));
  }
  if (is_there) {
    Findings findings;
    const auto keys = config::read_hot_keys(warm.last_run, findings);
    if (!findings.empty()) {
      totals_.add(Metric::hot_key_file_failures);
      components_.logger->log(LogLevel::warning, fmt::format("no hot keys of the last run: {}",
                                                             findings.all().front().text()));
    }
    for (const KeyName& name : keys) {
      if (wanted.size() < kMaxWarmKeys && resolver_.find(name.name_space))
        wanted.push_back(named(name));
    }
  }
  refiller_.warm(std::move(wanted));
}

// Where nobody read anything, what the run before has left is worth more.
LastRun Engine::save_last_run() {
  config::WarmModel warm;
  {
    rt::Lock lock(reload_mutex_);
    warm = std::exchange(running_.warm, {});
  }
  if (warm.last_run.empty()) return LastRun::not_asked;
  if (hot_keys(1).empty()) return LastRun::nothing;
  const bool saved = save_hot_keys(warm.last_run, static_cast<std::size_t>(warm.options.hot_keys));
  return saved ? LastRun::saved : LastRun::failed;
}

}  // namespace freshet::detail
