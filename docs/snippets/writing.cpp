// What docs/guides/writing.md quotes. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <cstdlib>
#include <freshet/freshet.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  profiles: {strategy: manual}
  pages: {strategy: manual}
events:
  user_renamed: [{invalidate_tag: "user:{id}"}]
)";

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

/// The origin behind the cache: one row, and what a transaction has written of it. `meanwhile` runs in place of another
/// thread, between a read and its answer.
struct Database {
  std::string load_name(int) {
    std::string name = committed;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return name;
  }
  std::string load_own_name(int) const { return written.value_or(committed); }
  void rename(int, const std::string& to) { committed = to; }

  void begin() { written.reset(); }
  void write_name(int, const std::string& to) { written = to; }
  void commit() {
    if (before_commit) std::exchange(before_commit, nullptr)();
    committed = written.value_or(committed);
  }
  void roll_back() { written.reset(); }

  std::string committed = "Ada";
  std::optional<std::string> written;
  std::function<void()> meanwhile;
  std::function<void()> before_commit;
};

/// A cache as it is written by hand: nothing says when a fetch began.
struct HandMade {
  std::optional<std::string> get(const std::string&) const { return kept; }
  void set(const std::string&, const std::string& name) { kept = name; }
  void remove(const std::string&) { kept.reset(); }
  std::optional<std::string> kept;
};

void by_hand() {
  Database db;
  HandMade cache;
  // [by_hand]
  const auto get_name = [&](int id) {
    const std::string key = "user:" + std::to_string(id);
    if (auto cached = cache.get(key)) return *cached;
    std::string name = db.load_name(id);  // 2. another thread reads "Ada": nothing is committed
    cache.set(key, name);                 //    and puts "Ada" back
    return name;
  };
  const auto rename = [&](int id, const std::string& name) {
    db.begin();
    db.write_name(id, name);
    cache.remove("user:" + std::to_string(id));  // 1. deletes: too early
    db.commit();                                 // 3. "Grace" is there for all
  };
  // [/by_hand]
  db.before_commit = [&] { get_name(42); };
  rename(42, "Grace");
  require(db.committed == "Grace" && get_name(42) == "Ada", "by hand, the old value stays");
}

void mutate(freshet::CacheInvalidator& invalidator) {
  Database db;
  const auto profiles = invalidator.cache<std::string>("profiles");
  const auto get_name = [&](int id) {
    return *profiles.get_or_load("user:42", [&] { return db.load_name(id); },
                                 {.tags = {"user:42"}});
  };
  get_name(42);
  // [mutate]
  invalidator.mutate({.tags = {"user:42"}}, [&] { db.rename(42, "Grace"); });
  // [/mutate]
  require(get_name(42) == "Grace", "mutate makes it stale");

  // [targets]
  freshet::WriteReport report;
  const int rows = invalidator.mutate({.keys = {{"user:42", "profiles"}},
                                       .tags = {"team:5"},
                                       .dependents = {"table:users"},
                                       .targets = {freshet::Target::prefix("user:42", "pages")}},
                                      [&] { return db.rename(42, "Barbara"), 1; },
                                      {.cause = "rename", .report = &report});
  fmt::print("{} row, {} entries\n", rows, report.before.count + report.after.count);
  // [/targets]
  require(report.before.count == 1, "the count is reachable");

  // [write_through]
  const auto outcome = profiles.write_through(
      "user:42", "Grace", [&](const std::string& name) { db.rename(42, name); });
  if (!is_stored(outcome)) fmt::print("written, and not kept: the next reader loads it\n");
  // [/write_through]
  require(db.committed == "Grace" && profiles.contains("user:42"),
          "write_through writes and keeps");
  db.rename(42, "Barbara");
  profiles.invalidate("user:42");

  db.meanwhile = [&] {
    try {
      invalidator.mutate({.tags = {"user:42"}}, [&] {
        db.rename(42, "Hedy");
        throw std::runtime_error("connection lost");
      });
    } catch (const std::runtime_error&) {  // whoever wrote knows
    }
  };
  require(get_name(42) == "Barbara", "a load answers what it read");
  require(get_name(42) == "Hedy", "and is not kept after a write that threw");
}

void transaction(freshet::CacheInvalidator& invalidator) {
  Database db;
  const auto profiles = invalidator.cache<std::string>("profiles");
  const auto get_name = [&](int id) {
    return *profiles.get_or_load("user:42", [&] { return db.load_own_name(id); },
                                 {.tags = {"user:42"}});
  };
  get_name(42);
  // [transaction]
  const auto rename = [&](int id, const std::string& name) {
    auto transaction = invalidator.begin_transaction();
    db.begin();
    db.write_name(id, name);
    invalidator.emit("user_renamed", {{"id", id}});  // collected: nobody else sees the write yet
    if (get_name(id).empty()) {                      // this thread does, past the cache
      db.roll_back();
      return;  // what was collected is dropped
    }
    transaction.commit([&] { db.commit(); });  // invalidated before and after
  };
  // [/transaction]
  rename(42, "Grace");
  require(get_name(42) == "Grace", "a commit makes it stale");
  rename(42, "");
  require(*profiles.get("user:42") == "Grace", "a roll-back leaves it");
}

void nested(freshet::CacheInvalidator& invalidator) {
  const auto profiles = invalidator.cache<std::string>("profiles");
  profiles.put("user:1", "Ada", {.tags = {"user:1"}});
  profiles.put("user:2", "Alan", {.tags = {"user:2"}});
  // [nested]
  auto outer = invalidator.begin_transaction();
  invalidator.invalidate_tag("user:1");
  {
    auto inner = invalidator.begin_transaction();  // as a savepoint is
    invalidator.invalidate_tag("user:2");
    inner.rollback();  // or the end of its scope
  }
  outer.commit();  // the commit has happened already: user:1 goes, user:2 stays
  // [/nested]
  require(!profiles.contains("user:1") && profiles.contains("user:2"), "the inner one is dropped");
}

void context(freshet::CacheInvalidator& invalidator) {
  const auto profiles = invalidator.cache<std::string>("profiles");
  const auto pages = invalidator.cache<std::string>("pages");
  // [context]
  {
    freshet::RequestContext context({.tags = {"tenant:7"}});
    profiles.put("user:42", "Ada");
    pages.get_or_load("home", [] { return std::string("Hello"); });
  }
  invalidator.invalidate_tag("tenant:7");  // both
  // [/context]
  require(!profiles.contains("user:42") && !pages.contains("home"), "both carry the tag");

  // [bypass]
  {
    freshet::Bypass bypass;
    pages.get_or_load("home", [] { return std::string("as it is now"); });  // not read, not kept
  }
  // [/bypass]
  require(!pages.contains("home"), "a bypass keeps nothing");

  // [handed_on]
  freshet::RequestContext context({.tags = {"tenant:7"}});
  std::thread worker([&, scopes = freshet::OpenScopes::here()] {
    const auto entered = scopes.enter();
    profiles.put("user:42", "Ada");  // carries tenant:7
  });
  worker.join();
  // [/handed_on]
  require(invalidator.invalidate_tag("tenant:7").count == 1, "the other thread is inside");
}

}  // namespace

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy);
  by_hand();
  mutate(invalidator);
  transaction(invalidator);
  nested(invalidator);
  context(invalidator);
}
