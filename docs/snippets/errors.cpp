// What docs/guides/when-a-load-fails.md quotes. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <freshet/testing/manual_clock.hpp>
#include <freshet/testing/manual_executor.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  pages: {ttl: 10m, stale_if_error: 24h, retry_after_error: 5s}
  prices: {ttl: 10m, error_ttl: 2s}
  users: {ttl: 1h, negative_ttl: 30s}
)";

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct User {
  std::string name;
};
struct Database {
  bool down = false;
  std::string render(std::string_view page) const {
    if (down) throw std::runtime_error("the database does not answer");
    return fmt::format("the page {}", page);
  }
  std::optional<User> find_user(int id) const {
    ++asked;
    return id == 42 ? std::optional(User{"Ada"}) : std::nullopt;
  }
  mutable int asked = 0;
};

void note_stale(const std::string& page) { fmt::print("stale: {}\n", page); }

void old_pages(freshet::CacheInvalidator& invalidator, freshet::testing::ManualClock& clock) {
  Database db;
  const auto pages = invalidator.cache<std::string>("pages");
  const auto serve = [&] {
    // [old]
    const auto page = pages.get_or_load("home", [&] { return db.render("home"); });
    if (page.staleness() == freshet::Staleness::load_failed) note_stale(*page);
    // [/old]
    return page.staleness();
  };
  require(serve() == freshet::Staleness::fresh, "the page is loaded");
  clock.advance(1h);
  db.down = true;
  require(serve() == freshet::Staleness::load_failed, "the old page is served");
  require(!pages.get("home"), "and to nobody else");
  invalidator.invalidate("home", "pages");
  try {
    serve();
    require(false, "what was removed is not served");
  } catch (const std::runtime_error&) {
    fmt::print("removed: nothing to serve\n");
  }
}

void nothing(freshet::CacheInvalidator& invalidator) {
  const Database db;
  const auto users = invalidator.cache<User>("users");
  const auto greet = [&](int id) -> std::string {
    // [absent]
    const auto user = users.get_or_load(fmt::format("user:{}", id),
                                        [&] { return db.find_user(id); });  // std::optional<User>
    return user ? "hello " + user->name : "nobody";
    // [/absent]
  };
  require(greet(42) == "hello Ada" && greet(7) == "nobody" && greet(7) == "nobody", "greetings");
  require(db.asked == 2, "that there is nothing is kept");

  // [bulk]
  const std::vector<std::string> keys{"user:42", "user:7"};
  for (const auto& user : users.get_many(keys))
    fmt::print("{}\n", user ? user->name : user.absent() ? "there is no such user" : "not cached");
  // [/bulk]
}

void predicate(freshet::CacheInvalidator& invalidator) {
  // [cacheable]
  const auto pages = invalidator.cache<std::string>("pages");
  pages.cacheable_if([](const std::string& page) { return !page.empty(); });
  // [/cacheable]
  require(pages.get_or_load("empty", [] { return std::string(); }).get()->empty(), "answered");
  require(!pages.contains("empty"), "and not kept");
}

}  // namespace

int main() {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  components.executor = std::make_shared<freshet::testing::ManualExecutor>(clock);
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy, components);
  old_pages(invalidator, *clock);
  nothing(invalidator);
  predicate(invalidator);
}
