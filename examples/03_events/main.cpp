// 03: a domain event. The program says what happened, a rule of the policy says what is no longer
// true, and a handler, which runs after that, writes an audit line.
#include <fmt/core.h>

#include <exception>
#include <string>

#include "freshet/freshet.hpp"

namespace {

using Texts = freshet::Cache<std::string>;

void fill(freshet::CacheInvalidator& invalidator, int user) {
  invalidator.cache<std::string>(fmt::format("user_{}", user)).put("cart", "two books");
  invalidator.cache<std::string>("profiles")
      .put(fmt::format("user:{}", user), "Ada", {.tags = {fmt::format("user:{}", user)}});
}

void show(freshet::CacheInvalidator& invalidator, int user) {
  const Texts carts = invalidator.cache<std::string>(fmt::format("user_{}", user));
  const Texts profiles = invalidator.cache<std::string>("profiles");
  fmt::print("  user {}: cart {}, profile {}\n", user, carts.contains("cart") ? "kept" : "gone",
             profiles.contains(fmt::format("user:{}", user)) ? "kept" : "gone");
}

void run(const char* policy) {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy);
  const freshet::Connection audit =
      invalidator.register_event_handler("user_logout", [](const freshet::Event& event) {
        fmt::print("  audit: user {} has left\n", *event.field("user_id"));
      });
  const freshet::Connection closed =
      invalidator.register_event_handler("session_closed", [](const freshet::Event& event) {
        fmt::print("  audit: the session of {} is closed\n", *event.field("who"));
      });

  for (const int user : {42, 43}) fill(invalidator, user);
  fmt::print("before\n");
  for (const int user : {42, 43}) show(invalidator, user);

  fmt::print("emit user_logout {{user_id: 42}}\n");
  const freshet::Emitted done = invalidator.emit("user_logout", {{"user_id", 42}});
  fmt::print("  {} entries, {} rule, {} handlers\n", done.invalidated.count, done.rules,
             done.handlers);
  for (const int user : {42, 43}) show(invalidator, user);

  fmt::print("an event that nobody knows\n");
  fmt::print("  {}\n", invalidator.emit("user_lognot") ? "taken" : "taken by nobody, and counted");
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
