// The policies that docs/guides/times-of-the-calendar.md quotes. They run, so that what the guide says is so.
// They lie beside this file, which is the folder the test runs in.
#include <freshet/freshet.hpp>
#include <freshet/testing/test_cache.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;

bool is_good_until_six() {
  auto cache =
      freshet::testing::TestCache::from_yaml_file("until.yaml");  // 1 January 2030, 01:00 UTC
  const auto prices = cache.cache<std::string>("prices");
  prices.put("milk", "1.20");
  cache.pass(3h + 59min);
  const bool before = prices.contains("milk");
  cache.pass(1min);
  return before && !prices.contains("milk");
}

bool goes_by_schedule() {
  auto cache = freshet::testing::TestCache::from_yaml_file("schedules.yaml");
  const auto prices = cache.cache<std::string>("prices");
  prices.put("draft:1", "v");
  prices.put("euro", "v", {.tags = {"rates"}});
  cache.pass(15min + 1s);
  return prices.contains("draft:1") && !prices.contains("euro");
}

}  // namespace

int main() { return is_good_until_six() && goes_by_schedule() ? 0 : 1; }
