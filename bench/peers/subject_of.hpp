// SubjectOf<Adapter>: the workloads over a cache, compiled into its calls, so that each subject runs the same loops.
//
// An adapter has a name, says what it can do, and is made for so many entries:
//   kName, kThreadSafe, kEvicts (without it a cache only grows), kErases
//   get(key)            whether it was there; checks the value with belongs()
//   put(key)            stores Value::of(key)
//   get_or_insert(key)  whether it was there
//   erase(key)          if kErases
//   get_strings(keys), get_many(keys)    if kMany: 32 keys, one by one or at once
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "peers/resident_memory.hpp"
#include "peers/stream.hpp"
#include "peers/subject.hpp"

namespace freshet::bench {

inline constexpr std::size_t kKeysAtOnce = 32;

/// Room for so many entries that none is evicted, however the cache spreads them.
constexpr std::size_t room_for(std::size_t entries) { return entries + entries * 3 / 10; }

template <class Adapter>
class SubjectOf final : public Subject {
 public:
  std::string_view name() const override { return Adapter::kName; }

  bool takes(Workload workload, unsigned threads) const override {
    if (threads > 1 && !Adapter::kThreadSafe) return false;
    switch (workload) {
      case Workload::b:
        return Adapter::kEvicts && Adapter::kInserts;
      case Workload::c:
        return Adapter::kEvicts && Adapter::kPuts;
      case Workload::erase:
        return Adapter::kErases && threads == 1;
      case Workload::get_many:
      case Workload::singles:
        return Adapter::kMany;
      default:
        return true;
    }
  }

  void open(Workload workload) override {
    if (workload == Workload::b || workload == Workload::c) {
      cache_.emplace(kFewKeys);
      places_ = {kStreamLength / 3, kStreamLength / 2};
      for (const Operation& operation : stream_of(Keys::many, 0).first(places_[0])) {
        if (!cache_->get(operation.key())) cache_->put(operation.key());
      }
      return;
    }
    const bool few = workload == Workload::a100k || workload == Workload::hot;
    fill(few ? kFewKeys : kManyKeys);
    places_ = {0, kStreamLength / 2};
  }

  void close() override { cache_.reset(); }

  Measured measure(const Task& task) override {
    switch (task.workload) {
      case Workload::a100k:
        return over(Keys::few, task, get);
      case Workload::a1m:
        return over(Keys::many, task, get);
      case Workload::b:
        return over(Keys::many, task, get_or_insert);
      case Workload::c:
        return over(Keys::many, task, get_or_put);
      case Workload::hot:
        return hot(task);
      case Workload::get_many:
        return by_strings(task, true);
      case Workload::singles:
        return by_strings(task, false);
      case Workload::erase:
        return erased(task);
    }
    throw std::logic_error("no such workload");
  }

  double bytes_per_entry() override {
    const std::size_t before = resident_bytes();
    fill(kManyKeys);
    return static_cast<double>(resident_bytes() - before) / kManyKeys;
  }

 private:
  static bool counted(bool hit, Sample& sample) {
    ++sample.reads;
    sample.hits += hit;
    return hit;
  }
  static constexpr auto get = [](Adapter& cache, const Operation& operation, Sample& sample) {
    counted(cache.get(operation.key()), sample);
  };
  static constexpr auto get_or_insert = [](Adapter& cache, const Operation& operation,
                                           Sample& sample) {
    counted(cache.get_or_insert(operation.key()), sample);
  };
  static constexpr auto get_or_put = [](Adapter& cache, const Operation& operation,
                                        Sample& sample) {
    if (operation.put) {
      cache.put(operation.key());
    } else {
      get(cache, operation, sample);
    }
  };

  void fill(std::uint32_t entries) {
    cache_.emplace(room_for(entries));
    for (std::uint32_t id = 0; id < entries; ++id) cache_->put(operation_of(id).key());
  }

  /// Threads go on where they were: nothing that was just read is read again at once.
  template <class Step>
  Measured over(Keys keys, const Task& task, Step step) {
    for (unsigned thread = 0; thread < task.threads; ++thread) stream_of(keys, thread);
    auto samples = on_threads(task.threads,
                              [&](unsigned thread, Pace& own, const Pace* other, Sample& sample) {
                                const std::span<const Operation> stream = stream_of(keys, thread);
                                std::size_t place = places_.at(thread);
                                const auto next = [&]() -> const Operation& {
                                  const Operation& operation = stream[place];
                                  if (++place == stream.size()) place = 0;
                                  return operation;
                                };
                                if (task.timed) {
                                  run_batches([&](Sample& seen) { timed_batch(next, step, seen); },
                                              task.seconds, own, other, sample);
                                } else {
                                  run_batches(
                                      [&](Sample& seen) {
                                        for (std::size_t i = 0; i < kBatch; ++i)
                                          step(*cache_, next(), seen);
                                      },
                                      task.seconds, own, other, sample);
                                }
                                places_.at(thread) = place;
                              });
    return measured_of(samples);
  }

  template <class Next, class Step>
  void timed_batch(Next& next, Step step, Sample& sample) {
    std::array<std::uint32_t, kBatch> took;
    for (std::uint32_t& each : took) {
      const Operation& operation = next();
      const std::uint64_t began = ticks();
      step(*cache_, operation, sample);
      each = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(ticks() - began, std::numeric_limits<std::uint32_t>::max()));
    }
    sample.latencies.insert(sample.latencies.end(), took.begin(), took.end());
  }

  Measured hot(const Task& task) {
    const Operation one = operation_of(4'711);
    auto samples =
        on_threads(task.threads, [&](unsigned, Pace& own, const Pace* other, Sample& sample) {
          run_batches(
              [&](Sample& seen) {
                for (std::size_t i = 0; i < kBatch; ++i) get(*cache_, one, seen);
              },
              task.seconds, own, other, sample);
        });
    return measured_of(samples);
  }

  Measured by_strings(const Task& task, bool at_once) {
    if constexpr (Adapter::kMany) {
      for (unsigned thread = 0; thread < task.threads; ++thread) key_strings(thread);
      auto samples = on_threads(
          task.threads, [&](unsigned thread, Pace& own, const Pace* other, Sample& sample) {
            const std::span<const std::string> keys = key_strings(thread);
            std::size_t place = places_.at(thread);
            const auto batch = [&](Sample& seen) {
              for (std::size_t i = 0; i < kBatch; i += kKeysAtOnce) {
                if (place + kKeysAtOnce > keys.size()) place = 0;
                const auto some = keys.subspan(place, kKeysAtOnce);
                seen.hits += at_once ? cache_->get_many(some) : cache_->get_strings(some);
                seen.reads += kKeysAtOnce;
                place += kKeysAtOnce;
              }
            };
            run_batches(batch, task.seconds, own, other, sample);
            places_.at(thread) = place;
          });
      return measured_of(samples);
    }
    return {};
  }

  /// Erases 100,000 keys that lie anywhere, and puts them back. It takes as long as that takes.
  Measured erased(const Task&) {
    if constexpr (Adapter::kErases) {
      std::vector<Operation> keys(kFewKeys / kBatch * kBatch);
      for (Operation& key : keys) {
        key = operation_of(static_cast<std::uint32_t>(erased_ * 9'999'991 % kManyKeys));
        ++erased_;
      }
      Pace pace;
      std::vector<Sample> samples(1);
      for (std::size_t place = 0; place < keys.size(); place += kBatch) {
        const auto some = std::span(keys).subspan(place, kBatch);
        run_batches(
            [&](Sample&) {
              for (const Operation& key : some) cache_->erase(key.key());
            },
            1e-9, pace, nullptr, samples[0]);
      }
      for (const Operation& key : keys) cache_->put(key.key());
      return measured_of(samples);
    }
    return {};
  }

  std::optional<Adapter> cache_;
  std::array<std::size_t, kMostThreads> places_{};
  std::uint64_t erased_ = 0;
};

}  // namespace freshet::bench
