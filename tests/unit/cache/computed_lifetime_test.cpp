// Row A2: lifetimes that code computes, of the key or of the value, through every way in which a value is stored.
#include <gtest/gtest.h>

#include <stdexcept>

#include "freshet/strategies/ttl_strategy.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

struct Quote {
  int price = 0;
  bool is_final = false;
};

class ComputedLifetimeTest : public CacheFixture {
 protected:
  /// A cache whose policy is made in code.
  Cache<Quote> with(TtlOptions options, BlockOptions block = {}) {
    invalidator_.emplace(CacheInvalidator::builder()
                             .cache("quotes", std::move(options), block)
                             .components({.clock = clock_, .executor = executor_, .logger = log_})
                             .build());
    return invalidator_->cache<Quote>("quotes");
  }
  /// realtime 1m, frequent 15m, daily 24h, static 7d; the rest is left to the policy.
  static std::optional<Duration> by_kind(const EntryView& entry) {
    const std::string_view kind = entry.key.substr(0, entry.key.find(':'));
    if (kind == "realtime") return 1min;
    if (kind == "frequent") return 15min;
    if (kind == "daily") return 24h;
    if (kind == "static") return 7 * 24h;
    return std::nullopt;
  }
  /// What is final is good for a day, what is not for five seconds, and what costs nothing is not kept.
  static TtlOptions by_value() {
    return {.ttl = 1h, .function = lifetime_by<Quote>([](const Quote& quote) -> Duration {
                         if (quote.price == 0) return 0s;
                         return quote.is_final ? Duration(24h) : Duration(5s);
                       })};
  }
  static std::vector<std::string> keys() {
    return {"realtime:a", "frequent:a", "daily:a", "static:a", "other:a"};
  }
  static void expect_lifetimes(const Cache<Quote>& quotes) {
    const Duration lifetimes[] = {1min, 15min, 24h, 7 * 24h, 1h};
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_EQ(quotes.get(keys()[i]).remaining(), lifetimes[i]) << keys()[i];
  }
};

TEST_F(ComputedLifetimeTest, AFunctionOfTheKeyDecidesForLoads) {
  const auto quotes = with({.ttl = 1h, .function = by_kind});
  for (const std::string& key : keys()) quotes.get_or_load(key, [] { return Quote{1}; });
  expect_lifetimes(quotes);
  clock_->advance(1min);
  EXPECT_FALSE(quotes.get("realtime:a"));
  EXPECT_TRUE(quotes.get("frequent:a"));
  clock_->advance(24h - 1min);
  EXPECT_FALSE(quotes.get("daily:a"));
  EXPECT_TRUE(quotes.get("static:a"));
}

TEST_F(ComputedLifetimeTest, ForPuts) {
  const auto quotes = with({.ttl = 1h, .function = by_kind});
  for (const std::string& key : keys()) quotes.put(key, {1});
  expect_lifetimes(quotes);
  quotes.put("realtime:a", {1}, {.ttl = 9s});
  EXPECT_EQ(quotes.get("realtime:a").remaining(), 9s) << "the caller's word replaces it";
}

TEST_F(ComputedLifetimeTest, ForBulkLoads) {
  const auto quotes = with({.ttl = 1h, .function = by_kind});
  const auto all = keys();
  quotes.get_many(all, [](std::span<const std::string_view> missing) {
    return std::vector<std::optional<Quote>>(missing.size(), Quote{1});
  });
  expect_lifetimes(quotes);
}

TEST_F(ComputedLifetimeTest, AndForRefreshes) {
  const auto quotes = with({.ttl = 1h, .function = by_kind, .soft_ttl = 30s});
  quotes.bind_loader([](std::string_view) { return Quote{2}; });
  quotes.put("realtime:a", {1});
  clock_->advance(40s);
  EXPECT_EQ(quotes.get("realtime:a")->price, 1) << "served, and refreshed";
  executor_->run_ready();
  EXPECT_EQ(quotes.get("realtime:a")->price, 2);
  EXPECT_EQ(quotes.get("realtime:a").remaining(), 1min);
}

TEST_F(ComputedLifetimeTest, AFunctionOfTheValueDecidesForLoadsAndPuts) {
  const auto quotes = with(by_value());
  EXPECT_EQ(quotes.get_or_load("a", [] { return Quote{1, true}; }).remaining(), 24h);
  EXPECT_EQ(quotes.get_or_load("b", [] { return Quote{1}; }).remaining(), 5s);
  quotes.put("c", {1, true});
  quotes.put("d", {1});
  EXPECT_EQ(quotes.get("c").remaining(), 24h);
  EXPECT_EQ(quotes.get("d").remaining(), 5s);
  EXPECT_EQ(quotes.put("e", {0}), StoreOutcome::not_kept_by_policy);
  EXPECT_EQ(quotes.get_or_load("f", [] { return Quote{0}; })->price, 0);
  EXPECT_FALSE(quotes.contains("f"));
}

TEST_F(ComputedLifetimeTest, ForBulkLoadsAndRefreshes) {
  TtlOptions options = by_value();
  options.soft_ttl = 2s;
  const auto quotes = with(options);
  const std::vector<std::string> both{"a", "b"};
  quotes.get_many(both, [](std::span<const std::string_view>) {
    return std::vector<std::optional<Quote>>{Quote{1, true}, Quote{1}};
  });
  EXPECT_EQ(quotes.get("a").remaining(), 24h);
  EXPECT_EQ(quotes.get("b").remaining(), 5s);
  quotes.bind_loader([](std::string_view) { return Quote{2, true}; });
  clock_->advance(3s);
  EXPECT_EQ(quotes.get("b").remaining(), 2s);
  executor_->run_ready();
  EXPECT_EQ(quotes.get("b").remaining(), 24h) << "it has become final";
}

TEST_F(ComputedLifetimeTest, AValueOfAnotherTypeIsLeftToThePolicy) {
  invalidator_.emplace(CacheInvalidator::builder()
                           .cache("texts", by_value())
                           .components({.clock = clock_, .executor = executor_})
                           .build());
  const auto texts = invalidator_->cache<std::string>("texts");
  texts.put("a", "text");
  EXPECT_EQ(texts.get("a").remaining(), 1h);
}

TEST_F(ComputedLifetimeTest, ItIsNotAskedAboutWhatTheOriginDoesNotHave) {
  const auto quotes = with(by_value(), {.negative_ttl = 10min});
  const auto none = quotes.get_or_load("a", [] { return std::optional<Quote>(); });
  EXPECT_TRUE(none.absent());
  EXPECT_EQ(none.remaining(), 10min);
}

TEST_F(ComputedLifetimeTest, OneThatThrowsIsCountedAndTheValueAnswered) {
  const auto quotes = with({.function = lifetime_by<Quote>(
                                [](const Quote&) -> Duration { throw std::runtime_error("no"); })});
  EXPECT_EQ(quotes.get_or_load("a", [] { return Quote{7}; })->price, 7);
  EXPECT_FALSE(quotes.contains("a"));
  EXPECT_EQ(total(&NamespaceStatistics::strategy_failures), 1u);
}

}  // namespace
}  // namespace freshet::testing
