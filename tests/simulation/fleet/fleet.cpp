#include "simulation/fleet/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "config/policy_model.hpp"
#include "freshet/freshet.hpp"
#include "simulation/runtime/machine.hpp"
#include "simulation/runtime/simulated_executor.hpp"
#include "simulation/runtime/simulated_runtime.hpp"
#include "support/engine_access.hpp"

namespace freshet::simulation {
namespace {

using namespace std::chrono_literals;

constexpr const char* kKey = "k";
constexpr Duration kAskingTheStore = 1ms;
constexpr Duration kAtOnce = 100us;  // a hit takes no time but that of a few looks at the clock
constexpr Duration kBeginsWithin = 1s;
constexpr std::size_t kStripes = 256;  // nothing is invalidated

Duration now() noexcept { return Duration(Machine::here().peek_now()); }
void sleep(Duration span) { Machine::here().sleep(span.count()); }

// The policy of a process, its one namespace `p`.
std::string policy_of(const FleetOptions& options) {
  const std::string ttl = fmt::format("{}ns", options.ttl.count());
  std::string plugins;
  std::string block;
  switch (options.remedy) {
    case Remedy::nothing:
    case Remedy::single_flight:
      block = fmt::format("strategy: ttl, ttl: {}", ttl);
      break;
    case Remedy::jitter:
      block = fmt::format("strategy: ttl, ttl: {}, ttl_jitter: 10%", ttl);
      break;
    case Remedy::early_refresh:
      plugins = fmt::format("plugins: [{{path: \"{}\"}}]\n", options.plugin.string());
      block = fmt::format("strategy: early_refresh, early_refresh: {{ttl: {}}}", ttl);
  }
  return fmt::format(
      "freshet: 1\nanalytics: {{hot_keys: false}}\n{}namespaces: {{p: {{{}, capacity: {{entries: "
      "16}}}}}}\n",
      plugins, block);
}

/// What the fleet reads. The store counts its versions.
struct Answer {
  std::uint64_t version = 0;
  Duration good_until{};
};

/// Counts who asks, and has them wait.
class OriginServer {
 public:
  explicit OriginServer(const FleetOptions& options)
      : options_(options), counted_from_(now() + options.ttl), loads_(options.ttls) {}

  /// Returns how long it took.
  Duration ask() {
    const Duration began = now();
    digest_ = (digest_ ^ static_cast<std::uint64_t>(began.count())) * 0x9E37'79B9'7F4A'7C15U;
    if (counts(began)) ++loads_[static_cast<std::size_t>((began - counted_from_) / options_.ttl)];
    ++asking_;
    if (counts(began)) at_once_ = std::max(at_once_, asking_);
    sleep(options_.load_time);
    --asking_;
    return now() - began;
  }

  Duration end() const noexcept {
    return counted_from_ + options_.ttl * static_cast<std::int64_t>(loads_.size());
  }
  bool counts(Duration at) const noexcept { return at >= counted_from_ && at < end(); }
  const std::vector<std::uint64_t>& loads() const noexcept { return loads_; }
  std::uint64_t at_once() const noexcept { return at_once_; }
  /// A number for the moments at which it was asked.
  std::uint64_t digest() const noexcept { return digest_; }

 private:
  const FleetOptions& options_;
  const Duration counted_from_;
  std::vector<std::uint64_t> loads_;
  std::uint64_t digest_ = 0;
  std::uint64_t asking_ = 0;
  std::uint64_t at_once_ = 0;
};

/// Stands for a Redis that all processes ask.
struct SharedStore {
  Answer answer{};
  Duration load_time{};  // what it took to make it
};

/// What all processes have in common.
struct Common {
  const FleetOptions& options;
  OriginServer origin;
  SharedStore store{};
  FleetFigures figures{};
};

/// An executor of one thread, on which the sweeper works once a second in place of ten times: a thousand of them would take most of
/// the run's time, and no read here depends on what they do.
class SlowSweeps final : public Executor {
 public:
  void post(Task task) override { executor_.post(std::move(task)); }
  void post_after(Duration delay, Task task) override {
    executor_.post_after(delay == detail::Engine::kSweepInterval ? 10 * delay : delay,
                         std::move(task));
  }

 private:
  SimulatedExecutor executor_{1};
};

class Process {
 public:
  Process(Common& common, const config::PolicyModel& policy,
          const std::shared_ptr<StrategyRegistry>& strategies, std::uint64_t seed)
      : common_(common), seed_(seed) {
    Machine::here().begin_process();
    executor_ = std::make_shared<SlowSweeps>();
    Components components;
    components.clock = make_system_clock();
    components.executor = executor_;
    components.load_executor = executor_;
    components.random = make_random_source(seed);
    components.logger = make_null_logger();
    components.strategies = strategies;
    invalidator_.emplace(testing::EngineAccess::make(policy, std::move(components)));
    cache_.emplace(invalidator_->cache<Answer>("p"));
    cache_->bind_loader([this](std::string_view, LoadContext& load) { return make(load); });
    for (std::size_t i = 0; i < common.options.readers; ++i)
      Machine::here().spawn("reader", [this, i] { read_on(i); });
  }

  /// On a simulated thread.
  void close() {
    cache_.reset();
    invalidator_->close();
    invalidator_.reset();
    executor_.reset();
  }

 private:
  void read_on(std::size_t reader) {
    Random random(seed_ * 0x9E37'79B9U + reader);
    const double think = static_cast<double>(common_.options.think.count());
    while (now() < common_.origin.end()) {
      const double uniform = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
      sleep(Duration(static_cast<std::int64_t>(-think * std::log1p(-uniform))));
      const Duration began = now();
      read();
      if (!common_.origin.counts(began)) continue;
      const Duration took = now() - began;
      ++common_.figures.reads;
      common_.figures.hits += took < kAtOnce ? 1U : 0U;
      common_.figures.waited += took > FleetFigures::kWaits ? 1U : 0U;
    }
  }

  void read() {
    if (common_.options.remedy != Remedy::nothing) {
      cache_->get_or_load(kKey, [this](LoadContext& load) { return make(load); });
    } else if (!cache_->get(kKey)) {
      const Answer answer = find(0).answer;
      cache_->put(kKey, answer, {.ttl = answer.good_until - now()});
    }
  }

  Answer make(LoadContext& load) {
    const Handle<Answer> previous = load.previous<Answer>();
    const Found found = find(previous ? previous->version : 0);
    load.ttl(found.answer.good_until - now());
    // Where the origin was asked, Freshet has measured it.
    if (found.in_store && common_.options.notes_load_time) load.load_time(common_.store.load_time);
    return found.answer;
  }

  struct Found {
    Answer answer;
    bool in_store = false;
  };

  /// What the store has, if that is newer than version `had`; otherwise what the origin says, which is then in the store.
  Found find(std::uint64_t had) {
    SharedStore& store = common_.store;
    if (common_.options.shares_store) {
      if (common_.options.remembers) had = seen_;
      sleep(kAskingTheStore);
      if (store.answer.version > had && store.answer.good_until > now()) {
        seen_ = store.answer.version;
        return {.answer = store.answer, .in_store = true};
      }
    }
    const Duration took = common_.origin.ask();
    Answer made{.version = store.answer.version + 1, .good_until = now() + common_.options.ttl};
    if (common_.options.shares_store) {
      store = {.answer = made, .load_time = took};
      seen_ = made.version;
    }
    return {.answer = made};
  }

  Common& common_;
  const std::uint64_t seed_;
  std::uint64_t seen_ = 0;  // the newest version of the store that this process had
  std::shared_ptr<Executor> executor_;
  std::optional<CacheInvalidator> invalidator_;
  std::optional<Cache<Answer>> cache_;
};

void run_machine() {
  Machine& machine = Machine::here();
  switch (machine.run()) {
    case Stop::none:
      return;
    case Stop::deadlock:
      throw std::runtime_error("the fleet waits for itself:\n" + machine.describe_waiting());
    case Stop::endless:
      throw std::runtime_error("a thread of the fleet goes on and on");
  }
}

}  // namespace

std::string_view name_of(Remedy remedy) noexcept {
  switch (remedy) {
    case Remedy::nothing:
      return "nothing";
    case Remedy::single_flight:
      return "single flight";
    case Remedy::jitter:
      return "jitter";
    case Remedy::early_refresh:
      return "early refresh";
  }
  return "";
}

double FleetFigures::mean_loads() const noexcept {
  const std::uint64_t sum = std::accumulate(loads.begin(), loads.end(), std::uint64_t{0});
  return static_cast<double>(sum) / static_cast<double>(loads.size());
}

std::uint64_t FleetFigures::most_loads() const noexcept {
  return *std::max_element(loads.begin(), loads.end());
}

double FleetFigures::of_reads(std::uint64_t count) const noexcept {
  return reads == 0 ? 0 : 1000.0 * static_cast<double>(count) / static_cast<double>(reads);
}

FleetFigures run_fleet(const FleetOptions& options) {
  Machine& machine = Machine::here();
  machine.begin(options.seed, {.kind = SchedulerKind::cooperative}, {});
  const std::size_t stripes = std::exchange(detail::rt::simulated_stripes, kStripes);
  const auto strategies = StrategyRegistry::with_builtins();
  const config::PolicyModel policy =
      config::read_policy(policy_of(options), "fleet.yaml", *strategies);
  Common common{.options = options, .origin = OriginServer(options)};
  std::vector<std::unique_ptr<Process>> processes;
  Random seeds(options.seed);
  for (std::size_t i = 0; i < options.processes; ++i) {
    processes.push_back(std::make_unique<Process>(common, policy, strategies, seeds.next()));
    // The others' sweepers are not to wake in the same instant.
    machine.pass_time((kBeginsWithin / static_cast<std::int64_t>(options.processes)).count());
  }
  run_machine();
  machine.spawn("the last", [&] {
    for (const auto& process : processes) {
      process->close();
      sleep(1ns);
    }
  });
  run_machine();
  machine.end();
  detail::rt::simulated_stripes = stripes;
  common.figures.loads = common.origin.loads();
  common.figures.at_once = common.origin.at_once();
  common.figures.fingerprint = common.origin.digest();
  return std::move(common.figures);
}

}  // namespace freshet::simulation
