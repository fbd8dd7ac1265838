// What docs/guides/events-and-rules.md quotes. It runs, so that what the guide says is so.
#include <fmt/core.h>

#include <chrono>
#include <freshet/freshet.hpp>
#include <freshet/testing/manual_clock.hpp>
#include <freshet/testing/manual_executor.hpp>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;

// [policy]
constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  catalogue: {strategy: event}
events:
  price_changed:
    max_per_second: 100           # the 101st waits for the second's end
    rules:
      - invalidate_key: "catalogue/price:{id}"
      - {when: {field: kind, is: sale}, do: [{invalidate_tag: sales}]}
)";
// [/policy]

freshet::CacheInvalidator from_code(freshet::Components components) {
  // [builder]
  using freshet::RuleAction;
  auto invalidator =
      freshet::CacheInvalidator::builder()
          .cache("user_*", freshet::EventOptions{})
          .on("user_logout", {RuleAction::invalidate_namespace("user_{user_id}")})
          .on("user_renamed", {RuleAction::invalidate_entity("user", {{"id", "{user_id}"}})},
              {.debounce = freshet::Debounce{200ms}})
          .max_per_second("user_renamed", 100)
          .entity("user", {.tags = {"user:{id}"}})
          .components(components)
          .build();  // throws ConfigError with everything that is wrong
  // [/builder]
  return invalidator;
}

}  // namespace

int main() {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  components.executor = std::make_shared<freshet::testing::ManualExecutor>(clock);
  auto by_code = from_code(components);
  by_code.cache<std::string>("user_42").put("cart", "two books");
  const bool logged_out = by_code.emit("user_logout", {{"user_id", 42}}).invalidated.count == 1;
  auto by_yaml = freshet::CacheInvalidator::from_yaml(kPolicy, components);
  std::size_t waiting = 0;
  for (int id = 1; id <= 150; ++id) {
    // [held]
    const freshet::Emitted emitted = by_yaml.emit("price_changed", {{"id", id}});
    waiting += emitted.held_back;  // 0, or 1 if it waits
    // [/held]
  }
  fmt::print("{} wait\n", waiting);
  return logged_out && waiting == 50 ? 0 : 1;
}
