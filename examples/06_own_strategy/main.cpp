// 06: a strategy of your own. What was slow to load is kept longer: `factor` times the time that
// its load took, between `min` and `max`. Registered in code, it reads from YAML like a built-in.
#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;

// [options]
struct ByCostOptions {
  std::uint64_t factor = 100;
  freshet::Duration min = 1s;
  freshet::Duration max = 1h;
};

freshet::OptionTable<ByCostOptions> by_cost_table() {
  freshet::OptionTable<ByCostOptions> table;
  table.add("factor", &ByCostOptions::factor, freshet::count_kind({.at_least = 1}),
            "how many times its load time an entry is kept");
  table.add("min", &ByCostOptions::min, freshet::duration_kind({.above = 0s}), "and no shorter");
  table.add("max", &ByCostOptions::max, freshet::duration_kind({.above = 0s}), "and no longer");
  table.relate([](const ByCostOptions& options, const std::string& path, auto& findings) {
    if (options.min > options.max) findings.add(path + ".min", "expected at most max");
  });
  return table;
}
// [/options]

// [strategy]
class ByCostStrategy final : public freshet::Strategy {
 public:
  explicit ByCostStrategy(const ByCostOptions& options) : options_(options) {}

  freshet::Deadlines on_store(const freshet::EntryView& entry, freshet::Instant now) override {
    const auto lifetime = std::min(entry.load_time, options_.max) * options_.factor;
    return {.hard =
                later(now, std::clamp<freshet::Duration>(lifetime, options_.min, options_.max))};
  }
  freshet::ReadDecision on_soft_expired(const freshet::EntryView&, freshet::Instant) override {
    return freshet::ReadDecision::miss;  // there is no soft deadline
  }

 private:
  const ByCostOptions options_;
};
// [/strategy]

void run(const char* policy) {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  // [register]
  freshet::Components components;
  components.clock = clock;
  components.strategies = freshet::StrategyRegistry::with_builtins();
  components.strategies->add<ByCostOptions>("by_cost", by_cost_table(),
                                            [](const ByCostOptions& options, const auto&) {
                                              return std::make_unique<ByCostStrategy>(options);
                                            });
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy, components);
  // [/register]
  const auto reports = invalidator.cache<std::string>("reports");

  for (const auto load_time : {2ms, 100ms, 3000ms, 120000ms}) {
    const auto report = reports.get_or_load(fmt::format("{}", load_time), [&] {
      clock->advance(load_time);  // a slow origin
      return std::string("a report");
    });
    const auto kept = std::chrono::duration_cast<std::chrono::seconds>(report.remaining());
    fmt::print("a load of {:>8} is kept for {:>5}\n", load_time, kept);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : EXAMPLE_DIR "/policy.yaml");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
