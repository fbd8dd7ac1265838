// G1, G2, G3, G4 and G7 over histories: everything that the API offers, on several threads at once, all of it judged.
//
// Ten million operations by default, a million under a sanitizer, in rounds over the configurations below. Each round is
// judged and forgotten, so that memory does not grow. A nightly run, which prints a line every hundred million (four of five are
// gets):
//
//   export FRESHET_HISTORY_OPERATIONS=1250000000 FRESHET_HISTORY_WORKERS=8
//   build/dev/bin/freshet_guarantee_tests --gtest_filter='HistoryTest.*'
//
// FRESHET_HISTORY_SEED=N gives the threads other choices; the seed is printed. The same seed makes the same choices, not the
// same schedule: a violation comes with what happened around it, to be reduced to a staged test from there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "guarantees/history_round.hpp"
#include "guarantees/history_text.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing::history {
namespace {

constexpr std::size_t kSteps = 100'000;  // of a round, all workers together
constexpr std::uint64_t kLineEvery = 100'000'000;

constexpr std::uint64_t kOperations = kSanitized ? 1'000'000 : 10'000'000;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string policy(const std::string& block) {
  return "freshet: 1\nnamespaces: {a: " + block + ", b: " + block + "}\n";
}

std::vector<Configuration> configurations() {
  const Terms keeps{.keeps_everything = true};
  const Terms stale{.serves_stale = true, .lifetime = 400'000'000};
  return {
      {.name = "many invalidations", .policy = policy("{strategy: manual}"), .terms = keeps},
      {.name = "served stale",
       .policy = policy("{strategy: ttl, ttl: 400ms, soft_ttl: 200ms}"),
       .terms = stale,
       .manual_clock = true},
      {.name = "served stale without end",
       .policy = policy("{strategy: ttl, ttl: 10h, soft_ttl: 5h}"),
       .terms = {.serves_stale = true, .keeps_expired = true}},
      {.name = "few invalidations",
       .policy = policy("{strategy: manual}"),
       .terms = keeps,
       .invalidations = 4,
       .late_labels = 8},
      {.name = "room for three, s3fifo",
       .policy = policy("{strategy: manual, capacity: {entries: 3}, eviction: s3fifo}")},
      {.name = "room for two, lru",
       .policy = policy("{strategy: manual, capacity: {entries: 2}, eviction: lru}"),
       .invalidations = 20},
      {.name = "writes",
       .policy = policy("{strategy: manual}"),
       .terms = {.keeps_everything = true},
       .invalidations = 20,
       .writes = 60,
       .loaders_transact = true},
      {.name = "a deadline",
       .policy = policy("{strategy: ttl, ttl: 20ms}"),
       .terms = {.lifetime = 20'000'000},
       .invalidations = 10,
       .manual_clock = true},
  };
}

void run_round(const Configuration& configuration, const std::vector<Call>& calls,
               std::uint64_t seed, std::size_t workers, Coverage& coverage) {
  HistoryRound round(configuration, calls, seed, workers, kSteps);
  round.run();
  const History& history = round.history;
  const std::vector<Violation> violations = HistoryChecker(history).check();
  coverage.add(history, round.statistics());
  for (std::size_t i = 0; i < violations.size() && i < 5; ++i)
    ADD_FAILURE() << text_of(violations[i], history);
  ASSERT_TRUE(violations.empty()) << violations.size() << " violations (" << configuration.name
                                  << "), after " << coverage.operations
                                  << " operations; around the first:"
                                  << around(violations.front(), history);
}

// What did not happen proves nothing.
void expect_everything_happened(const Coverage& coverage, const std::vector<Call>& calls) {
  EXPECT_GT(coverage.hits, 0u);
  EXPECT_GT(coverage.misses, 0u);
  EXPECT_GT(coverage.shared, 0u);
  EXPECT_GT(coverage.refreshes, 0u);
  EXPECT_GT(coverage.served_expired, 0u)
      << "nothing was served after it expired, where policy does";
  EXPECT_GT(coverage.captured, 0u);
  EXPECT_GT(coverage.captured_stale, 0u);
  EXPECT_GT(coverage.evictions, 0u);
  EXPECT_GT(coverage.refused, 0u);
  EXPECT_GT(coverage.versions_refused, 0u);
  for (const Call& call : calls) {
    for (const char* mode : {"", ", expire"}) {
      EXPECT_NE(coverage.calls.find(call.name + mode), coverage.calls.end()) << call.name << mode;
    }
  }
}

TEST(HistoryTest, NoGuaranteeIsBrokenWhateverSeveralThreadsDo) {
  const std::uint64_t wanted = number_from("FRESHET_HISTORY_OPERATIONS", kOperations);
  const std::uint64_t seed = number_from("FRESHET_HISTORY_SEED", 20'240'601);
  const std::size_t workers = number_from("FRESHET_HISTORY_WORKERS", 4);
  fmt::print("history: {} operations, FRESHET_HISTORY_SEED={}, {} workers\n", wanted, seed,
             workers);
  const std::vector<Call> calls = every_call();
  const std::vector<Configuration> all = configurations();
  Coverage coverage;
  std::uint64_t next_line = kLineEvery;
  for (std::uint64_t round = 0; coverage.operations < wanted; ++round) {
    run_round(all[round % all.size()], calls, seed + round, workers, coverage);
    if (HasFailure()) return;
    if (coverage.operations < next_line) continue;
    next_line += kLineEvery;
    fmt::print("history: {} of {} operations, no violation\n", coverage.operations, wanted);
    std::fflush(stdout);
  }
  fmt::print(
      "history: {} operations, no violation: {} hits, {} misses, {} loads, {} shared, {} "
      "refreshes, {} read "
      "after they expired, {} captured, {} of them stale, {} evictions, {} fills refused, {} by "
      "their version\n",
      coverage.operations, coverage.hits, coverage.misses, coverage.loads, coverage.shared,
      coverage.refreshes, coverage.served_expired, coverage.captured, coverage.captured_stale,
      coverage.evictions, coverage.refused, coverage.versions_refused);
  if (wanted >= 1'000'000) expect_everything_happened(coverage, calls);
}

}  // namespace
}  // namespace freshet::testing::history
