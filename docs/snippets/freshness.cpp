// What docs/guides/dependencies.md and docs/guides/invalidating.md quote. It runs and judges itself, so that what the guides say
// is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <freshet/testing/manual_clock.hpp>
#include <freshet/testing/manual_executor.hpp>
#include <future>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  analysis: {ttl: 1h}
  pages: {ttl: 1h, soft_ttl: 30m}
  profiles: {ttl: 1h}
  replica: {ttl: 1h, hold_off: 2s}
)";

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct Report {
  std::string text;
};
Report analyse(std::string_view file) { return {fmt::format("report of {}", file)}; }

void direct(freshet::CacheInvalidator& invalidator) {
  // [direct]
  const auto analysis = invalidator.cache<Report>("analysis");
  analysis.put("imports", analyse("main.py"), {.depends_on = {"/src/main.py"}});
  analysis.put("types", analyse("main.py"), {.depends_on = {"/src/main.py", "/src/util.py"}});
  analysis.put("style", analyse("util.py"), {.depends_on = {"/src/util.py"}});
  const auto gone = invalidator.invalidate_dependents("/src/main.py");  // two of the three
  // [/direct]
  require(gone.count == 2 && analysis.contains("style"), "two of three go");
}

void keys(freshet::CacheInvalidator& invalidator) {
  // [keys]
  const auto profiles = invalidator.cache<std::string>("profiles");
  const auto pages = invalidator.cache<std::string>("pages");
  profiles.put("user:1", "Ada", {.depends_on = {"row:1"}});
  pages.put("home", "Hello Ada", {.depends_on = {"profiles/user:1"}});
  profiles.put("user:1", "Grace");  // a write of the key: "home" is gone
  // [/keys]
  require(!pages.contains("home"), "a write takes what depends on its key");

  // [transitive]
  profiles.put("user:1", "Ada", {.depends_on = {"row:1"}});
  pages.put("home", "Hello Ada", {.depends_on = {"profiles/user:1"}});
  invalidator.invalidate_dependents("row:1");  // user:1, and through it "home"
  // [/transitive]
  require(!profiles.contains("user:1") && !pages.contains("home"), "dependents of dependents go");
}

void captured(freshet::CacheInvalidator& invalidator) {
  const auto profiles = invalidator.cache<std::string>("profiles");
  const auto pages = invalidator.cache<std::string>("pages");
  const auto load_user = [] { return std::string("Ada"); };
  // [captured]
  const auto page = pages.get_or_load("home", [&] {
    const auto user = profiles.get_or_load("user:1", load_user, {.tags = {"users"}});
    return "Hello " + *user;  // "home" now depends on user:1, and carries its tags
  });
  invalidator.invalidate_tag("users");  // the profile and the page
  // [/captured]
  require(*page == "Hello Ada" && !pages.contains("home"), "captured tags count");

  // [threads]
  pages.get_or_load("home", [&](freshet::LoadContext& load) {
    auto user = std::async(std::launch::async, [&, capture = load.capture()] {
      const auto reads = capture.enter();  // what this thread reads, the load has read
      return *profiles.get_or_load("user:1", load_user);
    });
    return "Hello " + user.get();
  });
  // [/threads]
  invalidator.invalidate("user:1", "profiles");
  require(!pages.contains("home"), "what another thread read is captured");
}

void versions(freshet::CacheInvalidator& invalidator) {
  const auto analysis = invalidator.cache<Report>("analysis");
  // [versions]
  const freshet::EntryOptions v3{.versions = {{"classifier-prompt", "v3"}}};
  analysis.get_or_load(
      "a", [] { return analyse("a"); }, v3);
  const auto gone = invalidator.invalidate_version("classifier-prompt", "v4");
  analysis.put("a", analyse("a"), v3);  // StoreOutcome::refused_version: somebody is behind
  // [/versions]
  require(gone.count == 1 && !analysis.contains("a"), "another version retires and refuses");
  require(invalidator.invalidate_version("classifier-prompt", "v4").count == 0, "once is enough");

  // [bump]
  analysis.put("order:7", analyse("7"), {.versions = {{"order:7"}}});  // whichever is current
  invalidator.bump_version("order:7");  // a version never seen before
  // [/bump]
  require(!analysis.contains("order:7"), "a bump takes what was built on the old version");

  // [policy_version]
  const auto readers_of_v1 = analysis.at_version("v1");
  invalidator.set_policy_version("analysis", "v2");  // the namespace is empty, and v1 misses
  // [/policy_version]
  analysis.put("a", analyse("a"));
  require(!readers_of_v1.get("a") && analysis.get("a"), "an old policy version misses");
}

void conditions(freshet::CacheInvalidator& invalidator) {
  const auto profiles = invalidator.cache<std::string>("profiles");
  for (const char* key : {"user:4", "user:42", "user:42:name", "user:42:mail", "user:7:mail"})
    profiles.put(key, "v");
  // [conditions]
  invalidator.invalidate_prefix("user:42", "profiles");  // user:42, user:42:name; not user:420
  invalidator.invalidate_matching("user:*:mail", "profiles");  // each user's mail
  invalidator.invalidate_all_of({"team:5", "draft"});          // what carries both, anywhere
  invalidator.invalidate_tag_in("draft", "profiles");          // one tag, one namespace
  // [/conditions]
  require(profiles.contains("user:4") && !profiles.contains("user:42:name") &&
              !profiles.contains("user:7:mail"),
          "prefixes and patterns");

  // [predicate]
  profiles.invalidate_if([](std::string_view key, const std::string& name) {
    return key.starts_with("user:") && name.empty();
  });
  // [/predicate]
  require(profiles.contains("user:4"), "a predicate decides");
}

void modes(freshet::CacheInvalidator& invalidator) {
  const auto pages = invalidator.cache<std::string>("pages");  // soft_ttl: 30m
  pages.put("news", "old news", {.tags = {"news"}});
  // [modes]
  invalidator.invalidate_tag("news", {.mode = freshet::Mode::expire});
  const auto page = pages.get("news");  // served; page.staleness() is Staleness::expired
  invalidator.invalidate_tag("news");   // remove: gone for everybody
  // [/modes]
  require(page && page.staleness() == freshet::Staleness::expired, "expired is served");
  require(!pages.get("news"), "removed is not");
}

void counts(freshet::CacheInvalidator& invalidator) {
  const auto pages = invalidator.cache<std::string>("pages");
  pages.put("a", "1", {.tags = {"news"}});
  pages.put("b", "2", {.depends_on = {"a"}});
  // [counts]
  const auto would = invalidator.invalidate("a", "pages", {.dry_run = true, .list = 10});
  for (const freshet::StaleEntry& entry : would.entries)
    fmt::print("{}/{}: {}\n", entry.name_space, entry.key, entry.reason);
  // [/counts]
  require(would.count == 2 && would.entries.size() == 2 && pages.contains("a"), "a dry run");
  require(would.exactness == freshet::Exactness::exact, "a small cache counts exactly");
}

void hold_off(freshet::CacheInvalidator& invalidator, freshet::testing::ManualClock& clock) {
  const auto replica = invalidator.cache<std::string>("replica");
  const auto load = [] { return std::string("what the replica has"); };
  // [hold_off]
  invalidator.invalidate("user:1", "replica");
  replica.get_or_load("user:1", load);  // answered, not kept: the replica may lag
  // [/hold_off]
  require(!replica.contains("user:1"), "too soon to keep");
  clock.advance(3s);
  replica.get_or_load("user:1", load);
  require(replica.contains("user:1"), "late enough");
}

void removals(freshet::CacheInvalidator& invalidator, freshet::testing::ManualExecutor& executor) {
  const auto pages = invalidator.cache<std::string>("pages");
  int told = 0;
  // [removals]
  const freshet::Connection listening = pages.on_removal(
      [&told](std::string_view key, const std::string& page, freshet::RemovalCause cause) {
        if (cause == freshet::RemovalCause::capacity)
          fmt::print("no room for {} ({} bytes)\n", key, page.size());
        ++told;
      });
  // [/removals]
  pages.put("x", "1");
  pages.put("x", "2");
  executor.run_ready();
  require(told == 1, "a removal is told");
}

}  // namespace

int main() {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  const auto executor = std::make_shared<freshet::testing::ManualExecutor>(clock);
  freshet::Components components;
  components.clock = clock;
  components.executor = executor;
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy, components);
  direct(invalidator);
  keys(invalidator);
  captured(invalidator);
  versions(invalidator);
  conditions(invalidator);
  modes(invalidator);
  counts(invalidator);
  hold_off(invalidator, *clock);
  removals(invalidator, *executor);
}
