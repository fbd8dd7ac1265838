// Invalidating writers: whose result they make stale, when, and what they answer.
#include "freshet/invalidating_writer.hpp"

#include <gmock/gmock.h>

#include <map>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;

struct Rename {
  int user = 0;
  std::string name;
};

class InvalidatingWriterTest : public CacheFixture {
 protected:
  InvalidatingWriterTest()
      : get_user_(use("freshet: 1\nnamespaces:\n  users: {strategy: manual}\n")
                      .cache<std::string>("users")
                      .memoize("user:{}", [this](int id) { return ++loads_, origin_[id]; })) {}

  std::string read(int id) { return *get_user_(id); }

  std::map<int, std::string> origin_{{1, "Ada"}, {2, "Alan"}};
  int loads_ = 0;
  Memoized<std::string(int)> get_user_;
};

TEST_F(InvalidatingWriterTest, TheFirstParametersSayWhoseResultIsStale) {
  read(1), read(2);
  const auto rename = invalidator_->invalidating(
      get_user_, [this](int id, std::string name) { origin_[id] = std::move(name); });
  static_assert(std::is_same_v<decltype(rename), const InvalidatingWriter<void(int, std::string)>>);
  rename(1, "Grace");
  EXPECT_EQ(read(1), "Grace");
  EXPECT_EQ(read(2), "Alan");
  EXPECT_EQ(loads_, 3);
}

TEST_F(InvalidatingWriterTest, AMappingSaysWhoseResultIsStaleWhereTheParametersAreOthers) {
  read(1), read(2);
  const auto rename = invalidator_->invalidating(
      get_user_, [this](Rename change) { origin_[change.user] = std::move(change.name); },
      {.key = [](const Rename& change) { return change.user; }});
  rename({1, "Grace"});
  EXPECT_EQ(read(1), "Grace");
  EXPECT_EQ(loads_, 3);
}

TEST_F(InvalidatingWriterTest, AMappingAnswersWithATupleForSeveralKeyArguments) {
  const auto users = invalidator_->cache<std::string>("users");
  const auto find = users.memoize("find:{}:{}", [](std::string_view first, long second) {
    return fmt::format("{}{}", first, second);
  });
  find("a", 1), find("b", 2);
  const auto write = invalidator_->invalidating(
      find, [](const Rename&) {},
      {.key = [](const Rename& change) { return std::tuple(change.name, change.user); }});
  write({1, "a"});
  EXPECT_FALSE(users.contains("find:a:1"));
  EXPECT_TRUE(users.contains("find:b:2"));
}

TEST_F(InvalidatingWriterTest, OrEverythingIsStale) {
  read(1), read(2);
  invalidator_->cache<std::string>("users").put("other", "x");
  const auto import = invalidator_->invalidating(
      get_user_, [this](std::map<int, std::string> all) { origin_ = std::move(all); },
      {.clear_all = true});
  import({{1, "Grace"}, { 2, "Edsger" }});
  EXPECT_EQ(read(1) + read(2), "GraceEdsger");
  EXPECT_TRUE(invalidator_->cache<std::string>("users").contains("other"));
}

TEST_F(InvalidatingWriterTest, AFunctionOfChosenArgumentsIsInvalidatedByThose) {
  const auto users = invalidator_->cache<std::string>("users");
  const auto find = users.memoize(
      "find", key_arguments<1>, [](std::string& log, int id) { return log + std::to_string(id); });
  std::string log;
  find(log, 1);
  invalidator_->invalidating(find, [](short, bool) {})(1, true);  // a short is an int, whole
  EXPECT_FALSE(users.contains("find:1"));
}

TEST_F(InvalidatingWriterTest, TextsStandForTextsWhateverHoldsThem) {
  const auto users = invalidator_->cache<std::string>("users");
  const auto find =
      users.memoize("find:{}", [](std::string_view name) { return std::string(name); });
  find("a"), find("b"), find("c");
  invalidator_->invalidating(find, [](std::string) {})("a");
  invalidator_->invalidating(find, [](const char*) {})("b");
  invalidator_->invalidating(find, [](const std::string&) {})("c");
  for (const char* key : {"find:a", "find:b", "find:c"}) EXPECT_FALSE(users.contains(key));
}

TEST_F(InvalidatingWriterTest, WhatTheWriterAnswersPassesThrough) {
  int there = 0;
  const auto reference = invalidator_->invalidating(get_user_, [&](int) -> int& { return there; });
  reference(1) = 7;
  EXPECT_EQ(there, 7);
  const auto moved = invalidator_->invalidating(
      get_user_, [](int id) { return std::make_unique<int>(id); }, {.order = Order::after});
  EXPECT_EQ(*moved(3), 3);
  const auto argument =
      invalidator_->invalidating(get_user_, [](int, std::string& text) { text = "changed"; });
  std::string text;
  argument(1, text);
  EXPECT_EQ(text, "changed");
  const auto only_moves =
      invalidator_->invalidating(get_user_, [](int, std::unique_ptr<int> value) { return *value; });
  EXPECT_EQ(only_moves(1, std::make_unique<int>(5)), 5);
}

TEST_F(InvalidatingWriterTest, TheKeyIsTakenBeforeTheWriterMovesFromItsArguments) {
  const auto users = invalidator_->cache<std::string>("users");
  const auto find = users.memoize("find:{}", [](const std::string& name) { return name; });
  const std::string name = "a name that is longer than what stands in place";
  find(name);
  const auto take = invalidator_->invalidating(find,
                                               [&](std::string taken) {
                                                 const std::string mine = std::move(taken);
                                                 find(mine);
                                               },
                                               {.order = Order::after});
  take(name);
  EXPECT_FALSE(users.contains("find:" + name));
}

TEST_F(InvalidatingWriterTest, TheOrderSaysWhenItIsForgotten) {
  std::vector<bool> during;
  const auto write = [&](int) {
    during.push_back(invalidator_->cache<std::string>("users").contains("user:1"));
    read(1);  // what is loaded now may be the old value
  };
  std::vector<bool> afterwards;
  for (Order order : {Order::around, Order::before, Order::after}) {
    read(1);
    invalidator_->invalidating(get_user_, write, {.order = order})(1);
    afterwards.push_back(invalidator_->cache<std::string>("users").contains("user:1"));
  }
  EXPECT_THAT(during, ElementsAre(false, false, true));
  EXPECT_THAT(afterwards, ElementsAre(false, true, false));
}

TEST_F(InvalidatingWriterTest, AWriterThatThrowsLeavesNothingStale) {
  for (Order order : {Order::around, Order::after}) {
    read(1);
    const auto failing =
        invalidator_->invalidating(get_user_,
                                   [this](int id) {
                                     read(id);                     // somebody reads in between
                                     origin_[id] += " (changed)";  // and half of the write is done
                                     throw std::runtime_error("connection lost");
                                   },
                                   {.order = order});
    EXPECT_THROW(failing(1), std::runtime_error);
    EXPECT_EQ(read(1), origin_[1]);
  }
}

TEST_F(InvalidatingWriterTest, AKeyThatIsRefusedIsRefusedBeforeTheWrite) {
  const auto users = invalidator_->cache<std::string>("users");
  const auto find = users.memoize("{}", [](const std::string& name) { return name; });
  bool written = false;
  const auto write = invalidator_->invalidating(find, [&](const std::string&) { written = true; });
  EXPECT_THROW(write(""), InvalidName);
  EXPECT_FALSE(written);
}

TEST_F(InvalidatingWriterTest, OneWriterMayInvalidateSeveralFunctionsAndEndsOnlyThen) {
  const auto greet = invalidator_->cache<std::string>("users").memoize(
      "greet:{}", [this](int id) { return "Hello " + origin_[id]; });
  const auto rename = invalidator_->invalidating(
      greet, invalidator_->invalidating(
                 get_user_, [this](int id, const std::string& name) { origin_[id] = name; }));
  read(1), greet(1);
  rename(1, "Grace");
  EXPECT_EQ(read(1), "Grace");
  EXPECT_EQ(*greet(1), "Hello Grace");
}

// Without doubt: every value of the first is one value of the second, and no two are the same one.
static_assert(detail::stands_for<short, long>() && !detail::stands_for<long, int>());
static_assert(!detail::stands_for<int, unsigned>() && !detail::stands_for<bool, int>());
static_assert(!detail::stands_for<char, int>() && !detail::stands_for<int, double>());
static_assert(detail::stands_for<float, double>() && !detail::stands_for<double, float>());
static_assert(detail::stands_for<std::chrono::seconds, std::chrono::milliseconds>());
static_assert(!detail::stands_for<std::chrono::milliseconds, std::chrono::seconds>());
static_assert(detail::stands_for<const char*, std::string>());
static_assert(!detail::stands_for<std::string, const char*>());
static_assert(!detail::stands_for<int, std::string>() && !detail::stands_for<Rename, int>());

class Database {
 public:
  void update(int id, const std::string& name) { names[id] = name; }
  std::map<int, std::string> names;
};

TEST_F(InvalidatingWriterTest, AMemberFunctionWritesAndTheWriterKeepsTheEngineAlive) {
  Database database;
  const auto update =
      invalidator_->invalidating(get_user_, bind_member(&Database::update, &database));
  invalidator_.reset();
  update(1, "Grace");
  EXPECT_EQ(database.names[1], "Grace");
}

}  // namespace
}  // namespace freshet::testing
