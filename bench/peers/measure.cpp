#include "peers/measure.hpp"

namespace freshet::bench {
namespace {

template <class Number>
void append(std::vector<Number>& all, const std::vector<Number>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

Measured measured_of(std::vector<Sample>& samples) {
  std::vector<double> nanoseconds;
  std::vector<std::uint32_t> latencies;
  double batches = 0;
  double reads = 0;
  double hits = 0;
  double seconds = 0;
  for (const Sample& sample : samples) {
    append(nanoseconds, sample.nanoseconds);
    append(latencies, sample.latencies);
    batches += static_cast<double>(sample.batches);
    reads += static_cast<double>(sample.reads);
    hits += static_cast<double>(sample.hits);
    seconds += sample.seconds;
  }
  Measured measured;
  if (batches > 0) {
    measured.wall_nanoseconds = seconds * 1e9 / (batches * static_cast<double>(kBatch));
    measured.clean_share = static_cast<double>(nanoseconds.size()) / batches;
  }
  measured.nanoseconds = quantile(nanoseconds, 0.5);
  if (reads > 0) measured.hit_ratio = hits / reads;
  measured.p50 = quantile(latencies, 0.5) / ticks_per_nanosecond();
  measured.p99 = quantile(latencies, 0.99) / ticks_per_nanosecond();
  measured.p999 = quantile(latencies, 0.999) / ticks_per_nanosecond();
  return measured;
}

}  // namespace freshet::bench
