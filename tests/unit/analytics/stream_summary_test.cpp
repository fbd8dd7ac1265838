// What StreamSummary promises, against exact counts.
#include "analytics/stream_summary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

namespace freshet::detail {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

CountedName named(const std::string& text) {
  return {std::hash<std::string>{}(text), "space", text};
}

std::vector<Frequency> all_of(const StreamSummary& summary) {
  std::vector<Frequency> found;
  summary.visit([&](const Frequency& frequency) {
    found.push_back(frequency);
    return true;
  });
  return found;
}

/// Ranks with probability proportional to 1 / rank^exponent.
class Zipf {
 public:
  Zipf(std::size_t names, double exponent) {
    for (std::size_t rank = 1; rank <= names; ++rank)
      weights_.push_back(std::pow(static_cast<double>(rank), -exponent));
    distribution_ = std::discrete_distribution<std::size_t>(weights_.begin(), weights_.end());
  }
  std::size_t operator()(std::mt19937_64& random) { return distribution_(random); }

 private:
  std::vector<double> weights_;
  std::discrete_distribution<std::size_t> distribution_;
};

TEST(StreamSummaryTest, CountsExactlyWhileEveryNameHasAPlace) {
  StreamSummary summary(3);
  for (const char* text : {"a", "b", "a", "c", "a", "b"}) summary.add(named(text));
  const std::vector<Frequency> found = all_of(summary);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, "a");
  EXPECT_EQ(found[0].count, 3u);
  EXPECT_EQ(found[1].text, "b");
  EXPECT_EQ(found[1].count, 2u);
  EXPECT_EQ(found[2].text, "c");
  for (const Frequency& frequency : found) EXPECT_EQ(frequency.error, 0u);
}

TEST(StreamSummaryTest, ANewNameTakesThePlaceOfTheRarestAndSaysHowWrongItMayBe) {
  StreamSummary summary(2);
  for (const char* text : {"a", "a", "a", "b", "b", "c"}) summary.add(named(text));
  const std::vector<Frequency> found = all_of(summary);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].text + found[0].text, "ac");
  EXPECT_EQ(found[0].count, 3u);
  EXPECT_EQ(found[0].error, 2u);
}

TEST(StreamSummaryTest, NamesOfTwoSpacesAreTwo) {
  StreamSummary summary(4);
  summary.add({7, "one", "a"});
  summary.add({7, "two", "a"});
  EXPECT_EQ(summary.size(), 2u);
}

TEST(StreamSummaryTest, HalvingLetsGoOfWhatWasRareAndKeepsTheOrder) {
  StreamSummary summary(4);
  for (const char* text : {"a", "a", "a", "a", "a", "a", "b", "b", "b", "b", "b", "b", "b", "c"})
    summary.add(named(text));
  summary.halve();  // a 6, b 7 and c 1 become 3, 3 and nothing
  const std::vector<Frequency> found = all_of(summary);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].count, 3u);
  EXPECT_EQ(found[1].count, 3u);
  EXPECT_EQ(summary.total(), 6u);
  summary.add(named("c"));
  summary.add(named("a"));
  EXPECT_EQ(all_of(summary)[0].text, "a");
  EXPECT_EQ(all_of(summary)[2].text, "c");
}

/// The bounds that its comment states, over streams of different skew and summaries of different size.
class StreamSummaryPropertyTest
    : public ::testing::TestWithParam<std::tuple<double, std::size_t, unsigned>> {
 protected:
  void feed(std::size_t events) {
    const auto& [exponent, capacity, seed] = GetParam();
    std::mt19937_64 random(seed);
    Zipf zipf(2'000, exponent);
    for (std::size_t i = 0; i < events; ++i) {
      const std::string text = "key:" + std::to_string(zipf(random));
      summary_.add(named(text));
      ++exact_[text];
    }
  }
  StreamSummary summary_{std::get<1>(GetParam())};
  Counts exact_;
};

TEST_P(StreamSummaryPropertyTest, CountsLieBetweenTheTruthAndTheStatedError) {
  feed(50'000);
  std::uint64_t sum = 0;
  std::uint64_t before = UINT64_MAX;
  for (const Frequency& found : all_of(summary_)) {
    EXPECT_GE(found.count, exact_[found.text]);
    EXPECT_LE(found.count - found.error, exact_[found.text]);
    EXPECT_LE(found.error, summary_.total() / summary_.capacity());
    EXPECT_LE(found.count, before);
    before = found.count;
    sum += found.count;
  }
  EXPECT_EQ(sum, 50'000u);
  EXPECT_EQ(summary_.total(), 50'000u);
}

TEST_P(StreamSummaryPropertyTest, EveryNameAboveTheBoundIsThere) {
  feed(50'000);
  Counts found;
  for (const Frequency& frequency : all_of(summary_)) found[frequency.text] = frequency.count;
  EXPECT_LE(found.size(), summary_.capacity());
  for (const auto& [text, count] : exact_) {
    if (count > summary_.total() / summary_.capacity()) {
      EXPECT_TRUE(found.contains(text)) << text << " occurred " << count << " times";
    }
  }
}

TEST_P(StreamSummaryPropertyTest, StaysInOrderThroughHalvings) {
  for (int round = 0; round < 5; ++round) {
    feed(3'000);
    summary_.halve();
    std::uint64_t sum = 0;
    std::uint64_t before = UINT64_MAX;
    for (const Frequency& found : all_of(summary_)) {
      EXPECT_LE(found.count, before);
      EXPECT_LE(found.error, found.count);
      before = found.count;
      sum += found.count;
    }
    EXPECT_EQ(sum, summary_.total());
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, StreamSummaryPropertyTest,
                         ::testing::Combine(::testing::Values(0.0, 0.7, 1.0, 1.4),
                                            ::testing::Values(std::size_t{1}, std::size_t{10},
                                                              std::size_t{100}, std::size_t{5'000}),
                                            ::testing::Values(1u, 2u)));

}  // namespace
}  // namespace freshet::detail
