// Scheduler: which thread goes on, and for how many switch points.
//
//   random    any thread that can, uniformly; it goes on for a number of points that is drawn, now and then for
//             many times as many
//   priority  PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding
//             bugs", ASPLOS 2010. Threads have random priorities, the highest that can runs, and at d points drawn beforehand
//             the one that runs falls below all others. Finds what needs few, well-placed switches and long runs between them.
//   cooperative  a thread goes on until it waits; those that can go on take turns. For what is about time and not about races: a
//             fleet of a thousand processes. It decides nothing by chance, and takes any number of threads.
//
// The number of points of a run, which PCT wants to know, and the chance to switch are drawn per run, over orders of magnitude:
// short windows need many switches, long ones few.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace freshet::simulation {

/// splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    state_ += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xBF58'476D'1CE4'E5B9U;
    bits = (bits ^ (bits >> 27)) * 0x94D0'49BB'1331'11EBU;
    return bits ^ (bits >> 31);
  }
  std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>((next() >> 32) * bound >> 32);
  }

 private:
  std::uint64_t state_;
};

enum class SchedulerKind : std::uint8_t { random, priority, cooperative };

struct ScheduleOptions {
  SchedulerKind kind = SchedulerKind::random;
  std::uint32_t most_points = 4096;  // about as many as a run of this kind has, at most
};

class Scheduler {
 public:
  static constexpr std::size_t kMostThreads = 32;

  void begin(std::uint64_t seed, const ScheduleOptions& options);

  SchedulerKind kind() const noexcept { return options_.kind; }
  /// Whether a thread may be overtaken where it does not wait.
  bool preempts() const noexcept { return options_.kind != SchedulerKind::cooperative; }

  /// How many points to go before decide() is to be called.
  std::int64_t next_distance();

  /// One of `count` threads, given by their numbers. `current` is -1 if the one that ran cannot go on. Not of cooperative ones: the
  /// machine keeps their turns.
  std::size_t choose(const int* threads, std::size_t count, int current);

  /// Whether a thread that can go on again must be considered at once.
  bool overtakes(int thread, int current) const noexcept {
    return options_.kind == SchedulerKind::priority &&
           priorities_[index(thread)] > priorities_[index(current)];
  }

  /// Whether a timer fires now, if it may.
  bool wants_timer() noexcept { return random_.below(4) == 0; }

  Random& random() noexcept { return random_; }

 private:
  static std::size_t index(int thread) noexcept {
    return static_cast<std::size_t>(thread) % kMostThreads;
  }

  ScheduleOptions options_;
  Random random_{0};
  std::uint32_t mean_ = 8;  // random: points between switches
  std::array<std::uint64_t, kMostThreads> priorities_{};
  std::uint64_t lowest_ = 0;  // priority: below all that were given so far
  std::array<std::int64_t, 16> changes_{};
  std::size_t change_ = 0;
  std::size_t change_count_ = 0;
  std::int64_t at_ = 0;
  bool at_change_ = false;
};

}  // namespace freshet::simulation
