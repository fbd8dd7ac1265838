// Turns: two things measured in turns, so that whatever else the machine does meets both alike.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace freshet::bench {

/// Seconds that a call takes, by the steady clock. Asking the clock takes some 40 ns of them.
template <class Work>
double seconds_of(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Runs `without` and `with` in turns, each time the other first, and keeps how they compare.
class Turns {
 public:
  template <class Without, class With>
  void take(Without&& without, With&& with) {
    const bool with_first = seconds_with_.size() % 2 != 0;
    double first = 0;
    if (with_first) first = seconds_of(with);
    const double plain = seconds_of(without);
    const double more = with_first ? first : seconds_of(with);
    ratios_.push_back(more / plain);
    seconds_without_.push_back(plain);
    seconds_with_.push_back(more);
  }

  /// The median over the turns of how many times longer the second took.
  double ratio() const { return median(ratios_); }
  double overhead_percent() const { return 100 * (ratio() - 1); }
  double median_without() const { return median(seconds_without_); }
  double median_with() const { return median(seconds_with_); }

 private:
  std::vector<double> ratios_;
  std::vector<double> seconds_without_;
  std::vector<double> seconds_with_;
};

}  // namespace freshet::bench
