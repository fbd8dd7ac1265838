// What docs/guides/filling-again.md quotes. It runs, so that what the guide says is so.
#include <fmt/core.h>

#include <filesystem>
#include <freshet/freshet.hpp>
#include <freshet/testing/test_cache.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;

struct Price {
  int cents = 0;
};

/// The origin behind the cache.
struct Database {
  int loads = 0;
  Price load_price(std::string_view) { return {++loads}; }
};

void rewarm(freshet::CacheInvalidator& invalidator) {
  // [rewarm]
  invalidator.invalidate_tag("metals", {.rewarm = {.hot = 100, .keys = {{"gold", "prices"}}}});
  // [/rewarm]
}

void warm(freshet::CacheInvalidator& invalidator) {
  // [warm]
  invalidator.warm({{"gold", "prices"}, {"silver", "prices"}});
  const freshet::WarmProgress progress = invalidator.warming();
  fmt::print("{} of {} loaded, {} failed\n", progress.loaded, progress.asked, progress.failed);
  // [/warm]
}

}  // namespace

int main() {
  auto cache = freshet::testing::TestCache::from_yaml_file("filling.yaml");
  freshet::CacheInvalidator& invalidator = cache.invalidator();
  Database db;
  // [bind]
  const auto prices = invalidator.cache<Price>("prices");
  prices.bind_loader([&db](std::string_view key, freshet::LoadContext& load) {
    load.tag("prices");
    return db.load_price(key);
  });
  // [/bind]
  cache.pass(200ms);
  const bool warmed = db.loads == 1 && prices.contains("gold");

  prices.put("gold", Price{7}, {.tags = {"prices", "metals"}});
  // [expire]
  invalidator.emit("price_list_changed");  // a rule with mode: expire
  const auto price = prices.get("gold");   // at once: as it was, and it says so
  if (price.staleness() == freshet::Staleness::expired) fmt::print("an old price\n");
  // [/expire]
  const bool served = price->cents == 7;
  cache.pass(200ms);
  const bool loaded = db.loads == 2 && prices.get("gold").staleness() == freshet::Staleness::fresh;

  rewarm(invalidator);
  const bool gone = !prices.contains("gold");
  cache.pass(200ms);
  const bool rewarmed = prices.contains("gold");
  warm(invalidator);
  cache.pass(200ms);
  const bool done = invalidator.warming().done() && prices.contains("silver");
  cache.close();
  const bool saved = std::filesystem::remove("hot_keys.txt");
  return warmed && served && loaded && gone && rewarmed && done && saved ? 0 : 1;
}
