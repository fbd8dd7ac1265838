// Measuring on a machine that others use too: batches of 1,024 operations, of which those count that nothing disturbed.
//
// A batch is clean if the kernel did not take the core away from its thread meanwhile (no involuntary context switch) and,
// with two threads, if the other one kept pace: one to three batches of it ended meanwhile. The median of the clean batches
// repeats where a mean does not. What a subject does on threads of its own shows only as far as it slows these down.
#pragma once

#include <sched.h>
#include <sys/resource.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

namespace freshet::bench {

inline constexpr std::size_t kBatch = 1'024;

inline double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A time stamp for single operations: on x86-64 the counter of the core, some 10 ns, elsewhere the steady clock.
inline std::uint64_t ticks() {
#if defined(__x86_64__)
  unsigned core;
  return __rdtscp(&core);
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// How many ticks() a nanosecond has; takes 50 ms the first time.
inline double ticks_per_nanosecond() {
  static const double rate = [] {
    const double began = monotonic_seconds();
    const std::uint64_t first = ticks();
    while (monotonic_seconds() < began + 0.05) {
    }
    const std::uint64_t last = ticks();
    return static_cast<double>(last - first) / ((monotonic_seconds() - began) * 1e9);
  }();
  return rate;
}

/// How often the kernel has taken the core away from this thread.
inline long preemptions() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

/// What one thread saw. Each thread has one of its own.
struct alignas(128) Sample {
  std::vector<double> nanoseconds;  // for an operation, of each clean batch
  std::vector<std::uint32_t>
      latencies;  // in ticks(), of the operations of clean batches, if asked for
  std::uint64_t batches = 0;
  std::uint64_t reads = 0;
  std::uint64_t hits = 0;
  double seconds = 0;
};

/// How far a thread has come; the other one looks.
struct alignas(128) Pace {
  std::atomic<std::uint64_t> batches{0};
};

/// Calls `batch(sample)`, which does kBatch operations, for so many seconds. `other` is null for one thread alone.
template <class Batch>
void run_batches(Batch&& batch, double seconds, Pace& own, const Pace* other, Sample& sample) {
  const double began = monotonic_seconds();
  long preempted = preemptions();
  std::uint64_t others = other != nullptr ? other->batches.load(std::memory_order_relaxed) : 0;
  for (double now = began; now < began + seconds;) {
    const std::size_t timed = sample.latencies.size();
    const double start = monotonic_seconds();
    batch(sample);
    now = monotonic_seconds();
    own.batches.fetch_add(1, std::memory_order_relaxed);
    ++sample.batches;
    const long preempted_now = preemptions();
    bool clean = preempted_now == preempted;
    preempted = preempted_now;
    if (other != nullptr) {
      const std::uint64_t others_now = other->batches.load(std::memory_order_relaxed);
      clean = clean && others_now - others >= 1 && others_now - others <= 3;
      others = others_now;
    }
    if (clean) {
      sample.nanoseconds.push_back((now - start) * 1e9 / static_cast<double>(kBatch));
    } else {
      sample.latencies.resize(timed);
    }
  }
  sample.seconds += monotonic_seconds() - began;
}

/// Lets `body(thread, own pace, other's pace or null, sample)` run on so many threads at once, two of them on the first two
/// cores, and answers with what each saw.
template <class Body>
std::vector<Sample> on_threads(unsigned threads, Body&& body) {
  std::vector<Sample> samples(threads);
  std::vector<Pace> paces(threads);
  std::atomic<unsigned> waiting{threads};
  {
    std::vector<std::jthread> running;
    for (unsigned thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        if (threads > 1) {
          cpu_set_t cores;
          CPU_ZERO(&cores);
          CPU_SET(thread, &cores);
          ::sched_setaffinity(0, sizeof cores, &cores);
        }
        Sample sample;
        sample.nanoseconds.reserve(100'000);
        waiting.fetch_sub(1);
        while (waiting.load() != 0) {
        }
        body(thread, paces[thread], threads > 1 ? &paces[1 - thread] : nullptr, sample);
        samples[thread] = std::move(sample);
      });
    }
  }
  return samples;
}

/// The value below which this share of them is; not a number if there are none.
template <class Number>
double quantile(std::vector<Number>& values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto index = std::min(values.size() - 1,
                              static_cast<std::size_t>(static_cast<double>(values.size()) * share));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), place, values.end());
  return static_cast<double>(*place);
}

/// What a subject did in one measurement, over all its threads. Not a number is what was not measured.
struct Measured {
  double nanoseconds =
      std::numeric_limits<double>::quiet_NaN();  // for an operation: median of the clean batches
  double wall_nanoseconds =
      std::numeric_limits<double>::quiet_NaN();  // the mean, whatever happened meanwhile
  double clean_share = 0;                        // of the batches
  double hit_ratio = std::numeric_limits<double>::quiet_NaN();
  double p50 = std::numeric_limits<double>::quiet_NaN();  // nanoseconds, as are the next
  double p99 = std::numeric_limits<double>::quiet_NaN();
  double p999 = std::numeric_limits<double>::quiet_NaN();
};

/// Puts together what the threads saw.
Measured measured_of(std::vector<Sample>& samples);

}  // namespace freshet::bench
