// Memoized functions: what is called, what is kept, and what invalidate and clear take.
#include "freshet/memoized.hpp"

#include <gmock/gmock.h>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kPolicy = R"(freshet: 1
namespaces:
  texts: {strategy: ttl, ttl: 5m}
  numbers: {strategy: manual}
  small: {strategy: ttl, ttl: 1m, capacity: {entries: 3}, eviction: lru}
  soft: {strategy: ttl, ttl: 1h, soft_ttl: 30m}
)";

int calls_of_free_function = 0;
std::string name_of(int id) { return ++calls_of_free_function, "user " + std::to_string(id); }

class Directory {
 public:
  std::string find(int id) const { return ++calls, "entry " + std::to_string(id); }
  std::string add(int id) noexcept { return ++calls, "added " + std::to_string(id); }
  mutable int calls = 0;
};

class MemoizedTest : public CacheFixture {
 protected:
  MemoizedTest() { use(kPolicy); }
  Cache<std::string> texts() { return invalidator_->cache<std::string>("texts"); }
  Cache<int> numbers() { return invalidator_->cache<int>("numbers"); }
  // Doubles, and counts.
  auto twice() {
    return [this](int n) { return ++calls_, 2 * n; };
  }

  int calls_ = 0;
};

TEST_F(MemoizedTest, TheFunctionRunsOnceForEachArgument) {
  const auto doubled = numbers().memoize("twice:{}", twice());
  EXPECT_EQ(*doubled(1), 2);
  EXPECT_EQ(*doubled(1), 2);
  EXPECT_EQ(*doubled(2), 4);
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(doubled(1).origin(), Origin::l1);
  EXPECT_EQ(*numbers().get("twice:1"), 2);
}

TEST_F(MemoizedTest, InvalidateTakesOneResultAndClearAllOfThisFunctionAndNothingElse) {
  const auto doubled = numbers().memoize("twice:{}", twice());
  const auto tripled = numbers().memoize("twice:{}:and_more", [](int n) { return 3 * n; });
  for (int n : {1, 2, 3}) doubled(n), tripled(n);
  numbers().put("twice:by_hand", 0);
  EXPECT_EQ(doubled.invalidate(1).count, 1u);
  EXPECT_EQ(doubled.invalidate(1).count, 0u);
  EXPECT_TRUE(numbers().contains("twice:2"));
  EXPECT_EQ(doubled.clear({.dry_run = true}).count, 2u);
  EXPECT_EQ(doubled.clear().count, 2u);
  EXPECT_FALSE(numbers().contains("twice:2"));
  EXPECT_TRUE(numbers().contains("twice:by_hand"));
  for (int n : {1, 2, 3}) EXPECT_EQ(tripled(n).origin(), Origin::l1);
}

TEST_F(MemoizedTest, FreeFunctionsMemberFunctionsAndFunctionObjectsAreMemoized) {
  calls_of_free_function = 0;
  Directory directory;
  const auto shared = std::make_shared<Directory>();
  const auto free_function = texts().memoize("free:{}", name_of);
  const auto pointer = texts().memoize("pointer:{}", &name_of);
  const auto member = texts().memoize("member:{}", bind_member(&Directory::find, &directory));
  const auto changing = texts().memoize("add:{}", bind_member(&Directory::add, shared));
  const auto by_reference =
      texts().memoize("reference:{}", bind_member(&Directory::add, std::ref(directory)));
  const auto object =
      texts().memoize("object:{}", std::function<std::string(int)>([](int) { return "x"; }));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*free_function(1), "user 1");
    EXPECT_EQ(*pointer(1), "user 1");
    EXPECT_EQ(*member(1), "entry 1");
    EXPECT_EQ(*changing(1), "added 1");
    EXPECT_EQ(*by_reference(1), "added 1");
    EXPECT_EQ(*object(1), "x");
  }
  EXPECT_EQ(calls_of_free_function, 2);
  EXPECT_EQ(directory.calls, 2);
  EXPECT_EQ(shared->calls, 1);
}

TEST_F(MemoizedTest, TheTypeCanBeWrittenDownAndItsCopiesAreOneFunction) {
  struct Service {
    Memoized<int(int)> doubled;
    Memoized<int(int, std::string&), KeyArguments<0>> chosen;
  };
  const Service service{
      numbers().memoize("twice:{}", twice()),
      numbers().memoize("chosen", key_arguments<0>, [](int n, std::string&) { return n; })};
  const Memoized<int(int)> copy = service.doubled;
  EXPECT_EQ(*service.doubled(4), 8);
  EXPECT_EQ(*copy(4), 8);
  EXPECT_EQ(calls_, 1);
  EXPECT_LE(sizeof copy, 2 * sizeof(void*));
}

TEST_F(MemoizedTest, ItKeepsTheEngineAlive) {
  const auto doubled = numbers().memoize("twice:{}", twice());
  invalidator_.reset();
  EXPECT_EQ(*doubled(1), 2);
  EXPECT_EQ(*doubled(1), 2);
  EXPECT_EQ(calls_, 1);
}

TEST_F(MemoizedTest, CallsWithTheSameChosenArgumentsShareAResult) {
  const auto length =
      numbers().memoize("length:{}:{}", key_arguments<0, 2>,
                        [this](const std::string& text, std::string& log, int base) {
                          log += text;
                          return ++calls_, base + static_cast<int>(text.size());
                        });
  std::string log, other;
  EXPECT_EQ(*length("abc", log, 10), 13);
  EXPECT_EQ(*length("abc", other, 10), 13);
  EXPECT_EQ(*length("abc", other, 20), 23);
  EXPECT_EQ(log, "abc");
  EXPECT_EQ(other, "abc");
  EXPECT_EQ(calls_, 2);
  EXPECT_TRUE(length.invalidate("abc", 10));
  EXPECT_EQ(length.key("abc", 20), "length:abc:20");
}

TEST_F(MemoizedTest, AKeyFunctionSaysWhichCallsAreTheSame) {
  const auto search = numbers().memoize(
      key_by("search", [](const std::vector<std::string>& words) { return words.front(); }),
      [this](const std::vector<std::string>& words) {
        return ++calls_, static_cast<int>(words.size());
      });
  EXPECT_EQ(*search({"a", "b"}), 2);
  EXPECT_EQ(*search({"a"}), 2);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(search.key({"a"}), "search:a");
  EXPECT_TRUE(search.invalidate({"a", "c"}));
  search({"b"});
  EXPECT_EQ(search.clear().count, 1u);
  const auto first = numbers().memoize(key_by("parity", [](int n) { return n % 2 == 0; }),
                                       key_arguments<1>, [](std::string&, int n) { return n; });
  std::string unused;
  EXPECT_EQ(*first(unused, 4), 4);
  EXPECT_EQ(*first(unused, 6), 4);
  EXPECT_EQ(first.key(3), "parity:false");
}

TEST_F(MemoizedTest, OptionsHoldForEveryResultAndALoadContextForOne) {
  const auto doubled =
      numbers().memoize("twice:{}",
                        [](LoadContext& load, int n) {
                          if (n == 2) load.tag("even").ttl(1min);
                          if (n == 3) load.do_not_keep();
                          return 2 * n;
                        },
                        {.tags = {"numbers"}, .depends_on = {"table"}, .ttl = 10min});
  for (int n : {1, 2, 3}) doubled(n);
  EXPECT_FALSE(numbers().contains("twice:3"));
  EXPECT_EQ(doubled(1).remaining(), 10min);
  EXPECT_EQ(doubled(2).remaining(), 1min);
  EXPECT_EQ(invalidator_->invalidate_tag("even").count, 1u);
  EXPECT_EQ(invalidator_->invalidate_dependents("table").count, 1u);
  doubled(1);
  EXPECT_EQ(invalidator_->invalidate_tag("numbers").count, 1u);
}

TEST_F(MemoizedTest, CapacityAndLifetimeAreThoseOfTheNamespace) {
  const auto doubled = invalidator_->cache<int>("small").memoize("twice:{}", twice());
  for (int n : {1, 2, 3}) doubled(n);
  doubled(1);  // 2 is now the least recently used
  doubled(4);
  EXPECT_EQ(calls_, 4);
  doubled(1), doubled(3), doubled(4);
  EXPECT_EQ(calls_, 4);
  doubled(2);
  EXPECT_EQ(calls_, 5) << "there was no room for a fourth";
  clock_->advance(1min);
  doubled(2);
  EXPECT_EQ(calls_, 6) << "a result lives as long as the policy says";
}

TEST_F(MemoizedTest, ClearInOneScopeLeavesTheOtherAlone) {
  const auto one = numbers().scoped("one").memoize("twice:{}", twice());
  const auto two = numbers().scoped("two").memoize("twice:{}", twice());
  one(1), two(1);
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(one.clear().count, 1u);
  EXPECT_EQ(two(1).origin(), Origin::l1);
  EXPECT_EQ(one.tag(), "memoized:numbers:one:twice:{}");
}

TEST_F(MemoizedTest, WhatWasPutByHandIsServedAndBelongsToTheFunctionFromThenOn) {
  const auto doubled = numbers().memoize("twice:{}", twice());
  numbers().put(doubled.key(1), 100);
  EXPECT_EQ(*doubled(1), 100);
  EXPECT_EQ(doubled.clear().count, 1u);
  EXPECT_EQ(*doubled(1), 2);
}

TEST_F(MemoizedTest, WhatTheFunctionReadsThroughFreshetTakesItsResultAlong) {
  const auto inner = numbers().memoize("inner:{}", [](int n) { return n; });
  const auto outer = numbers().memoize("outer:{}", [&](int n) { return 10 * *inner(n); });
  outer(1), outer(2);
  inner.invalidate(1);
  EXPECT_FALSE(numbers().contains("outer:1"));
  EXPECT_TRUE(numbers().contains("outer:2"));
}

TEST_F(MemoizedTest, ARecursiveFunctionIsCalledOnceForEachArgument) {
  std::optional<Memoized<int(int)>> fibonacci;
  fibonacci.emplace(numbers().memoize("fibonacci:{}", [&](int n) {
    ++calls_;
    return n < 2 ? n : *(*fibonacci)(n - 1) + *(*fibonacci)(n - 2);
  }));
  EXPECT_EQ(*(*fibonacci)(40), 102'334'155);
  EXPECT_EQ(calls_, 41);
}

TEST_F(MemoizedTest, AFunctionThatWaitsForItselfThrowsRecursiveLoad) {
  std::optional<Memoized<int(int)>> endless;
  endless.emplace(numbers().memoize("endless:{}", [&](int n) -> int { return *(*endless)(n); }));
  EXPECT_THROW((*endless)(1), RecursiveLoad);
}

TEST_F(MemoizedTest, WhatTheFunctionThrowsReachesTheCallerAndIsNotKept) {
  const auto failing = numbers().memoize("failing:{}", [this](int n) -> int {
    if (++calls_ == 1) throw std::runtime_error("away");
    return n;
  });
  EXPECT_THROW(failing(1), std::runtime_error);
  EXPECT_EQ(*failing(1), 1);
}

TEST_F(MemoizedTest, ARefreshInTheBackgroundOwnsItsArguments) {
  std::vector<std::string> seen;
  const auto read = invalidator_->cache<int>("soft").memoize(
      "read", key_arguments<0>,
      [&](std::string_view view, const char* text, const std::string& reference,
          std::span<const int> numbers, std::unique_ptr<int>&& nothing) {
        (void)nothing;
        seen.push_back(fmt::format("{} {} {} {}", view, text, reference, numbers[1]));
        return ++calls_;
      });
  const auto owning = invalidator_->cache<int>("soft").memoize(
      "owning", key_arguments<0>,
      [&](std::string_view view, const char* text, const std::string& reference,
          std::span<const int> numbers, std::string&& moved) {
        seen.push_back(fmt::format("{} {} {} {} {}", view, text, reference, numbers[1], moved));
        return ++calls_;
      });
  const auto call = [&] {
    const std::string view = "a view", text = "a text", reference = "a reference, longer than that";
    const std::vector<int> numbers{1, 2};
    read(view, text.c_str(), reference, numbers, nullptr);
    owning(view, text.c_str(), reference, numbers, std::string("moved"));
  };
  call();
  clock_->advance(30min);
  call();
  EXPECT_EQ(calls_, 2);
  executor_->run_ready();
  EXPECT_EQ(calls_, 3) << "what cannot be copied is not refreshed in the background";
  EXPECT_EQ(seen.back(), "a view a text a reference, longer than that 2 moved");
}

TEST_F(MemoizedTest, ARefreshKeepsTheFunctionsTag) {
  const auto doubled = invalidator_->cache<int>("soft").memoize("twice:{}", twice());
  doubled(1);
  clock_->advance(30min);
  doubled(1);
  executor_->run_ready();
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(doubled.clear().count, 1u);
}

TEST_F(MemoizedTest, ByValueArgumentsReachTheFunctionWholeAlsoThoseThatOnlyMove) {
  const auto length = numbers().memoize("length", key_arguments<0>,
                                        [](std::string text, std::unique_ptr<int> more) {
                                          return static_cast<int>(text.size()) + *more;
                                        });
  EXPECT_EQ(*length("four", std::make_unique<int>(3)), 7);
}

TEST_F(MemoizedTest, AFunctionWithoutArgumentsHasOneResult) {
  const auto settings = numbers().memoize("settings", [this] { return ++calls_; });
  settings(), settings();
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(numbers().contains("settings"));
  EXPECT_TRUE(settings.invalidate());
}

TEST_F(MemoizedTest, AKeyThatIsTooLongOrEmptyIsRefusedAndNothingRuns) {
  const auto length = numbers().memoize("{}", [this](const std::string&) { return ++calls_; });
  EXPECT_THROW(length(std::string(kMaxKeyBytes + 1, 'x')), InvalidName);
  EXPECT_THROW(length(""), InvalidName);
  EXPECT_EQ(calls_, 0);
  length(std::string(kMaxKeyBytes, 'x'));
  EXPECT_EQ(length(std::string(kMaxKeyBytes, 'x')).origin(), Origin::l1);
  EXPECT_THROW(numbers().memoize(key_by("", [](int n) { return n; }), [](int n) { return n; }),
               InvalidName);
  EXPECT_THROW(numbers().memoize(key_by(std::string(kMaxTagBytes, 'x'), [](int n) { return n; }),
                                 [](int n) { return n; }),
               InvalidName);
}

}  // namespace
}  // namespace freshet::testing
