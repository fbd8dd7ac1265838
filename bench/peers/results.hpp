// What the rounds measured, and how it compares.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "peers/expiry.hpp"
#include "peers/memory.hpp"
#include "peers/subject.hpp"

namespace freshet::bench {

/// All that was measured. A figure that was not is none.
class Results {
 public:
  using Figure = double Measured::*;

  /// Adds what a subject did in a round. A timed measurement gives its quantiles to the figures of the same round.
  void add(std::string_view subject, const Task& task, std::size_t round, const Measured& measured);

  /// The median over the rounds.
  std::optional<double> figure(std::string_view subject, Workload workload, unsigned threads,
                               Figure figure) const;
  std::optional<double> nanoseconds(std::string_view subject, Workload workload,
                                    unsigned threads) const {
    return figure(subject, workload, threads, &Measured::nanoseconds);
  }

  /// How many times longer `subject` takes than `than`: the median of the rounds' ratios, since one round met one machine.
  std::optional<double> times(std::string_view subject, std::string_view than, Workload workload,
                              unsigned threads) const;

  /// Of the figures of a round: any ratio between two of them, as the median over the rounds.
  std::optional<double> times(std::string_view subject, Workload workload, unsigned threads,
                              std::string_view than, Workload other, unsigned other_threads) const;

  bool has(Workload workload) const;

  std::vector<std::string> subjects;  // in the order of the tables
  std::optional<Memory> memory;
  std::vector<Expiry> expiry;  // a round each

 private:
  using Key = std::tuple<std::string, Workload, unsigned>;
  const std::vector<Measured>* rounds_of(std::string_view subject, Workload workload,
                                         unsigned threads) const;

  std::map<Key, std::vector<Measured>, std::less<>> rounds_;
};

}  // namespace freshet::bench
