// What docs/guides/when-a-load-fails.md quotes of loads that are late. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <freshet/testing/manual_clock.hpp>
#include <future>
#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  feeds: {ttl: 1m, stale_if_error: 1h, load_timeout: {soft: 500ms, hard: 3s}}
)";

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

/// Answers when it is told to.
class Database {
 public:
  std::string feed() {
    asked_.set_value();
    return answer_.get_future().get();
  }
  void await_question() { asked_.get_future().wait(); }
  void answer(std::string feed) { answer_.set_value(std::move(feed)); }

 private:
  std::promise<void> asked_;
  std::promise<std::string> answer_;
};

void note_stale(const std::string& feed) { fmt::print("stale: {}\n", feed); }

}  // namespace

int main() {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy, components);
  const auto feeds = invalidator.cache<std::string>("feeds");
  feeds.put("home", "the old feed");
  clock->advance(2min);

  const auto db = std::make_shared<Database>();
  const auto serve = [&] {
    // [late]
    const auto feed = feeds.get_or_load("home", [db] { return db->feed(); });
    if (feed.staleness() == freshet::Staleness::load_late) note_stale(*feed);
    // [/late]
    return *feed;
  };
  auto late = std::async(std::launch::async, serve);
  db->await_question();
  clock->await_waiters(1);
  clock->advance(500ms);
  require(late.get() == "the old feed", "the old feed is served");
  db->answer("the new feed");
  require(serve() == "the new feed", "the load went on");
}
