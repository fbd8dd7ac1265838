// Memoized functions that return an optional: what is found, that there is nothing, how long that is kept and what takes it.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "freshet/invalidating_writer.hpp"
#include "freshet/memoized.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  users: {ttl: 1h, negative_ttl: 1m}
  unkept: {ttl: 1h}
  soft: {ttl: 1h, soft_ttl: 30m, negative_ttl: 1h}
)";

class MemoizedOptionalTest : public CacheFixture {
 protected:
  MemoizedOptionalTest() { use(kPolicy); }
  Cache<std::string> users(std::string_view name = "users") {
    return invalidator_->cache<std::string>(name);
  }
  /// The row of a user; there is one of 42 from the beginning.
  auto find() {
    return [this](int id) -> std::optional<std::string> {
      ++calls_;
      if (const auto row = rows_.find(id); row != rows_.end()) return row->second;
      return std::nullopt;
    };
  }

  std::map<int, std::string> rows_{{42, "Ada"}};
  int calls_ = 0;
};

TEST_F(MemoizedOptionalTest, WhatIsFoundIsAValueLikeAnyOther) {
  const auto find_user = users().memoize("user:{}", find());
  const Handle<std::string> ada = find_user(42);
  ASSERT_TRUE(ada);
  EXPECT_EQ(*ada, "Ada");
  EXPECT_EQ(find_user(42).origin(), Origin::l1);
  EXPECT_EQ(*users().get("user:42"), "Ada");
  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(ada.absent());
}

TEST_F(MemoizedOptionalTest, NothingIsAnEmptyHandleAndIsKeptForTheNegativeTtl) {
  const auto find_user = users().memoize("user:{}", find());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(find_user(7));
    EXPECT_TRUE(find_user(7).absent());
  }
  EXPECT_EQ(calls_, 1);
  rows_[7] = "Grace";
  pass(59s);
  EXPECT_FALSE(find_user(7));
  pass(1s);
  EXPECT_EQ(*find_user(7), "Grace");
  EXPECT_EQ(calls_, 2);
}

TEST_F(MemoizedOptionalTest, WithoutANegativeTtlItIsAskedEachTime) {
  const auto find_user = users("unkept").memoize("user:{}", find());
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(find_user(7));
    EXPECT_EQ(calls_, i);
  }
}

TEST_F(MemoizedOptionalTest, AWriterTakesThatThereIsNothing) {
  const auto find_user = users().memoize("user:{}", find());
  struct NewUser {
    int id;
    std::string name;
  };
  const auto add = invalidator_->invalidating(
      find_user, [this](const NewUser& user) { rows_[user.id] = user.name; },
      {.key = [](const NewUser& user) { return user.id; }});
  const auto remove = invalidator_->invalidating(find_user, [this](int id) { rows_.erase(id); });
  EXPECT_FALSE(find_user(7));
  add({7, "Grace"});
  EXPECT_EQ(*find_user(7), "Grace");
  remove(7);
  EXPECT_FALSE(find_user(7));
  EXPECT_FALSE(find_user(7));
  EXPECT_EQ(calls_, 3);
}

TEST_F(MemoizedOptionalTest, InvalidateAndClearTakeThatThereIsNothing) {
  const auto find_user = users().memoize("user:{}", find());
  EXPECT_FALSE(find_user(7));
  find_user.invalidate(7);
  EXPECT_FALSE(find_user(7));
  find_user.clear();
  EXPECT_FALSE(find_user(7));
  EXPECT_EQ(calls_, 3);
}

TEST_F(MemoizedOptionalTest, ARunThatSaidNothingWhileAWriterWroteIsNotKept) {
  bool is_first = true;
  std::function<void()> meanwhile;
  const auto look = find();
  const auto find_user = users().memoize("user:{}", [&](int id) {
    const auto found = look(id);
    if (std::exchange(is_first, false)) meanwhile();
    return found;
  });
  const auto add = invalidator_->invalidating(find_user, [this](int id) { rows_[id] = "Grace"; });
  meanwhile = [&] { add(7); };
  EXPECT_FALSE(find_user(7)) << "what it read";
  EXPECT_EQ(*find_user(7), "Grace");
}

TEST_F(MemoizedOptionalTest, AFunctionOfAValueIsNeverAnsweredWithAnEmptyHandle) {
  const auto find_user = users().memoize("user:{}", find());
  const auto get_user = users().memoize("user:{}", [](int) { return std::string("made up"); });
  EXPECT_FALSE(find_user(7));
  EXPECT_EQ(*get_user(7), "made up");
}

TEST_F(MemoizedOptionalTest, TheContextAndConvertibleValuesAreTaken) {
  const auto find_user =
      users().memoize(key_by("short", [](int id) { return id; }),
                      [](LoadContext& load, int id) -> std::optional<const char*> {
                        load.tag("t");
                        if (id == 42) return "Ada";
                        return std::nullopt;
                      });
  const Memoized<std::string(int)> copy = find_user;
  EXPECT_EQ(*copy(42), "Ada");
  EXPECT_FALSE(copy(7));
  EXPECT_EQ(invalidator_->invalidate_tag("t").count, 2u);
}

TEST_F(MemoizedOptionalTest, ACacheOfOptionalsHasThemForValues) {
  const auto cache = invalidator_->cache<std::optional<int>>("users");
  const Memoized<std::optional<int>(int)> find =
      cache.memoize("n:{}", [](int) { return std::optional<int>(); });
  ASSERT_TRUE(find(1));
  EXPECT_EQ(*find(1), std::nullopt);
  EXPECT_FALSE(find(1).absent());
}

TEST_F(MemoizedOptionalTest, ARefreshInTheBackgroundMaySayNothing) {
  const auto find_user = users("soft").memoize("user:{}", find());
  EXPECT_EQ(*find_user(42), "Ada");
  rows_.clear();
  pass(31min);
  EXPECT_EQ(*find_user(42), "Ada") << "served while it is refreshed";
  executor_->run_ready();
  EXPECT_FALSE(find_user(42));
  EXPECT_TRUE(find_user(42).absent());
  EXPECT_EQ(calls_, 2);
}

}  // namespace
}  // namespace freshet::testing
