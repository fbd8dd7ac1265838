// What docs/guides/reloading-a-policy.md quotes. It runs, so that what the guide says is so.
#include <fmt/core.h>

#include <filesystem>
#include <freshet/freshet.hpp>

namespace {

constexpr std::string_view kPolicy = "freshet: 1\nnamespaces: {profiles: {ttl: 1h}}\n";

void reload(freshet::CacheInvalidator& invalidator, const std::filesystem::path& file) {
  // [reload]
  try {
    const freshet::Reloaded reloaded = invalidator.reload_yaml_file(file);
    fmt::print("{} blocks changed, {} entries expired\n", reloaded.blocks.size(), reloaded.expired);
  } catch (const freshet::ConfigError& error) {
    fmt::print("the old policy stays:\n{}\n", error.what());  // each finding with its line
  }
  // [/reload]
}

}  // namespace

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy);
  reload(invalidator, "a-file-that-is-not-there.yaml");
  const freshet::Reloaded reloaded =
      invalidator.reload_yaml("freshet: 1\nnamespaces: {profiles: {ttl: 2h}}\n");
  const freshet::Statistics stats = invalidator.stats();
  const bool right =
      reloaded.blocks.size() == 1 && stats.total.reloads == 1 && stats.total.reload_failures == 1;
  return right ? 0 : 1;
}
