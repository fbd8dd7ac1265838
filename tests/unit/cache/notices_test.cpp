// What the cache tells of itself about reads past the soft deadline and refreshes; loads, invalidations and removals are in
// emit_test.
#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NoticesTest : public CacheFixture {
 protected:
  NoticesTest() {
    use(R"(
freshet: 1
namespaces:
  "user_*": {ttl: 1h, soft_ttl: 45m}
)");
    for (const NoticeKind kind :
         {NoticeKind::loaded, NoticeKind::refreshed, NoticeKind::served_stale}) {
      listening_.push_back(invalidator_->on_notice(kind, [this](const CacheNotice& notice) {
        EXPECT_EQ(notice.removal, std::nullopt);
        EXPECT_EQ(notice.tag, "");
        EXPECT_EQ(notice.cause, "");
        EXPECT_EQ(notice.count, 1u);
        heard_.push_back(name(notice.kind) + ' ' + notice.name_space + '/' + notice.key);
      }));
    }
  }
  static std::string name(NoticeKind kind) {
    return kind == NoticeKind::loaded      ? "loaded"
           : kind == NoticeKind::refreshed ? "refreshed"
                                           : "served_stale";
  }
  std::vector<std::string> take() { return std::exchange(heard_, {}); }

  std::vector<std::string> heard_;
  std::vector<Connection> listening_;
};

TEST_F(NoticesTest, AStaleReadAndTheRefreshThatItStartsAreToldWithTheirKey) {
  auto cache = invalidator_->cache<int>("user_7");
  cache.get_or_load("cart", [] { return 1; });
  executor_->run_ready();
  EXPECT_THAT(take(), ElementsAre("loaded user_7/cart"));
  clock_->advance(45min);
  EXPECT_EQ(*cache.get_or_load("cart", [] { return 2; }), 1);
  EXPECT_THAT(take(), IsEmpty());  // posted: no reader waits for whoever listens
  executor_->run_ready();
  EXPECT_THAT(take(), ElementsAre("served_stale user_7/cart", "loaded user_7/cart",
                                  "refreshed user_7/cart"));
  cache.get_or_load("cart", [] { return 3; });
  executor_->run_ready();
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(NoticesTest, EachStaleReadIsToldAndOneRefresh) {
  auto cache = invalidator_->cache<int>("user_7");
  cache.put("cart", 1);
  cache.bind_loader([](std::string_view) { return 2; });
  clock_->advance(50min);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*cache.get("cart"), 1);
  executor_->run_ready();
  EXPECT_EQ(std::count(heard_.begin(), heard_.end(), "served_stale user_7/cart"), 3);
  EXPECT_EQ(std::count(heard_.begin(), heard_.end(), "refreshed user_7/cart"), 1);
}

TEST_F(NoticesTest, ARefreshThatFailsIsNotTold) {
  auto cache = invalidator_->cache<int>("user_7");
  cache.put("cart", 1);
  cache.bind_loader([](std::string_view) -> int { throw std::runtime_error("origin is away"); });
  clock_->advance(50min);
  cache.get("cart");
  executor_->run_ready();
  EXPECT_THAT(take(), ElementsAre("served_stale user_7/cart"));
}

TEST_F(NoticesTest, ARefreshThatARuleAsksForIsTold) {
  use(R"(
freshet: 1
namespaces: {p: {strategy: manual}}
events: {changed: [{refresh: "p/k"}]}
)");
  std::vector<std::string> keys;
  const Connection refreshed =
      invalidator_->on_notice(NoticeKind::refreshed, [&](const CacheNotice& notice) {
        EXPECT_EQ(notice.kind, NoticeKind::refreshed);
        keys.push_back(notice.name_space + '/' + notice.key);
      });
  auto cache = invalidator_->cache<int>("p");
  cache.bind_loader([](std::string_view) { return 1; });
  EXPECT_EQ(invalidator_->emit("changed").refreshes, 1u);
  executor_->run_ready();
  EXPECT_THAT(keys, ElementsAre("p/k"));
}

TEST_F(NoticesTest, NothingIsToldAfterDisconnecting) {
  auto cache = invalidator_->cache<int>("user_7");
  cache.put("cart", 1);
  clock_->advance(45min);
  cache.get("cart");
  listening_.clear();  // while a notice waits
  executor_->run_ready();
  cache.get("cart");
  executor_->run_ready();
  EXPECT_THAT(take(), IsEmpty());
}

}  // namespace
}  // namespace freshet::testing
