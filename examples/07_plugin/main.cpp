// 07: a strategy from a shared object. The policy names the file and the strategy; this program
// knows neither. Its options are read, checked and explained like those of a built-in.
#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;

void run(const std::string& policy) {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy, components);
  fmt::print("sessions are served by {}\n", invalidator.stats().namespaces[0].strategy);

  const auto sessions = invalidator.cache<std::string>("sessions");
  sessions.put("ada", "signed in");
  sessions.put("grace", "signed in", {.ttl = 10min});  // the caller's word replaces `max`
  for (const auto minute : {9, 15, 30, 45, 59, 60}) {
    clock->set(freshet::Instant(1h) + std::chrono::minutes(minute));
    fmt::print("after {:>2} minutes: ada {}, grace {}\n", minute,
               sessions.get("ada") ? "signed in" : "gone",
               sessions.get("grace") ? "signed in" : "gone");
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
