#include "peers/results.hpp"

#include <algorithm>
#include <cmath>

namespace freshet::bench {
namespace {

/// Of those that are numbers.
std::optional<double> median_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

void Results::add(std::string_view subject, const Task& task, std::size_t round,
                  const Measured& measured) {
  std::vector<Measured>& rounds = rounds_[Key(subject, task.workload, task.threads)];
  if (rounds.size() <= round) rounds.resize(round + 1);
  if (task.timed) {
    rounds[round].p50 = measured.p50;
    rounds[round].p99 = measured.p99;
    rounds[round].p999 = measured.p999;
    return;
  }
  rounds[round] = measured;
}

const std::vector<Measured>* Results::rounds_of(std::string_view subject, Workload workload,
                                                unsigned threads) const {
  const auto found = rounds_.find(Key(subject, workload, threads));
  return found == rounds_.end() ? nullptr : &found->second;
}

std::optional<double> Results::figure(std::string_view subject, Workload workload, unsigned threads,
                                      Figure figure) const {
  const std::vector<Measured>* const rounds = rounds_of(subject, workload, threads);
  if (rounds == nullptr) return std::nullopt;
  std::vector<double> values;
  for (const Measured& measured : *rounds) values.push_back(measured.*figure);
  return median_of(std::move(values));
}

std::optional<double> Results::times(std::string_view subject, std::string_view than,
                                     Workload workload, unsigned threads) const {
  return times(subject, workload, threads, than, workload, threads);
}

std::optional<double> Results::times(std::string_view subject, Workload workload, unsigned threads,
                                     std::string_view than, Workload other,
                                     unsigned other_threads) const {
  const std::vector<Measured>* const mine = rounds_of(subject, workload, threads);
  const std::vector<Measured>* const others = rounds_of(than, other, other_threads);
  if (mine == nullptr || others == nullptr) return std::nullopt;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(mine->size(), others->size()); ++i)
    ratios.push_back((*mine)[i].nanoseconds / (*others)[i].nanoseconds);
  return median_of(std::move(ratios));
}

bool Results::has(Workload workload) const {
  return std::any_of(rounds_.begin(), rounds_.end(),
                     [&](const auto& each) { return std::get<1>(each.first) == workload; });
}

}  // namespace freshet::bench
