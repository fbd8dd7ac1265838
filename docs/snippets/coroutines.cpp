// What docs/guides/coroutines.md quotes. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdlib>
#include <freshet/coro.hpp>
#include <freshet/freshet.hpp>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  users: {ttl: 1h, negative_ttl: 30s, stale_if_error: 24h}
  pages: {ttl: 10m}
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
  asio::awaitable<std::optional<User>> find_user(int id) {
    ++asked;
    asio::steady_timer answer(co_await asio::this_coro::executor, 1ms);
    co_await answer.async_wait(asio::use_awaitable);
    if (id != 42) co_return std::nullopt;
    co_return User{name};
  }
  asio::awaitable<int> rename(int, std::string to) {
    asio::steady_timer answer(co_await asio::this_coro::executor, 1ms);
    co_await answer.async_wait(asio::use_awaitable);
    name = to;
    co_return 1;
  }
  std::string name = "Ada";
  int asked = 0;
};

// [read]
asio::awaitable<std::string> greet(freshet::Cache<User> users, Database& db, int id) {
  const auto user = co_await users.async_get_or_load(
      fmt::format("user:{}", id), [&] { return db.find_user(id); });  // awaitable<optional<User>>
  co_return user ? "hello " + user->name : "nobody";
}
// [/read]

// [page]
asio::awaitable<freshet::Handle<std::string>> page(freshet::Cache<std::string> pages,
                                                   freshet::Cache<User> users, Database& db) {
  const freshet::EntryOptions options{.tags = {"pages"}};
  const auto render = [users, &db](freshet::LoadContext& load) -> asio::awaitable<std::string> {
    load.ttl(1min);
    co_return "<h1>" + co_await greet(users, db, 42) + "</h1>";  // the page depends on the user
  };
  co_return co_await pages.async_get_or_load("home", render, options);
}
// [/page]

// [write]
asio::awaitable<int> rename(freshet::CacheInvalidator invalidator, Database& db, int id,
                            std::string to) {
  const freshet::WriteTargets targets{.keys = {{fmt::format("user:{}", id), "users"}}};
  co_return co_await freshet::async_mutate(invalidator, targets,
                                           [&] { return db.rename(id, to); });  // awaitable<int>
}
// [/write]

asio::awaitable<void> rename_and_greet(freshet::CacheInvalidator invalidator,
                                       freshet::Cache<User> users, Database& db, int& right) {
  const int rows = co_await rename(invalidator, db, 42, "Grace");
  const std::string text = co_await greet(users, db, 42);
  if (rows == 1 && text == "hello Grace") ++right;
}

asio::awaitable<void> visit(freshet::Cache<User> users, Database& db, int id,
                            std::string_view expected, int& right) {
  const std::string text = co_await greet(users, db, id);
  if (text == expected) ++right;
}

asio::awaitable<void> open_page(freshet::Cache<std::string> pages, freshet::Cache<User> users,
                                Database& db, int& right) {
  const auto home = co_await page(pages, users, db);
  if (*home == "<h1>hello Ada</h1>") ++right;
}

void run(freshet::CacheInvalidator& invalidator) {
  Database db;
  const auto users = invalidator.cache<User>("users");
  const auto pages = invalidator.cache<std::string>("pages");
  int greeted = 0, nobody = 0, rendered = 0;
  // [spawn]
  asio::io_context io;
  for (int visitor = 0; visitor < 100; ++visitor)
    asio::co_spawn(io, visit(users, db, 42, "hello Ada", greeted), asio::detached);
  io.run();  // one thread, one load, a hundred answers
  // [/spawn]
  require(greeted == 100 && db.asked == 1, "one load is shared");

  io.restart();
  for (int i = 0; i < 2; ++i)
    asio::co_spawn(io, visit(users, db, 7, "nobody", nobody), asio::detached);
  asio::co_spawn(io, open_page(pages, users, db, rendered), asio::detached);
  io.run();
  require(nobody == 2 && db.asked == 2, "that there is nothing is shared too");
  require(rendered == 1 && pages.contains("home"), "a page is made of a user");
  users.invalidate("user:42");
  require(!pages.contains("home"), "and goes with it");

  int renamed = 0;
  asio::co_spawn(io, open_page(pages, users, db, rendered), asio::detached);
  asio::co_spawn(io, rename_and_greet(invalidator, users, db, renamed), asio::detached);
  io.restart();
  io.run();
  require(renamed == 1, "a write that is awaited makes it stale");
}

}  // namespace

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml(kPolicy);
  run(invalidator);
}
