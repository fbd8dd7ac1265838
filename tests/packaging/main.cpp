#include <fmt/core.h>

#include <freshet/freshet.hpp>
#include <string>

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file("policy.yaml");
  const auto profiles = invalidator.cache<std::string>("profiles");
  int loads = 0;
  const auto read = [&] {
    const auto load = [&] { return fmt::format("Ada, load {}", ++loads); };
    const auto profile = profiles.get_or_load("user:42", load, {.tags = {"team:5"}});
    const bool cached = profile.origin() == freshet::Origin::l1;
    fmt::print("{}{}\n", *profile, cached ? ", from memory" : "");
  };
  read();
  read();
  const freshet::Invalidated gone = invalidator.invalidate_tag("team:5");
  fmt::print("{} entry invalidated\n", gone.count);
  read();
}
