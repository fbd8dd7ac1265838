// What the statistics say of the ways in which values get into a cache: each moves its own counters, and no others.
#include <gmock/gmock.h>

#include <map>
#include <stdexcept>

#include "freshet/statistics.hpp"
#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using Counts = std::map<std::string_view, std::uint64_t>;

class WaysOfFillingTest : public CacheFixture {
 protected:
  WaysOfFillingTest() {
    use("freshet: 1\nnamespaces:\n  p: {ttl: 1h, soft_ttl: 45m}\n");
    ways_ = now();
  }
  Cache<int> p() { return invalidator_->cache<int>("p"); }

  Counts now() const {
    const NamespaceStatistics total = invalidator_->stats().total;
    Counts counts;
    for (const MetricInfo& metric : metric_table()) {
      for (const char* way :
           {"loads", "load_failures", "bulk_loads", "refreshes", "refresh_failures", "puts",
            "leases", "lease_puts", "lease_refusals", "writes_through", "writes_through_kept",
            "writes", "write_failures", "transactions_committed", "transactions_dropped"}) {
        if (metric.name == std::string_view(way)) counts[metric.name] = total.*metric.value;
      }
    }
    return counts;
  }
  /// What has changed since the last call.
  Counts moved() {
    Counts counts = now();
    Counts moved;
    for (const auto& [name, value] : counts) {
      if (value != ways_[name]) moved[name] = value - ways_[name];
    }
    ways_ = std::move(counts);
    return moved;
  }

  Counts ways_;
};

TEST_F(WaysOfFillingTest, EachWayMovesItsOwnCounters) {
  p().get_or_load("a", [] { return 1; });
  EXPECT_EQ(moved(), (Counts{{"loads", 1}})) << "read through";

  const std::vector<std::string> keys{"b", "c"};
  p().get_many(keys, [](std::span<const std::string_view> missing) {
    return std::vector<std::optional<int>>(missing.size(), 1);
  });
  EXPECT_EQ(moved(), (Counts{{"loads", 2}, {"bulk_loads", 1}}));

  p().put("d", 1);
  EXPECT_EQ(moved(), (Counts{{"puts", 1}}));

  const Lease lease = p().lease("e");
  const Lease late = p().lease("e");
  p().put("e", 1, lease);
  EXPECT_EQ(moved(), (Counts{{"leases", 2}, {"lease_puts", 1}, {"puts", 1}})) << "cache-aside";
  p().invalidate("e");
  p().put("e", 1, late);
  EXPECT_EQ(moved(), (Counts{{"lease_refusals", 1}}));

  p().write_through("f", 1, [] {});
  EXPECT_EQ(
      moved(),
      (Counts{{"writes", 1}, {"writes_through", 1}, {"writes_through_kept", 1}, {"puts", 1}}));
  p().write_through("f", 1, [&] { p().invalidate("f"); });
  EXPECT_EQ(moved(), (Counts{{"writes", 1}, {"writes_through", 1}}));
  const auto fails = [] { throw std::runtime_error("no"); };
  EXPECT_THROW(p().write_through("f", 1, fails), std::runtime_error);
  EXPECT_EQ(moved(), (Counts{{"writes", 1}, {"write_failures", 1}}));

  invalidator_->mutate({.tags = {"t"}}, [] {});
  EXPECT_EQ(moved(), (Counts{{"writes", 1}}));
  EXPECT_THROW(invalidator_->mutate({.tags = {"t"}}, fails), std::runtime_error);
  EXPECT_EQ(moved(), (Counts{{"writes", 1}, {"write_failures", 1}}));
}

TEST_F(WaysOfFillingTest, AWriterThatInvalidatesIsAWriteOfItsNamespace) {
  const auto twice = p().memoize("twice:{}", [](int n) { return 2 * n; });
  const auto write = invalidator_->invalidating(twice, [](int n) {
    if (n < 0) throw std::runtime_error("no");
    return n;
  });
  EXPECT_EQ(write(1), 1);
  EXPECT_EQ(moved(), (Counts{{"writes", 1}}));
  EXPECT_THROW(write(-1), std::runtime_error);
  EXPECT_EQ(moved(), (Counts{{"writes", 1}, {"write_failures", 1}}));
  const auto all =
      invalidator_->invalidating(twice, [] {}, {.clear_all = true, .order = Order::after});
  all();
  EXPECT_EQ(moved(), (Counts{{"writes", 1}}));
  invalidator_->invalidating(twice, write)(1);
  EXPECT_EQ(moved(), (Counts{{"writes", 2}})) << "wrapped twice";
  try {
    throw std::runtime_error("on the way");
  } catch (const std::runtime_error&) {
    write(1);  // in a handler, where nothing is thrown any more
  }
  EXPECT_EQ(moved(), (Counts{{"writes", 1}}));
  const auto spaces = invalidator_->stats().namespaces;
  ASSERT_EQ(spaces.size(), 1u);
  EXPECT_EQ(spaces[0].writes, 6u);
  EXPECT_EQ(spaces[0].write_failures, 1u);
}

TEST_F(WaysOfFillingTest, TransactionsAreCountedByTheirEnd) {
  invalidator_->begin_transaction().commit();
  EXPECT_EQ(moved(), (Counts{{"transactions_committed", 1}}));
  invalidator_->begin_transaction().rollback();
  EXPECT_EQ(moved(), (Counts{{"transactions_dropped", 1}}));
  { const Transaction abandoned = invalidator_->begin_transaction(); }
  EXPECT_EQ(moved(), (Counts{{"transactions_dropped", 1}}));
}

TEST_F(WaysOfFillingTest, ARefreshThatFailsIsCountedAsThat) {
  bool fails = false;
  p().bind_loader([&](std::string_view) {
    if (fails) throw std::runtime_error("no");
    return 1;
  });
  p().get_or_load("a", [] { return 1; });
  moved();
  pass(50min);
  p().get("a");
  pass(1s);
  EXPECT_EQ(moved(), (Counts{{"loads", 1}, {"refreshes", 1}}));
  fails = true;
  pass(50min);
  p().get("a");
  pass(1s);
  EXPECT_EQ(moved(), (Counts{{"load_failures", 1}, {"refresh_failures", 1}}));
}

}  // namespace
}  // namespace freshet::testing
