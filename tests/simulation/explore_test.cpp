// The explorer on workloads with a known bug, and what every workload must have.
#include "simulation/explore.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "guarantees/history_model.hpp"
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {
namespace {

namespace history = testing::history;

/// An invalidation that does nothing, though it says that it takes key 0.
Workload broken() {
  Workload workload = basic();
  workload.name = "broken";
  workload.own_calls = {
      {"nothing", history::reach_of_keys(history::one(0)),
       [](CacheInvalidator&, std::uint16_t, const InvalidateOptions&) { return Invalidated{}; }}};
  workload.calls.push_back("nothing");
  return workload;
}

class ExploreTest : public ::testing::TestWithParam<SchedulerKind> {};

TEST_P(ExploreTest, ABrokenPromiseIsFoundWithItsSeed) {
  const Exploration found = explore(broken(), GetParam(), {.seeds = 1000});
  ASSERT_TRUE(found.failed);
  EXPECT_NE(found.report.find("G1: stale"), std::string::npos) << found.report;
  EXPECT_NE(found.report.find("--workload broken"), std::string::npos) << found.report;
  EXPECT_NE(found.report.find("--seed " + std::to_string(found.failing_seed)), std::string::npos);
  EXPECT_EQ(found.report.find("repeated itself differently"), std::string::npos) << found.report;
}

TEST_P(ExploreTest, WhatDoesNotMatterIsLeftOut) {
  const Workload workload = broken();
  const Exploration found = explore(workload, GetParam(), {.seeds = 1000, .explain = false});
  ASSERT_TRUE(found.failed);
  Trial trial(workload, GetParam());
  const Plan plan = trial.plan(found.failing_seed);
  std::uint64_t runs = 0;
  const Trim smallest = shrink(trial, plan, runs);
  // A value, and the call that does not take it away; the last thread's read sees it.
  EXPECT_LE(smallest.size(), 2u) << smallest.text();
  EXPECT_FALSE(smallest.faults);
  EXPECT_TRUE(trial.run(trimmed(plan, smallest)).failed());
}

TEST_P(ExploreTest, AReportsCommandLineRepeatsTheRun) {
  const Workload workload = broken();
  const Exploration found = explore(workload, GetParam(), {.seeds = 1000, .explain = false});
  Trial trial(workload, GetParam());
  std::uint64_t runs = 0;
  const Trim smallest = shrink(trial, trial.plan(found.failing_seed), runs);
  const auto read_back = Trim::from_text(smallest.text());
  ASSERT_TRUE(read_back);
  EXPECT_EQ(read_back->text(), smallest.text());
  bool failed = false;
  const std::string text = replay(workload, GetParam(), found.failing_seed, *read_back, failed);
  EXPECT_TRUE(failed) << text;
  EXPECT_NE(text.find("VIOLATION"), std::string::npos) << text;
}

TEST_P(ExploreTest, EveryWorkloadRepeatsItself) {
  for (const Workload& workload : workloads()) {
    Trial trial(workload, GetParam());
    Trial other(workload, GetParam());
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      const Verdict first = trial.run(trial.plan(seed));
      other.run(other.plan(seed + 77));
      const Verdict second = other.run(other.plan(seed), true);
      ASSERT_EQ(first.fingerprint, second.fingerprint) << workload.name << ", seed " << seed;
      ASSERT_EQ(first.points, second.points) << workload.name << ", seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Schedulers, ExploreTest,
                         ::testing::Values(SchedulerKind::random, SchedulerKind::priority),
                         [](const auto& with) {
                           return with.param == SchedulerKind::random ? "Random" : "Priority";
                         });

TEST(WorkloadTest, EachHasTwoKeysAndTwoLabels) {
  for (const Workload& workload : workloads()) {
    EXPECT_GE(std::set<int>(workload.keys.begin(), workload.keys.end()).size(), 2u)
        << workload.name;
    EXPECT_GE(std::set<std::string>(workload.calls.begin(), workload.calls.end()).size(), 2u)
        << workload.name;
  }
}

// Found so: what a caller allocated between taking the lead of a load and running the loader left a load that nobody ended.
TEST(WorkloadTest, ALoadThatFindsNoMemoryStrandsNobody) {
  for (const SchedulerKind scheduler : {SchedulerKind::random, SchedulerKind::priority}) {
    const Exploration result = explore(*find_workload("memory"), scheduler, {.seeds = 1000});
    EXPECT_FALSE(result.failed) << result.report;
  }
}

// Found so: an entry was given a dependency, and its key's label was not tied to it, since memory ran out in between.
TEST(WorkloadTest, ALateDependencyThatFindsNoMemoryIsNotHalfThere) {
  const Exploration result =
      explore(*find_workload("memory-dependencies"), SchedulerKind::priority, {.seeds = 4000});
  EXPECT_FALSE(result.failed) << result.report;
}

// Found by seed 12,007: a list of labels found no memory for a reference that had become the last, and gave it up under the lock
// that this takes.
TEST(WorkloadTest, AListOfLabelsThatFindsNoMemoryWaitsForNothing) {
  const Exploration result =
      explore(*find_workload("memory"), SchedulerKind::random, {.seeds = 13'000});
  EXPECT_FALSE(result.failed) << result.report;
}

// Found by seed 11,138: a circle that was being collected had lost half of its edges when the list for them found no memory.
TEST(WorkloadTest, ACollectionOfCirclesThatFindsNoMemoryHasTakenNothing) {
  const Exploration result =
      explore(*find_workload("memory-dependencies"), SchedulerKind::random, {.seeds = 12'000});
  EXPECT_FALSE(result.failed) << result.report;
}

TEST(TrimTest, ATextThatIsNoneIsRefused) {
  for (const char* text : {"x:1", "0:1,a", "s:", "99:1", "b:-1"})
    EXPECT_FALSE(Trim::from_text(text)) << text;
}

}  // namespace
}  // namespace freshet::simulation
