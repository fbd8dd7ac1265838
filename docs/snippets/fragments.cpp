// What docs/guides/pages-made-of-fragments.md calls the wrong way. It runs and judges itself: the race is there.
#include <fmt/core.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

using Cache = std::map<std::string, std::string>;

}  // namespace

int main() {
  Cache cache;
  int orders = 3;
  std::function<void()> meanwhile;
  const auto frame = [&](const std::string& inside) {
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return "<" + inside + ">";
  };
  // [by_hand]
  const auto sales = [&] {
    if (!cache.contains("sales")) cache["sales"] = std::to_string(orders) + " orders";
    return cache["sales"];
  };
  const auto page = [&](const std::string& user) {
    const std::string key = "home:" + user;
    if (!cache.contains(key)) cache[key] = frame(sales());
    return cache[key];
  };
  const auto place_order = [&] {
    ++orders;
    cache.erase("sales");
    cache.erase("home:ada");  // who shows the sales? Ada, last time we looked
  };
  // [/by_hand]
  meanwhile = place_order;
  page("ada");
  require(sales() == "4 orders" && page("ada") == "<3 orders>", "by hand, the old page stays");
  page("bob");
  place_order();
  require(page("bob") == "<4 orders>", "by hand, a page that is not on the list is forgotten");
  return 0;
}
