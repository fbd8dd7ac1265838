// What docs/guides/writing-to-a-database.md calls the wrong way. It runs and judges itself: the race is there.
#include <fmt/core.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

/// `meanwhile` runs once, between an update and its return.
struct Database {
  int price(int id) { return prices[id]; }
  void set_price(int id, int cents) {
    prices[id] = cents;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
  }
  std::map<int, int> prices;
  std::function<void()> meanwhile;
};

struct HandMade {
  std::optional<int> get(const std::string& key) const {
    const auto found = kept.find(key);
    return found == kept.end() ? std::nullopt : std::optional(found->second);
  }
  void set(const std::string& key, int cents) { kept[key] = cents; }
  std::map<std::string, int> kept;
};

}  // namespace

int main() {
  Database db;
  HandMade cache;
  // [by_hand]
  const auto price = [&](int id) {
    const std::string key = "price:" + std::to_string(id);
    if (auto cached = cache.get(key)) return *cached;
    const int cents = db.price(id);
    cache.set(key, cents);
    return cents;
  };
  const auto set_price = [&](int id, int cents) {
    db.set_price(id, cents);
    cache.set("price:" + std::to_string(id), cents);  // so that the next reader need not wait
  };
  // [/by_hand]
  db.meanwhile = [&] { set_price(7, 199); };
  set_price(7, 299);
  require(db.price(7) == 199 && price(7) == 299, "by hand, the earlier price stays in the cache");
  return 0;
}
