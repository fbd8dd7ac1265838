#include "peers/goals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace freshet::bench {
namespace {

constexpr std::string_view kHandle = "freshet get";
constexpr std::string_view kHyperClock = "RocksDB HyperClockCache";
constexpr std::string_view kCuckoo = "libcuckoo, no eviction";
constexpr std::array<std::string_view, 5> kPackagedCaches{
    "RocksDB HyperClockCache", "RocksDB LRUCache", "LevelDB LRU", "Caffeine",
    "oneTBB concurrent_lru_cache"};

/// The name of the unlocked map says which map it is.
std::string flat_map_of(const Results& results) {
  for (const std::string& subject : results.subjects) {
    if (subject.find("map, no lock") != std::string::npos) return subject;
  }
  return "flat map, no lock";
}

std::optional<double> minus(std::optional<double> left, std::optional<double> right) {
  if (!left || !right) return std::nullopt;
  return *left - *right;
}

std::string threads_text(unsigned threads) {
  return threads == 1 ? "1 thread" : fmt::format("{} threads", threads);
}

class Goals {
 public:
  explicit Goals(const Results& results) : results_(results) {}

  void hits() {
    for (const Workload workload : {Workload::a100k, Workload::a1m}) {
      for (const unsigned threads : {1U, 2U}) {
        const double target = workload == Workload::a1m ? 2.3 : threads == 1 ? 2.2 : 2.5;
        at_least(target, "times as fast as HyperClockCache", workload, threads,
                 results_.times(kHyperClock, kReference, workload, threads));
      }
    }
    for (const Workload workload : {Workload::a100k, Workload::a1m}) {
      at_least(0.8, "times as fast as the flat map without a lock", workload, 1,
               results_.times(flat_map_of(results_), kReference, workload, 1));
    }
    for (const unsigned threads : {1U, 2U}) {
      at_most(15, "ns: a handle dearer than a visit", Workload::a100k, threads,
              minus(results_.nanoseconds(kHandle, Workload::a100k, threads),
                    results_.nanoseconds(kReference, Workload::a100k, threads)));
    }
  }

  void mixed() {
    for (const unsigned threads : {1U, 2U}) {
      const std::string_view best = best_packaged(Workload::b, threads);
      at_least(threads == 1 ? 2.0 : 2.5, fmt::format("times as fast as {}", best), Workload::b,
               threads, results_.times(best, kReference, Workload::b, threads));
      at_least(0, "hit ratio above that peer's", Workload::b, threads,
               minus(hit_ratio(kReference, threads), hit_ratio(best, threads)));
    }
    for (const unsigned threads : {1U, 2U}) {
      const std::string_view best = best_packaged(Workload::c, threads);
      at_least(threads == 1 ? 1.6 : 1.8, fmt::format("times as fast as {}", best), Workload::c,
               threads, results_.times(best, kReference, Workload::c, threads));
    }
    at_most(2'000, "ns: p99.9", Workload::b, 2,
            results_.figure(kReference, Workload::b, 2, &Measured::p999));
  }

  void scaling() {
    for (const Workload workload :
         {Workload::a100k, Workload::a1m, Workload::b, Workload::c, Workload::hot}) {
      const bool reads = workload == Workload::a100k || workload == Workload::a1m;
      const double target = workload == Workload::hot ? 1.9 : reads ? 1.8 : 1.6;
      const auto ratio = results_.times(kReference, workload, 1, kReference, workload, 2);
      at_least(target, "times the throughput of one thread", workload, 2,
               ratio ? std::optional(2 * *ratio) : std::nullopt);
    }
    at_least(3, "times as fast as 32 single gets", Workload::get_many, 1,
             results_.times(kHandle, Workload::singles, 1, kHandle, Workload::get_many, 1));
    at_most(0.6, "of libcuckoo's time", Workload::erase, 1,
            results_.times(kReference, kCuckoo, Workload::erase, 1));
  }

  void memory_and_expiry() {
    const auto& memory = results_.memory;
    const auto of = [&](double value) { return memory ? std::optional(value) : std::nullopt; };
    const Memory figures = memory.value_or(Memory{});
    add({"memory: bytes of an entry beyond key and value", 80, false,
         of(figures.in_place.one_tag)});
    add({"memory: bytes for a further label", 8, false,
         of(std::max(
             {figures.in_place.per_label, figures.in_place.loaded, figures.in_place.by_loader}))});
    std::optional<double> longest;
    for (const Expiry& round : results_.expiry)
      longest = std::max(longest.value_or(0), round.longest_during);
    add({"expiry: us, the longest operation meanwhile", 1'000, false, longest});
  }

  std::vector<Goal> take() { return std::move(goals_); }

 private:
  std::optional<double> hit_ratio(std::string_view subject, unsigned threads) const {
    return results_.figure(subject, Workload::b, threads, &Measured::hit_ratio);
  }

  /// The fastest cache that is packaged; the first of them if none was measured.
  std::string_view best_packaged(Workload workload, unsigned threads) const {
    std::string_view best = kPackagedCaches[0];
    std::optional<double> least;
    for (const std::string_view peer : kPackagedCaches) {
      const auto takes = results_.nanoseconds(peer, workload, threads);
      if (!takes || (least && *takes >= *least)) continue;
      best = peer;
      least = takes;
    }
    return best;
  }

  void add(Goal goal) { goals_.push_back(std::move(goal)); }
  void at_least(double target, std::string_view what, Workload workload, unsigned threads,
                std::optional<double> measured) {
    add({fmt::format("{}, {}: {}", name_of(workload), threads_text(threads), what), target, true,
         measured});
  }
  void at_most(double target, std::string_view what, Workload workload, unsigned threads,
               std::optional<double> measured) {
    add({fmt::format("{}, {}: {}", name_of(workload), threads_text(threads), what), target, false,
         measured});
  }

  const Results& results_;
  std::vector<Goal> goals_;
};

}  // namespace

std::vector<Goal> goals_of(const Results& results) {
  Goals goals(results);
  goals.hits();
  goals.mixed();
  goals.scaling();
  goals.memory_and_expiry();
  return goals.take();
}

}  // namespace freshet::bench
