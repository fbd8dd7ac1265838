// 14: dashboards made of fragments. A page's loader reads its fragments through the cache, and nothing more
// need be said: when a fragment goes, by its tag or its time, the pages that show it go, and no others.
#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;

struct Shop {
  int orders = 3, goods = 20, degrees = 12;
};

class Dashboards {
 public:
  Dashboards(freshet::CacheInvalidator invalidator, const Shop& shop)
      : invalidator_(std::move(invalidator)), shop_(shop) {}

  // [fragments]
  std::string fragment(const std::string& name) {
    return *fragments_.get_or_load(name, [&](freshet::LoadContext& load) -> std::string {
      made_ += " " + name;
      if (name == "sales") return load.tag("orders"), fmt::format("[{} orders]", shop_.orders);
      if (name == "weather") return load.ttl(1min), fmt::format("[{} degrees]", shop_.degrees);
      load.tag("orders").tag("goods");
      return fmt::format("[{} in stock]", shop_.goods - shop_.orders);
    });
  }
  // [/fragments]
  // [page]
  std::string page(const std::string& user) {
    return *pages_.get_or_load("home:" + user, [&] {
      made_ += " page";
      std::string page;
      for (const std::string& name : layouts_.at(user)) page += fragment(name);
      return page;
    });
  }
  // [/page]
  void show(const std::string& when) {
    fmt::print("{}\n", when);
    for (const char* user : {"ada", "bob"}) {
      made_.clear();
      const std::string text = page(user);
      fmt::print("  {}: {:<38} made:{}\n", user, text, made_.empty() ? " nothing" : made_);
    }
  }

 private:
  freshet::CacheInvalidator invalidator_;
  const Shop& shop_;
  std::map<std::string, std::vector<std::string>> layouts_{{"ada", {"sales", "stock", "weather"}},
                                                           {"bob", {"stock"}}};
  freshet::Cache<std::string> fragments_ = invalidator_.cache<std::string>("fragments");
  freshet::Cache<std::string> pages_ = invalidator_.cache<std::string>("pages");
  std::string made_;
};

void run(const char* policy) {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy, components);
  Shop shop;
  Dashboards dashboards(invalidator, shop);
  dashboards.show("at first");
  dashboards.show("again");
  shop.orders = 4;
  dashboards.show(
      fmt::format("an order: {} stale", invalidator.emit("order_placed").invalidated.count));
  shop.goods = 30;
  dashboards.show(
      fmt::format("a delivery: {} stale", invalidator.emit("goods_delivered").invalidated.count));
  shop.degrees = 13;
  clock->advance(1min);
  dashboards.show("a minute later");
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
