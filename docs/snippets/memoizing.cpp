// What docs/guides/memoizing.md quotes. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles:
    strategy: ttl
    ttl: 1h
    capacity: {entries: 10_000}
    eviction: lru
  users: {ttl: 1h, negative_ttl: 1m}
  pages: {ttl: 1h}
)";

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct Profile {
  int id = 0;
  std::string name;
};

/// The origin behind the cache. `meanwhile` runs once, between a read and its answer.
struct Database {
  Profile load_profile(int id) {
    Profile profile{id, name};
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return profile;
  }
  void rename(int, const std::string& to) { name = to; }
  std::optional<Profile> find_profile(std::string_view wanted) {
    ++looks;
    return wanted == name ? std::optional(Profile{42, name}) : std::nullopt;
  }

  std::string name = "Ada";
  int looks = 0;
  std::function<void()> meanwhile;
};

/// A cache as it is written by hand: nothing says when a fetch began.
struct HandMade {
  std::optional<Profile> get(const std::string&) const { return kept; }
  void set(const std::string&, const Profile& profile) { kept = profile; }
  void remove(const std::string&) { kept.reset(); }
  std::optional<Profile> kept;
};

void by_hand() {
  Database db;
  HandMade cache;
  // [by_hand]
  const auto get_user = [&](int id) {
    const std::string key = "user:" + std::to_string(id);
    if (auto cached = cache.get(key)) return *cached;
    Profile profile = db.load_profile(id);  // 1. reads "Ada"
    cache.set(key, profile);                // 4. puts "Ada" back
    return profile;
  };
  const auto rename = [&](int id, const std::string& name) {
    db.rename(id, name);                         // 2. another thread writes "Grace"
    cache.remove("user:" + std::to_string(id));  // 3. and deletes: too early
  };
  // [/by_hand]
  db.meanwhile = [&] { rename(42, "Grace"); };
  get_user(42);
  require(db.name == "Grace" && get_user(42).name == "Ada", "by hand, the old value stays");
}

void memoized(freshet::CacheInvalidator& invalidator) {
  Database db;
  // [memoized]
  const auto profiles = invalidator.cache<Profile>("profiles");
  const auto get_user = profiles.memoize("user:{}", [&](int id) { return db.load_profile(id); });
  const auto rename = invalidator.invalidating(
      get_user, [&](int id, const std::string& name) { db.rename(id, name); });

  const freshet::Handle<Profile> ada = get_user(42);  // runs the function, once for all who wait
  rename(42, "Grace");                                // user:42 is forgotten before and after
  fmt::print("{} became {}\n", ada->name, get_user(42)->name);
  // [/memoized]
  require(get_user(42)->name == "Grace", "a writer makes the result stale");
  get_user.clear();
  db.meanwhile = [&] { rename(42, "Barbara"); };
  require(get_user(42)->name == "Grace", "a run answers what it read");
  require(get_user(42)->name == "Barbara", "and is not kept after the write");

  // [forgetting]
  get_user.invalidate(42);  // one result; a run under way is answered and not kept
  get_user.clear();         // all of this function, and no other entry of the namespace
  // [/forgetting]
  require(!profiles.contains(get_user.key(42)), "nothing is left");
}

struct Filter {
  std::string words;
  int page = 1;
};

}  // namespace

// [key_text]
template <>
struct freshet::KeyText<Filter> {
  static auto of(const Filter& filter) { return std::tuple(filter.words, filter.page); }
};
// [/key_text]

namespace {

struct Request {
  std::string trace;
};

void keys(freshet::CacheInvalidator& invalidator) {
  const auto pages = invalidator.cache<std::string>("pages");
  // [keys]
  const auto by_name = pages.memoize("page:{}:{}", [](std::string_view site, int number) {
    return fmt::format("{} {}", site, number);
  });
  fmt::print("{}\n", by_name.key("a:b", 7));  // page:a%3Ab:7

  const auto find = pages.memoize("find", [](const Filter& filter, bool exact) {
    return fmt::format("{}, page {}{}", filter.words, filter.page, exact ? ", exact" : "");
  });
  find({.words = "ducks"}, true);
  // [/keys]
  require(by_name.key("a:b", 7) == "page:a%3Ab:7", "a separator in an argument is escaped");

  // [chosen]
  const auto render = pages.memoize(
      "render:{}", freshet::key_arguments<0>,
      [](int id, const Request& request) { return fmt::format("{} for {}", id, request.trace); });
  render(7, {.trace = "first"});
  render(7, {.trace = "second"});  // the page made for the first request
  // [/chosen]
  require(*render(7, {.trace = "third"}) == "7 for first", "the request is not part of the key");

  // [key_by]
  const auto search = pages.memoize(
      freshet::key_by("search", [](const std::string& text) { return text.substr(0, 20); }),
      [](const std::string& text) { return "results for " + text; });
  // [/key_by]
  require(search.key("ducks") == "search:ducks", "a function makes the key");
}

struct Order {
  int user = 0;
  int amount = 0;
};

void writers(freshet::CacheInvalidator& invalidator) {
  Database db;
  const auto profiles = invalidator.cache<Profile>("profiles");
  const auto get_user = profiles.memoize("user:{}", [&](int id) { return db.load_profile(id); });
  get_user(42);
  // [writers]
  const auto place = invalidator.invalidating(
      get_user, [&](const Order& order) { db.rename(order.user, "a customer"); },
      {.key = [](const Order& order) { return order.user; }});
  const auto import = invalidator.invalidating(
      get_user, [&](const std::vector<Profile>& all) { db.rename(0, all.front().name); },
      {.clear_all = true});
  // [/writers]
  place({.user = 42, .amount = 1});
  require(get_user(42)->name == "a customer", "a mapping says whose result is stale");
  import({{ 1, "Alan" }});
  require(get_user(42)->name == "Alan", "all results are stale");
}

void absent(freshet::CacheInvalidator& invalidator) {
  Database db;
  // [absent]
  const auto users = invalidator.cache<Profile>("users");  // {ttl: 1h, negative_ttl: 1m}
  const auto find_user = users.memoize(
      "name:{}", [&](std::string_view name) { return db.find_profile(name); });  // an optional
  const auto sign_up =
      invalidator.invalidating(find_user, [&](const std::string& name) { db.rename(42, name); });

  if (const auto user = find_user("Grace")) fmt::print("welcome back, {}\n", user->name);
  sign_up("Grace");  // that there was nobody is forgotten
  fmt::print("welcome, {}\n", find_user("Grace")->name);
  // [/absent]
  require(!find_user("Alan") && !find_user("Alan") && db.looks == 3, "that is kept");
}

void options(freshet::CacheInvalidator& invalidator) {
  Database db;
  const auto profiles = invalidator.cache<Profile>("profiles");
  // [options]
  const auto get_team_member =
      profiles.memoize("member:{}",
                       [&](freshet::LoadContext& load, int id) {
                         load.tag("team:5").ttl(10min);  // of this result
                         return db.load_profile(id);
                       },
                       {.tags = {"members"}, .depends_on = {"table:members"}});  // of all of them
  // [/options]
  get_team_member(1);
  require(invalidator.invalidate_tag("team:5").count == 1, "a load context names tags");
}

}  // namespace

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy);
  by_hand();
  memoized(invalidator);
  keys(invalidator);
  writers(invalidator);
  absent(invalidator);
  options(invalidator);
}
