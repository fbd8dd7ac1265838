// What docs/guides/testing-your-code.md quotes beside the test of an example: the wrong way, and the kit without a test
// framework. It runs, but for the wrong way.
#include <fmt/core.h>

#include <chrono>
#include <freshet/freshet.hpp>
#include <freshet/testing/test_cache.hpp>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

[[maybe_unused]] bool the_wrong_way() {
  // [wrong]
  auto invalidator = freshet::CacheInvalidator::from_yaml(
      "{freshet: 1, namespaces: {profiles: {ttl: 50ms}}}");  // not what runs in production
  const auto profiles = invalidator.cache<std::string>("profiles");
  profiles.put("user:42", "Ada");
  const bool cached = static_cast<bool>(profiles.get("user:42"));  // false on a slow machine
  std::this_thread::sleep_for(60ms);                               // in each such test
  const bool expired = !profiles.get("user:42");
  // [/wrong]
  return cached && expired;
}

}  // namespace

int main() {
  // [plain]
  auto cache = freshet::testing::TestCache::from_blocks({{"profiles", "ttl: 5m"}});
  const auto profiles = cache.cache<std::string>("profiles");
  profiles.put("user:42", "Ada", {.tags = {"users"}});
  cache.pass(4min + 59s);
  const bool cached = static_cast<bool>(profiles.get("user:42"));
  cache.pass(1s);
  const bool expired = !profiles.get("user:42");
  cache.invalidator().invalidate_tag("users");
  for (const auto& notice : cache.invalidations()) fmt::print("{}\n", notice.text());
  // [/plain]
  return cached && expired && cache.invalidations().size() == 1 ? 0 : 1;
}
