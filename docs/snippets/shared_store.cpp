// What docs/guides/choosing-a-strategy.md quotes of a loader in front of a store that several processes share. It runs and judges
// itself, so that what the guide says is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <freshet/testing/manual_clock.hpp>
#include <freshet/testing/manual_executor.hpp>
#include <memory>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using freshet::Duration;
using freshet::Instant;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  reports: {ttl: 1h, soft_ttl: 50m}
)";

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct Report {
  std::string text;
  int version = 0;
};

/// Stands for a Redis.
struct Store {
  struct Stored {
    Report report;
    Instant good_until;
    Duration load_time;
  };
  std::optional<Stored> find(std::string_view, Instant now) const {
    return stored && stored->good_until > now ? stored : std::nullopt;
  }
  void put(std::string_view, const Stored& one) { stored = one; }
  std::optional<Stored> stored;
};

struct Database {
  freshet::testing::ManualClock& clock;
  int asked = 0;
  Report report(std::string_view) {
    clock.advance(1s);
    return {"a report", ++asked};
  }
};

}  // namespace

int main() {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  const auto executor = std::make_shared<freshet::testing::ManualExecutor>(clock);
  freshet::Components components;
  components.clock = clock;
  components.executor = executor;
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy, components);
  const auto reports = invalidator.cache<Report>("reports");
  Database db{*clock};
  Store store;
  // [load]
  const auto make = [&, clock](freshet::LoadContext& load) -> Report {
    const auto now = clock->now();
    const auto had = load.previous<Report>();
    const auto stored = store.find(load.key(), now);
    if (stored && (!had || stored->report.version > had->version)) {
      load.ttl(stored->good_until - now).load_time(stored->load_time);
      return stored->report;
    }
    const Report made = db.report(load.key());
    store.put(load.key(), {made, clock->now() + 1h, clock->now() - now});
    return made;
  };
  // [/load]
  require(reports.get_or_load("march", make)->version == 1, "the first is made");
  invalidator.cache<Report>("reports").clear();
  require(reports.get_or_load("march", make)->version == 1 && db.asked == 1,
          "what the store has is taken");
  clock->advance(51min);
  reports.get_or_load("march", make);
  executor->run_ready();
  require(reports.get("march")->version == 2 && db.asked == 2,
          "a refresh does not take again what it had");
  store.stored->report.version = 3;  // another process has refreshed it
  clock->advance(51min);
  reports.get_or_load("march", make);
  executor->run_ready();
  require(reports.get("march")->version == 3 && db.asked == 2, "what is newer is taken");
  require(reports.get("march").remaining() <= 9min, "for as long as it is good there");
}
