// 08: dependencies. Results say what they were made from, and go when that changes: directly, through
// one another, because their loader read it, or because it has another version now.
#include <fmt/core.h>

#include <exception>
#include <string>

#include "freshet/freshet.hpp"

namespace {

using Texts = freshet::Cache<std::string>;

void show(const char* what, const Texts& cache, std::initializer_list<const char*> keys) {
  fmt::print("  {}:", what);
  for (const char* key : keys) fmt::print(" {} {}", key, cache.contains(key) ? "kept" : "gone");
  fmt::print("\n");
}

void direct(freshet::CacheInvalidator& invalidator) {
  const Texts analysis = invalidator.cache<std::string>("analysis");
  analysis.put("imports", "12", {.depends_on = {"/src/main.py"}});
  analysis.put("types", "no error", {.depends_on = {"/src/main.py", "/src/util.py"}});
  analysis.put("style", "3 notes", {.depends_on = {"/src/util.py"}});
  const freshet::Emitted done = invalidator.emit("file_saved", {{"path", "main.py"}});
  fmt::print("/src/main.py was saved: {} of 3 results are stale\n", done.invalidated.count);
  show("analysis", analysis, {"imports", "types", "style"});
}

void transitive(freshet::CacheInvalidator& invalidator) {
  const Texts analysis = invalidator.cache<std::string>("analysis");
  analysis.put("summary", "fine", {.depends_on = {"style"}});  // made from another result
  const freshet::Invalidated would =
      invalidator.invalidate_dependents("/src/util.py", {.dry_run = true, .list = 10});
  fmt::print("/src/util.py would take\n");
  for (const freshet::StaleEntry& entry : would.entries)
    fmt::print("  {}: {}\n", entry.key, entry.reason);
  invalidator.emit("file_saved", {{"path", "util.py"}});
  show("analysis", analysis, {"style", "summary"});
}

void captured(freshet::CacheInvalidator& invalidator) {
  const Texts fragments = invalidator.cache<std::string>("fragments");
  const Texts pages = invalidator.cache<std::string>("pages");
  const auto load_page = [&] {
    std::string page;
    for (const char* part : {"head", "news", "foot"})
      page += *fragments.get_or_load(part, [part] { return fmt::format("<{}>", part); });
    return page;
  };
  fmt::print("a page of fragments: {}\n", *pages.get_or_load("home", load_page));
  fragments.put("news", "<new news>");  // nobody declared it: the page's loader has read it
  show("after a new fragment", pages, {"home"});
  fmt::print("  made again: {}\n", *pages.get_or_load("home", load_page));
}

void versions(freshet::CacheInvalidator& invalidator) {
  const Texts analysis = invalidator.cache<std::string>("analysis");
  const freshet::EntryOptions v3{.versions = {{"classifier-prompt", "v3"}}};
  const freshet::EntryOptions v4{.versions = {{"classifier-prompt", "v4"}}};
  analysis.put("mail:1", "spam", v3);
  analysis.put("mail:2", "no spam", v4);  // somebody is ahead already
  fmt::print("the prompt is v4 now: {} entry is stale\n",
             invalidator.invalidate_version("classifier-prompt", "v4").count);
  show("analysis", analysis, {"mail:1", "mail:2"});
  const freshet::StoreOutcome late = analysis.put("mail:1", "spam", v3);
  fmt::print("  a late answer of v3 is {}\n", is_stored(late) ? "kept" : "refused");
}

void run(const char* policy) {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy);
  direct(invalidator);
  transitive(invalidator);
  captured(invalidator);
  versions(invalidator);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : EXAMPLE_DIR "/policy.yaml");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
