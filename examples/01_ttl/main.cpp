// 01: an entry lives as long as its policy says. Time is a clock that this program sets, so nothing
// here sleeps and the output is always the same; leave `clock` out and the system's clock counts.
#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;

std::string origin_name(freshet::Origin origin) {
  switch (origin) {
    case freshet::Origin::none:
      return "nowhere";
    case freshet::Origin::l1:
      return "memory";
    case freshet::Origin::l2:
      return "Redis";
    case freshet::Origin::loaded:
      return "the loader";
  }
  return "";
}

std::string minutes(freshet::Duration span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

void run(const char* policy) {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy, components);
  const auto profiles = invalidator.cache<std::string>("profiles");

  const freshet::Instant start = clock->now();
  int edition = 0;
  const auto read = [&] {
    const auto load = [&] { return fmt::format("profile of user 42, edition {}", ++edition); };
    const auto profile = profiles.get_or_load("user:42", load);
    fmt::print("{:>5}  {}, from {}, age {}, {} left\n", minutes(clock->now() - start), *profile,
               origin_name(profile.origin()), minutes(profile.age()), minutes(profile.remaining()));
  };

  read();
  clock->set(start + 2min);
  read();
  clock->set(start + 4min + 59s);
  read();
  clock->set(start + 5min);
  fmt::print("{:>5}  get finds {}\n", minutes(clock->now() - start),
             profiles.get("user:42") ? "it" : "nothing");
  read();

  const freshet::NamespaceStatistics total = invalidator.stats().total;
  fmt::print("\n{} hits, {} misses, {} loads\n", total.hits, total.misses, total.loads);
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
