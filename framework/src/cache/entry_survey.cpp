#include "cache/entry_survey.hpp"

#include <algorithm>
#include <cmath>

namespace freshet::detail {
namespace {

constexpr std::size_t kMostNext = 1'000;
constexpr std::size_t kPassedOverPerNext = 100;  // where many entries were read since
constexpr std::size_t kPassedOverAtLeast = 1'000;

// Nearest rank: the smallest value that `share` of all do not exceed.
template <class T>
T rank(const std::vector<T>& sorted, double share) {
  const double place = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(place) - 1];
}

template <class T>
Spread<T> spread_of(std::vector<T> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {.count = values.size(),
          .p50 = rank(values, 0.50),
          .p90 = rank(values, 0.90),
          .p99 = rank(values, 0.99),
          .max = values.back()};
}

void fill_spreads(const Survey& survey, Instant now, BlockEntries& block) {
  std::vector<std::uint64_t> sizes;
  std::vector<Duration> ages;
  std::vector<Duration> remaining;
  for (const Survey::Sample& sample : survey.samples) {
    sizes.push_back(sample.bytes);
    ages.push_back(std::max(now - sample.stored_at, Duration::zero()));
    if (sample.hard != kNever) remaining.push_back(sample.hard - now);
  }
  block.size = spread_of(std::move(sizes));
  block.age = spread_of(std::move(ages));
  block.remaining = spread_of(std::move(remaining));
}

void fill_next(Survey& survey, std::size_t count, Instant now, BlockEntries& block) {
  const std::size_t found = std::min(count, survey.next.size());
  std::partial_sort(survey.next.begin(), survey.next.begin() + static_cast<std::ptrdiff_t>(found),
                    survey.next.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  for (std::size_t i = 0; i < found; ++i) {
    const Entry& entry = entry_of(survey.next[i].entry);
    block.next.push_back({std::string(entry.carrier().name_space()->text()),
                          std::string(entry.key()), survey.next[i].at - now});
  }
}

}  // namespace

BlockEntries survey_entries(const std::string& name, Store& store, const InspectOptions& options,
                            Instant now) {
  const std::size_t next = std::min(options.next_to_expire, kMostNext);
  const std::size_t shards = store.shard_count();
  Survey survey;
  store.survey(now,
               {.sample = std::max<std::size_t>(1, (options.sample + shards - 1) / shards),
                .next = next,
                .looked_at_for_next = kPassedOverAtLeast + kPassedOverPerNext * next},
               survey);
  const Holdings holdings = store.holdings();
  BlockEntries block;
  block.name = name;
  block.entries = holdings.entries;
  block.bytes = holdings.bytes;
  block.values_have_sizes = survey.values_have_sizes;
  block.looked_at = survey.samples.size();
  block.sampled = !survey.all_looked_at;
  block.next_complete = survey.next_complete;
  fill_spreads(survey, now, block);
  fill_next(survey, next, now, block);
  return block;
}

}  // namespace freshet::detail
