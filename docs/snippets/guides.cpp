// What docs/guides quotes. It runs, so that what the guides say is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;

struct Profile {
  int id = 0;
  std::string name;
};

/// The origin behind the cache.
struct Database {
  Profile load_profile(int id) const { return {id, "Ada"}; }
  void rename(int, const std::string&) {}
};

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles:
    strategy: ttl
    ttl: 1h
    key: "user:{user_id}"
    tags: ["users", "user:{user_id}"]
  settings: {strategy: manual}
  "user_*": {strategy: manual}
)";

void tags(freshet::CacheInvalidator& invalidator, Database& db) {
  // [tags]
  const auto profiles = invalidator.cache<Profile>("profiles");
  profiles.get_or_load("user:42", [&](freshet::LoadContext& load) {
    load.tag("team:5");  // known only once the value is
    return db.load_profile(42);
  });
  const freshet::Invalidated gone = invalidator.invalidate_tag("team:5");
  fmt::print("{} made stale\n", gone.count);
  // [/tags]
}

void namespaces(freshet::CacheInvalidator& invalidator) {
  // [namespaces]
  const auto cart = invalidator.cache<std::string>("user_42");  // served by the block "user_*"
  cart.put("cart", "two books");
  invalidator.invalidate_namespace("user_42");  // user 42 logs out; user_43 keeps its cart
  // [/namespaces]
}

void manual(freshet::CacheInvalidator& invalidator) {
  // [manual]
  const auto settings = invalidator.cache<std::string>("settings");
  settings.put("theme", "dark");
  // whoever changes the setting says so:
  invalidator.invalidate("theme", "settings");
  // [/manual]
}

struct Quote {
  int price = 0;
  bool is_final = false;
};

void computed() {
  // [computed]
  const auto lifetime = [](const Quote& quote) -> freshet::Duration {
    return quote.is_final ? freshet::Duration(24h) : freshet::Duration(5s);
  };
  const freshet::TtlOptions options{.ttl = 1h, .function = freshet::lifetime_by<Quote>(lifetime)};
  auto market = freshet::CacheInvalidator::builder().cache("quotes", options).build();
  const auto quotes = market.cache<Quote>("quotes");
  quotes.put("last:ACME", {.price = 7});                     // five seconds
  quotes.put("close:ACME", {.price = 7, .is_final = true});  // a day
  // [/computed]
  const bool right =
      quotes.get("last:ACME").remaining() < 1min && quotes.get("close:ACME").remaining() > 12h;
  if (!right) std::abort();
}

void leases(freshet::CacheInvalidator& invalidator, Database& db) {
  // [lease]
  const auto profiles = invalidator.cache<Profile>("profiles");
  auto profile = profiles.get("user:42");
  if (!profile) {
    const freshet::Lease lease = profiles.lease("user:42");  // before the value is fetched
    const Profile fetched = db.load_profile(42);
    const freshet::StoreOutcome outcome = profiles.put("user:42", fetched, lease);
    fmt::print("{}\n", is_stored(outcome) ? "stored" : "refused: it changed meanwhile");
  }
  // [/lease]
}

void write(freshet::CacheInvalidator& invalidator, Database& db) {
  // [write]
  db.rename(42, "Grace");                 // first the origin,
  invalidator.invalidate_tag("user:42");  // then the cache
  // [/write]
}

void watching(freshet::CacheInvalidator& invalidator) {
  // [hot_keys]
  for (const freshet::HotKey& key : invalidator.hot_keys(3))
    fmt::print("{} {}: at most {} reads\n", key.name_space, key.key, key.accesses);
  // [/hot_keys]
  using namespace std::chrono_literals;
  // [inspect]
  const freshet::EntryReport report = invalidator.inspect("profiles", {.next_to_expire = 5});
  fmt::print("{}\n", report.text());
  const freshet::BlockEntries& profiles = report.namespaces.front();
  if (profiles.age.p90 > 50min) fmt::print("one in ten is nearly as old as it may get\n");
  // [/inspect]
}

}  // namespace

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy);
  Database db;
  tags(invalidator, db);
  namespaces(invalidator);
  manual(invalidator);
  computed();
  leases(invalidator, db);
  write(invalidator, db);
  watching(invalidator);
}
