// 11: a catalogue of 100,000 products in an SQLite file. What is read is kept; a change of a price goes
// through a writer, after which nothing is served that was made of the old one.
#include <fmt/core.h>

#include <exception>
#include <stdexcept>

#include "database.hpp"
#include "freshet/freshet.hpp"

namespace {

void run(const char* policy) {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy);
  Database db;

  // [functions]
  const auto price = invalidator.cache<int>("prices").memoize(
      "price:{}", [&](int id) { return db.run("SELECT cents FROM product WHERE id = ?", {id}); });
  const auto cheapest = invalidator.cache<int>("cheapest").memoize("in:{}", [&](int category) {
    return db.run("SELECT min(cents) FROM product WHERE category = ?", {category});
  });
  const auto update = [&](int id, int /*category*/, int cents) {
    db.run("UPDATE product SET cents = ? WHERE id = ?", {cents, id});
  };
  const auto category_of = [](int /*id*/, int category, int /*cents*/) { return category; };
  const auto set_price = invalidator.invalidating(
      price, invalidator.invalidating(cheapest, update, {.key = category_of}));
  // [/functions]

  const auto show = [&](const char* when) {
    const int before = db.queries();
    const int duck = *price(7), goose = *price(507), low = *cheapest(7), other = *price(8);
    fmt::print("{}: {} queries\n  7 costs {}, 507 costs {}, the cheapest of both {}, 8 costs {}\n",
               when, db.queries() - before, duck, goose, low, other);
  };
  fmt::print("{} products in a file\n", db.run("SELECT count(*) FROM product"));
  const int before = db.queries();
  for (int visit = 0; visit < 10'000; ++visit) price(1000 + visit * visit % 5'000);
  fmt::print("10,000 visits: {} queries\n", db.queries() - before);

  show("at first");
  show("again");
  set_price(7, 7, 499);
  show("7 has another price");
  try {
    set_price(507, 7, 0);
  } catch (const std::runtime_error& refused) {
    fmt::print("507 for nothing: {}\n", refused.what());
  }
  show("after a write that failed");
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
