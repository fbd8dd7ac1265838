// G1 for loads that no read asked for: what is loaded again after an invalidation, or to be warm, is refused like any load that a
// later invalidation overtakes; and what was removed is served to nobody while it waits.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

struct Call {
  std::string name;
  std::function<void(CacheInvalidator&)> run;
};

void PrintTo(const Call& call, std::ostream* out) { *out << call.name; }

/// Has the key `k`, of which 1 is cached, loaded in the background.
std::vector<Call> refills() {
  return {
      {"Recompute", [](auto& c) { c.invalidate_tag("t", {.mode = Mode::expire}); }},
      {"RecomputeOfAKey", [](auto& c) { c.invalidate("k", "p", {.mode = Mode::expire}); }},
      {"RewarmHot", [](auto& c) { c.invalidate_tag("t", {.rewarm = {.hot = 1}}); }},
      {"RewarmNamed",
       [](auto& c) {
         c.invalidate("k", "p", {.rewarm = {.keys = {{"k", "p"}}}});
       }},
      {"Warm",
       [](auto& c) {
         c.invalidate("k", "p");
         c.warm({{"k", "p"}});
       }},
  };
}

/// Removes what carries the tag `t`.
std::vector<Call> removals() {
  return {
      {"Key", [](auto& c) { c.invalidate("k", "p"); }},
      {"Tag", [](auto& c) { c.invalidate_tag("t"); }},
      {"Namespace", [](auto& c) { c.invalidate_namespace("p"); }},
      {"All", [](auto& c) { c.invalidate_all(); }},
      {"Prefix", [](auto& c) { c.invalidate_prefix("k", "p"); }},
      {"Matching", [](auto& c) { c.invalidate_matching("k*", "p"); }},
      {"Predicate", [](auto& c) { c.invalidate_if("p", [](const auto&) { return true; }); }},
  };
}

class NoStaleRefillTest : public CacheFixture,
                          public ::testing::WithParamInterface<std::tuple<Call, Call>> {
 protected:
  NoStaleRefillTest() {
    use("freshet: 1\nnamespaces:\n  p: {ttl: 1h, tags: [t], recompute: {expired: true}}\n"
        "analytics: {sample_one_in: 1}\n");
    view().bind_loader([this](std::string_view) { return origin_; });
    view().put("k", 1);
    view().get("k");
  }
  Cache<int> view() { return invalidator_->cache<int>("p"); }
  void refill() { std::get<0>(GetParam()).run(*invalidator_); }
  void remove() { std::get<1>(GetParam()).run(*invalidator_); }

  int origin_ = 2;
};

TEST_P(NoStaleRefillTest, WhatARemovalOvertakesBetweenItsLoadAndItsFillIsNotKept) {
  refill();
  const PausePoint point("load_done_before_fill", [this] {
    origin_ = 3;
    remove();
    EXPECT_FALSE(view().get("k")) << "neither the old value nor the one on its way";
  });
  pass(100ms);
  ASSERT_TRUE(point.reached());
  const auto value = view().get("k");
  EXPECT_TRUE(!value || *value == 3);
  for (int i = 0; i < 200; ++i) pass(100ms);
  const auto later = view().get("k");
  EXPECT_TRUE(!later || *later == 3);
}

TEST_P(NoStaleRefillTest, WhatIsRemovedWhileItWaitsIsServedToNobody) {
  refill();
  origin_ = 3;
  remove();
  EXPECT_FALSE(view().get("k"));
  for (int i = 0; i < 200; ++i) {
    pass(100ms);
    const auto value = view().get("k");
    ASSERT_TRUE(!value || *value == 3);
  }
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Call, Call>>& info) {
  return std::get<0>(info.param).name + "Then" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(Each, NoStaleRefillTest,
                         ::testing::Combine(::testing::ValuesIn(refills()),
                                            ::testing::ValuesIn(removals())),
                         name_of);

}  // namespace
}  // namespace freshet::testing
