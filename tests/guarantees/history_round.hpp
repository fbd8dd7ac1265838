// HistoryRound: several threads at one cache, doing everything that the API offers at once; gives the History of it.
//
// Workers read, load, load in bulk, put, lease, add labels late and invalidate. One more thread sweeps and moves the clock; the
// library's own background thread sweeps and refreshes. At pause points, and in loaders, threads give way at random, so that
// races happen where there are some. The choices of each thread follow from the seed; what the threads make of them does not.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "guarantees/history_configuration.hpp"
#include "guarantees/history_model.hpp"

namespace freshet::testing::history {

class HistoryRound {
 public:
  static constexpr int kWorkers = 4;

  HistoryRound(const Configuration& configuration, const std::vector<Call>& calls,
               std::uint64_t seed, std::size_t steps)
      : configuration_(configuration), calls_(calls), seed_(seed), steps_(steps) {
    history_.terms = configuration.terms;
    for (const Call& call : calls) {
      history_.reaches.push_back(call.reach);
      history_.names.push_back(call.name);
    }
    for (int key = 0; key < kKeys; ++key) history_.tied_to[key] = tied_to(key);
    history_.logs.resize(kWorkers + 2);
    for (Log& log : history_.logs) {
      log.operations.reserve(steps);
      log.made.reserve(steps / 2);
    }
    Components components;
    components.clock =
        configuration.manual_clock ? std::shared_ptr<Clock>(clock_) : make_system_clock();
    components.executor = executor_ = make_thread_pool_executor(1);
    components.random = make_random_source(seed);
    invalidator_.emplace(CacheInvalidator::from_yaml(configuration.policy, components));
    call_of_model_ = find("version of model");
    call_of_policy_ = find("policy version of b");
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (calls[i].reach.late >= 0) late_calls_.push_back(i);
    }
  }

  /// Ends when all threads have.
  void run();

  const History& history() const noexcept { return history_; }
  const Statistics& statistics() const noexcept { return statistics_; }

 private:
  friend class Worker;

  /// relaxed under ThreadSanitizer, so that the stamps order nothing that the library does not: the machines that it runs on
  /// count in one order all the same. acq_rel otherwise, so that "later" is what the language calls so.
#if defined(__SANITIZE_THREAD__)
  static constexpr auto kOrder = std::memory_order_relaxed;
#else
  static constexpr auto kOrder = std::memory_order_acq_rel;
#endif
  Stamp stamp() noexcept { return stamps_.fetch_add(1, kOrder); }
  std::int64_t clock() const noexcept { return clock_->now().time_since_epoch().count(); }
  std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (calls_[i].name == name) return i;
    }
    throw std::logic_error("no such call");
  }
  void sweep_until_done();

  const Configuration& configuration_;
  const std::vector<Call>& calls_;
  const std::uint64_t seed_;
  const std::size_t steps_;
  History history_;
  Statistics statistics_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::shared_ptr<Executor> executor_;
  std::optional<CacheInvalidator> invalidator_;
  std::size_t call_of_model_ = 0;
  std::size_t call_of_policy_ = 0;
  std::vector<std::size_t> late_calls_;
  std::atomic<Stamp> stamps_{1};
  std::atomic<int> working_{0};
  // What the origin says is current, moved before the call that says so. Calls of one of them do not overlap.
  std::atomic<std::uint16_t> model_{0};
  std::atomic<std::uint16_t> policy_{0};
  detail::rt::Mutex model_mutex_;
  detail::rt::Mutex policy_mutex_;
};

/// What one thread does. Loaders that run in the background use one of their own.
class Worker {
 public:
  Worker(HistoryRound& round, std::size_t log)
      : round_(round),
        place_(log),
        log_(round.history_.logs[log]),
        dice_(round.seed_ * 31 + log),
        views_{round.invalidator_->cache<Datum>("a"), round.invalidator_->cache<Datum>("b")} {}

  static Worker*& current() {
    thread_local Worker* worker = nullptr;
    return worker;
  }
  /// While it lives, the worker is the one of this thread.
  struct Present {
    explicit Present(Worker& worker) noexcept { current() = &worker; }
    ~Present() { current() = nullptr; }
    Present(const Present&) = delete;
    Present& operator=(const Present&) = delete;
  };

  void run() {
    const Present present(*this);
    for (std::size_t i = 0; i < round_.steps_ / HistoryRound::kWorkers; ++i) step();
  }

  void give_way(std::uint32_t one_in) {
    if (dice_.below(one_in) == 0) std::this_thread::yield();
  }
  void set_version(std::size_t call, Mode mode);

 private:
  /// Makes a value of a key, reading other keys from the cache where the model says so.
  struct Loader {
    HistoryRound* round;
    Worker* caller;
    Stamp asked_at;
    std::uint8_t key;
    std::uint16_t model = 0;  // with which the value is made
    std::uint16_t policy = 0;
    std::uint16_t announced = 0;  // the versions that the caller announces

    Datum operator()(LoadContext& context) const {
      Worker* here = Worker::current();
      if (here == caller) return here->load(*this, &context);
      Loader other = *this;
      other.asked_at = 0;  // its birth was noted some time before
      other.policy = 0;    // a refresh announces no policy version
      if (here != nullptr) return here->load(other, &context);
      return in_background(other, context);
    }
    static Datum in_background(const Loader& loader, LoadContext& context) {
      Worker worker(*loader.round, HistoryRound::kWorkers + 1);
      worker.dice_ = Dice(loader.round->seed_ ^ loader.round->stamps_.load());
      const Present present(worker);
      return worker.load(loader, &context);
    }
  };

  void step();
  Operation begin(Act act, int key) {
    Operation operation;
    operation.act = act;
    operation.key = static_cast<std::uint8_t>(key);
    operation.clock = round_.clock();
    operation.start = round_.stamp();
    return operation;
  }
  void finish(Operation& operation) {
    operation.end = round_.stamp();
    operation.clock_by = round_.clock();
    log_.operations.push_back(operation);
  }
  int any_key() { return static_cast<int>(dice_.below(kKeys)); }
  Cache<Datum>& view(int key) { return views_[static_cast<std::size_t>(space_of(key))]; }

  void note(Operation& read, const Handle<Datum>& handle);
  Handle<Datum> get(int key, Part* part = nullptr);
  Handle<Datum> get_or_load(int key, Part* part = nullptr);
  void get_by_policy_version();
  void get_many();
  void put(int key);
  void put_by_lease(int key);
  void label(int key);
  void invalidate(std::size_t call, Mode mode);
  Datum load(const Loader& loader, LoadContext* context);
  ValueId make(const Made& made) {
    log_.made.push_back(made);
    return value_id(place_, log_.made.size() - 1);
  }
  Made& made(ValueId id) { return log_.made[place_of(id)]; }
  static Datum datum(ValueId id) { return {id, check_of(id)}; }

  HistoryRound& round_;
  const std::size_t place_;
  Log& log_;
  Dice dice_;
  std::array<Cache<Datum>, kSpaces> views_;
};

inline void Worker::step() {
  const int dice = static_cast<int>(dice_.below(1000));
  int below = round_.configuration_.invalidations;
  if (dice < below) {
    const Mode mode = dice_.below(3) == 0 ? Mode::expire : Mode::remove;
    return invalidate(dice_.below(static_cast<std::uint32_t>(round_.calls_.size())), mode);
  }
  if (dice < (below += round_.configuration_.late_labels)) return label(any_key());
  if (dice < (below += 25)) return put(any_key());
  if (dice < (below += 25)) return put_by_lease(any_key());
  if (dice < (below += 15)) return get_many();
  if (dice < (below += 20)) return get_by_policy_version();
  if (dice < (below += 250)) return void(get_or_load(any_key()));
  get(any_key());
}

inline void Worker::note(Operation& read, const Handle<Datum>& handle) {
  read.done = true;
  if (handle) {
    if (handle->check != check_of(handle->id)) throw std::logic_error("a value is torn");
    read.value = handle->id;
    read.origin = handle.origin();
    read.staleness = handle.staleness();
  }
  finish(read);
  // What this thread has loaded itself was stored by now, if ever.
  if (handle && log_of(handle->id) == place_ && made(handle->id).stored_by == 0)
    made(handle->id).stored_by = round_.clock();
}

inline Handle<Datum> Worker::get(int key, Part* part) {
  Operation read = begin(Act::read, key);
  Handle<Datum> handle = view(key).get(key_name(key));
  note(read, handle);
  if (part != nullptr) {
    part->key = static_cast<std::uint8_t>(key);
    part->since = read.start;
    part->value = read.value;
    part->kind = !handle          ? Part::Kind::nothing
                 : handle.stale() ? Part::Kind::stale_value
                                  : Part::Kind::value;
  }
  return handle;
}

inline Handle<Datum> Worker::get_or_load(int key, Part* part) {
  Operation read = begin(Act::read, key);
  EntryOptions options = options_of(key, false);
  Loader loader{&round_, this, read.start, read.key};
  if (key == 7) {
    // Some callers say which version they want, some of them an old one; for others the loader names it at its end.
    loader.model = round_.model_;
    if (loader.model > 1 && dice_.below(8) == 0) --loader.model;
    if (dice_.below(2) == 0) {
      read.model = loader.announced = loader.model;
      options.versions = {{"model", model_version(loader.model)}};
    }
  }
  Handle<Datum> handle;
  try {
    handle = view(key).get_or_load(key_name(key), loader, options);
    note(read, handle);
  } catch (const std::runtime_error&) {  // of a loader, this one's or the one that it joined
    finish(read);
    if (part != nullptr) throw;
  }
  if (part != nullptr) {
    part->key = static_cast<std::uint8_t>(key);
    part->value = read.value;
    part->kind = handle.stale() ? Part::Kind::stale_value : Part::Kind::value;
  }
  return handle;
}

inline void Worker::get_by_policy_version() {
  const int key = 4 + static_cast<int>(dice_.below(3));
  Operation read = begin(Act::read, key);
  read.policy = round_.policy_;
  if (read.policy > 1 && dice_.below(2) == 0) --read.policy;
  const Cache<Datum> view = views_[1].at_version(policy_version(read.policy));
  try {
    if (dice_.below(2) == 0) return note(read, view.get(key_name(key)));
    const Loader loader{&round_, this, read.start, read.key, 0, read.policy, read.policy};
    note(read, view.get_or_load(key_name(key), loader, options_of(key, false)));
  } catch (const std::runtime_error&) {
    finish(read);
  }
}

inline void Worker::get_many() {
  const int first = dice_.below(2) == 0 ? 0 : 5;
  std::array<Operation, 2> reads{begin(Act::read, first), begin(Act::read, first + 1)};
  EntryOptions options = options_of(first, true);
  const EntryOptions more = options_of(first + 1, true);
  for (const std::string& tag : more.tags) {
    if (std::find(options.tags.begin(), options.tags.end(), tag) == options.tags.end())
      options.tags.push_back(tag);
  }
  for (const std::string& resource : more.depends_on) options.depends_on.push_back(resource);
  const std::vector<std::string> keys{key_name(first), key_name(first + 1)};
  const auto loader = [&](std::span<const std::string_view> missing) {
    std::vector<std::optional<Datum>> values;
    for (const std::string_view name : missing) {
      const int key = name == keys[0] ? first : first + 1;
      const Loader one_loader{.round = &round_,
                              .caller = this,
                              .asked_at = reads[0].start,
                              .key = static_cast<std::uint8_t>(key)};
      values.emplace_back(load(one_loader, nullptr));
    }
    return values;
  };
  try {
    const std::vector<Handle<Datum>> handles = view(first).get_many(keys, loader, options);
    for (std::size_t i = 0; i < reads.size(); ++i) note(reads[i], handles[i]);
  } catch (const std::runtime_error&) {
    for (Operation& read : reads) finish(read);
  }
}

inline void Worker::put(int key) {
  Operation put = begin(Act::put, key);
  put.reach = put.key;
  EntryOptions options = options_of(key, true);
  Made made{
      .key = put.key, .made_at = put.start, .birth_from = put.start, .stored_from = put.clock};
  if (key == 7) {
    made.model = round_.model_;
    options.versions = {{"model", model_version(made.model)}};
  }
  put.value = make(made);
  put.done = is_stored(view(key).put(key_name(key), datum(put.value), options));
  finish(put);
  Made& stored = this->made(put.value);
  stored.birth_by = stored.pinned_by = stored.read_at = put.end;
  stored.stored_by = round_.clock();
}

inline void Worker::put_by_lease(int key) {
  if (key == 7) return;
  Operation operation = begin(Act::lease, key);
  const Lease lease = view(key).lease(key_name(key));
  const Stamp read_at = round_.stamp();
  const ValueId id = make({.key = static_cast<std::uint8_t>(key),
                           .read_at = read_at,
                           .made_at = read_at,
                           .birth_from = operation.start,
                           .birth_by = read_at,
                           .stored_from = operation.clock});
  give_way(8);
  view(key).put(key_name(key), datum(id), lease, options_of(key, true));
  finish(operation);
  made(id).pinned_by = operation.end;
  made(id).stored_by = round_.clock();
}

inline void Worker::label(int key) {
  Operation label = begin(Act::label, key);
  label.reach = static_cast<std::uint8_t>(dice_.below(kLateLabels));
  const std::string name = late_label(label.reach);
  label.done = late_is_tag(label.reach)
                   ? round_.invalidator_->tag(key_name(key), space_name(key), {name})
                   : round_.invalidator_->add_dependency(key_name(key), space_name(key), name);
  finish(label);
  if (dice_.below(4) == 0) invalidate(round_.late_calls_[label.reach], Mode::remove);
}

inline void Worker::set_version(std::size_t call, Mode mode) {
  const bool of_model = call == round_.call_of_model_;
  detail::rt::Lock lock(of_model ? round_.model_mutex_ : round_.policy_mutex_);
  Operation operation = begin(Act::invalidate, 0);
  operation.mode = mode;
  operation.reach = static_cast<std::uint8_t>(call);
  const auto number = static_cast<std::uint16_t>(++(of_model ? round_.model_ : round_.policy_));
  (of_model ? operation.model : operation.policy) = number;
  round_.calls_[call].make(*round_.invalidator_, number, {.mode = mode});
  finish(operation);
}

inline void Worker::invalidate(std::size_t call, Mode mode) {
  if (call == round_.call_of_model_ || call == round_.call_of_policy_)
    return set_version(call, mode);
  Operation operation = begin(Act::invalidate, 0);
  operation.mode = mode;
  operation.reach = static_cast<std::uint8_t>(call);
  round_.calls_[call].make(*round_.invalidator_, 0, {.mode = mode});
  finish(operation);
}

inline Datum Worker::load(const Loader& loader, LoadContext* context) {
  Operation load = begin(Act::load, loader.key);
  load.model = loader.announced;
  load.asked_at = loader.asked_at;
  Made made{.key = loader.key,
            .model = loader.model,
            .policy = loader.policy,
            .read_at = load.start,
            .made_at = load.start,
            .birth_from = loader.asked_at,
            .birth_by = load.start,
            .pinned_by = load.start,
            .stored_from = load.clock};
  try {
    give_way(8);
    if (context != nullptr && loader.key == 3) get_or_load(5, &made.parts[0]);
    if (context != nullptr && loader.key == 5) {
      get_or_load(1, &made.parts[0]);
      get(4, &made.parts[1]);
    }
    if (dice_.below(64) == 0) throw std::runtime_error("the origin does not answer");
    give_way(8);
  } catch (...) {
    finish(load);
    throw;
  }
  if (context != nullptr) {
    context->tag(own_tag(loader.key));
    if (is_rare(loader.key)) context->tag("rare");
    if (loader.key == 1) context->depends_on("table:y");
    if (loader.key == 7) context->version("model", model_version(loader.model));
    if (dice_.below(64) == 0) context->do_not_keep();
  }
  load.value = make(made);
  finish(load);
  return datum(load.value);
}

inline void HistoryRound::sweep_until_done() {
  Worker worker(*this, kWorkers);
  const Worker::Present present(worker);
  Dice dice(seed_);
  while (working_.load() != 0) {
    if (configuration_.manual_clock) clock_->advance(std::chrono::microseconds(dice.below(2000)));
    invalidator_->sweep(dice.below(2) == 0 ? 1 + dice.below(4) : SIZE_MAX);
    for (std::uint32_t i = dice.below(8); i > 0; --i) std::this_thread::yield();
  }
}

inline void HistoryRound::run() {
#ifdef FRESHET_PAUSE_POINTS
  detail::rt::pause_hook.store(
      [](const char*) {
        if (Worker* worker = Worker::current()) worker->give_way(32);
      },
      std::memory_order_release);
#endif
  {
    Worker first(*this, kWorkers);
    first.set_version(call_of_model_, Mode::remove);
    first.set_version(call_of_policy_, Mode::remove);
  }
  working_ = kWorkers;
  std::vector<std::thread> threads;
  for (std::size_t log = 0; log < kWorkers; ++log) {
    threads.emplace_back([this, log] {
      Worker(*this, log).run();
      --working_;
    });
  }
  threads.emplace_back([this] { sweep_until_done(); });
  for (std::thread& thread : threads) thread.join();
  statistics_ = invalidator_->stats();
  invalidator_->close();
  executor_.reset();
  invalidator_.reset();
#ifdef FRESHET_PAUSE_POINTS
  detail::rt::pause_hook.store(nullptr, std::memory_order_release);
#endif
  history_.stamps = stamps_;
}

}  // namespace freshet::testing::history
