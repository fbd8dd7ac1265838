// 04: time, events and prediction together. A price that is read often is loaded again before it
// ends, so nobody waits for it; one that nobody reads is let go; a change is seen at once.
#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"

namespace {

using namespace std::chrono_literals;
using freshet::testing::ManualClock;
using freshet::testing::ManualExecutor;

/// Moves time on, and lets the background work that is due then run.
void pass(ManualClock& clock, ManualExecutor& executor, std::chrono::seconds span) {
  for (auto left = span; left > 0s; left -= 1s) {
    clock.advance(1s);
    executor.run_ready();
  }
}

void run(const char* policy) {
  const auto clock = std::make_shared<ManualClock>();
  const auto executor = std::make_shared<ManualExecutor>(clock);
  freshet::Components components;
  components.clock = clock;
  components.executor = executor;
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy, components);
  const auto prices = invalidator.cache<int>("prices");
  int loads = 0;
  const auto load = [&loads](std::string_view) { return 100 + ++loads; };
  prices.bind_loader(load);  // for loads in the background

  const auto read = [&](const char* key, int times) {
    for (int i = 1; i < times; ++i) prices.get(key);
    const auto price = prices.get_or_load(key, [&] { return load(key); });
    fmt::print("  {} costs {}{}\n", key, *price,
               price.origin() == freshet::Origin::loaded ? ", and the reader waited" : "");
  };
  fmt::print("at first\n");
  read("product:1", 1);
  read("product:2", 1);
  read("product:1", 10);

  pass(*clock, *executor, 9min);
  fmt::print("after 9 minutes: {} refresh\n", invalidator.stats().total.refreshes);
  pass(*clock, *executor, 2min);
  fmt::print("after 11 minutes, past the first lifetime\n");
  read("product:1", 1);
  read("product:2", 1);

  fmt::print("the price of product 1 changes\n");
  const freshet::Emitted done = invalidator.emit("price_changed", {{"id", 1}});
  fmt::print("  {} entry made stale\n", done.invalidated.count);
  read("product:1", 1);
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
