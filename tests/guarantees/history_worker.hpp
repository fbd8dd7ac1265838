// Worker: what one thread of a history does to the cache, step by step, and what it writes down about it.
//
// Whoever runs a round (threads in history_round.hpp, simulated threads in tests/simulation) says in a RoundState what giving
// way means, and may listen.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/freshet.hpp"
#include "guarantees/history_configuration.hpp"
#include "guarantees/history_round_state.hpp"

namespace freshet::testing::history {

/// What one thread does. Loaders that run in the background use one of their own.
class Worker {
 public:
  Worker(RoundState& round, std::size_t log)
      : round_(round),
        place_(log),
        log_(round.history.logs[log]),
        dice_(round.seed * 31 + log),
        views_{round.invalidator->cache<Datum>("a"), round.invalidator->cache<Datum>("b")} {}

  /// To every namespace of the model.
  static void bind_loaders(RoundState& round);

  static Worker*& current() { return detail::rt::thread_local_value<Worker*, Worker>(); }
  /// While it lives, the worker is the one of this thread.
  struct Present {
    explicit Present(Worker& worker) noexcept { current() = &worker; }
    ~Present() { current() = nullptr; }
    Present(const Present&) = delete;
    Present& operator=(const Present&) = delete;
  };

  void run(std::size_t steps) {
    const Present present(*this);
    for (std::size_t i = 0; i < steps; ++i) perform(draw());
  }
  void run(std::span<const Step> steps) {
    const Present present(*this);
    for (const Step& step : steps) perform(step);
  }
  void perform(const Step& step);

  void give_way(std::uint32_t one_in) {
    if (dice_.below(one_in) == 0) round_.give_way();
  }
  void set_version(std::size_t call, Mode mode);
  /// What events lead to that were emitted some time ago has been done by now.
  void end_deferred();

 private:
  /// Makes a value of a key, reading other keys from the cache where the model says so.
  struct Loader {
    RoundState* round;
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
      return load_in_background(other, context);
    }
    static Datum in_background(const Loader& loader, LoadContext& context) {
      Worker worker(*loader.round, loader.round->background_log);
      worker.dice_ = Dice(loader.round->seed ^ loader.round->stamps.load());
      const Present present(worker);
      return worker.load(loader, &context);
    }
  };
  static Datum load_in_background(const Loader& loader, LoadContext& context) {
    Worker* here = Worker::current();
    return here != nullptr ? here->load(loader, &context) : Loader::in_background(loader, context);
  }
  struct MayFindNothing {
    Loader loader;

    std::optional<Datum> operator()(LoadContext& context) const {
      const Datum found = loader(context);
      return found.check == kNothing.check ? std::nullopt : std::optional(found);
    }
  };

  Step draw();
  Operation begin(Act act, int key, std::size_t reach = 0, Mode mode = Mode::remove) {
    Operation operation;
    operation.reach = static_cast<std::uint8_t>(reach);
    operation.mode = mode;
    operation.act = act;
    operation.key = static_cast<std::uint8_t>(key);
    operation.apart = apart_;
    operation.clock = round_.clock();
    operation.start = round_.stamp();
    round_.began(place_, operation);
    return operation;
  }
  void finish(Operation& operation) {
    operation.clock_end = round_.clock();
    operation.end = round_.stamp();
    log_.operations.push_back(operation);
    round_.ended(place_, operation);
  }
  int any_key() { return static_cast<int>(dice_.below(kKeys)); }
  Cache<Datum>& view(int key) { return views_[static_cast<std::size_t>(space_of(key))]; }

  void note(Operation& read, const Handle<Datum>& handle);
  Handle<Datum> get(int key, Part* part = nullptr);
  Handle<Datum> get_or_load(int key, Part* part = nullptr);
  void visit(int key);
  void get_by_policy_version();
  void get_many();
  void put(int key);
  void put_by_lease(int key);
  void label(int key);
  void invalidate(std::size_t call, Mode mode);
  /// Of a loader. Says in which transaction the part was read, or made by this thread; zero: in none.
  Stamp read_part(int key, Part& part);
  // history_writes.hpp
  class Apart;
  class Window;
  StoreOutcome write_through(int key, ValueId value, const EntryOptions& options, Stamp& true_at);
  void transact(const Step& step);
  void mutate(const Step& step);
  void bypass(const Step& step);
  std::size_t change(const Step& step);
  void read_apart(int key);
  std::size_t call_without_version(const Step& step) const;
  void emit(std::size_t call);
  void grow();
  // history_steps.hpp
  class Steps;
  void start(int key);
  void cancel();
  Datum load(const Loader& loader, LoadContext* context);
  ValueId make(const Made& made) {
    log_.made.push_back(made);
    if (apart_ != 0) log_.made.back().apart = apart_;
    return value_id(place_, log_.made.size() - 1);
  }
  Made& made(ValueId id) { return log_.made[place_of(id)]; }
  static Datum datum(ValueId id) { return {id, check_of(id)}; }
  static constexpr Datum kNothing{};

  RoundState& round_;
  const std::size_t place_;
  Log& log_;
  Dice dice_;
  std::array<Cache<Datum>, kSpaces> views_;
  Stamp apart_ = 0;  // the transaction or bypass that this thread is in
};

inline Step Worker::draw() {
  using What = Step::What;
  const int dice = static_cast<int>(dice_.below(1000));
  Step step{.key = static_cast<std::uint8_t>(any_key()), .seed = dice_.seed()};
  int below = round_.configuration.invalidations;
  if (dice < below) {
    step.what = What::invalidate;
    step.mode = dice_.below(3) == 0 ? Mode::expire : Mode::remove;
    step.call =
        static_cast<std::uint8_t>(dice_.below(static_cast<std::uint32_t>(round_.calls.size())));
  } else if (dice < (below += round_.configuration.late_labels)) {
    step.what = What::label;
  } else if (dice < (below += 25)) {
    step.what = What::put;
  } else if (dice < (below += 25)) {
    step.what = What::put_by_lease;
  } else if (dice < (below += 15)) {
    step.what = What::get_many;
  } else if (dice < (below += 20)) {
    step.what = What::get_by_policy_version;
  } else if (dice < (below += 250)) {
    step.what = What::load;
  } else if (dice < (below += round_.configuration.writes)) {
    step.what = std::array{What::transact, What::mutate, What::bypass}[dice_.below(3)];
    step.mode = dice_.below(3) == 0 ? Mode::expire : Mode::remove;
    step.call =
        static_cast<std::uint8_t>(dice_.below(static_cast<std::uint32_t>(round_.calls.size())));
  }
  return step;
}

inline void Worker::perform(const Step& step) {
  dice_ = Dice(step.seed);
  switch (step.what) {
    case Step::What::get:
      return void(get(step.key));
    case Step::What::load:
      return void(get_or_load(step.key));
    case Step::What::get_many:
      return get_many();
    case Step::What::get_by_policy_version:
      return get_by_policy_version();
    case Step::What::put:
      return put(step.key);
    case Step::What::put_by_lease:
      return put_by_lease(step.key);
    case Step::What::label:
      return label(step.key);
    case Step::What::invalidate:
      return invalidate(step.call, step.mode);
    case Step::What::transact:
      return transact(step);
    case Step::What::mutate:
      return mutate(step);
    case Step::What::bypass:
      return bypass(step);
    case Step::What::emit:
      return emit(step.call);
    case Step::What::sweep:
      return void(round_.invalidator->sweep(dice_.below(2) == 0 ? 1 + dice_.below(4) : SIZE_MAX));
    case Step::What::pass_time:
      return round_.pass_time(std::int64_t{step.micros} * 1000);
    case Step::What::visit:
      return visit(step.key);
    case Step::What::grow:
      return grow();
    case Step::What::start:
      return start(step.key);
    case Step::What::cancel:
      return cancel();
  }
}

inline void Worker::note(Operation& read, const Handle<Datum>& handle) {
  read.done = true;
  read.absent = handle.absent();
  if (handle) {
    if (handle->check != check_of(handle->id)) throw std::logic_error("a value is torn");
    read.value = handle->id;
    read.origin = handle.origin();
    read.staleness = handle.staleness();
    // Whoever has loaded it may have it.
    if (log_of(handle->id) == place_ && made(handle->id).read_at > read.start)
      read.apart = made(handle->id).apart;
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
    part->since = read.end;
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
    loader.model = round_.model;
    if (loader.model > 1 && dice_.below(8) == 0) --loader.model;
    if (dice_.below(2) == 0) {
      read.model = loader.announced = loader.model;
      options.versions = {{"model", model_version(round_.version(loader.model))}};
    }
  }
  if (key == 3) options.capture = !round_.configuration.names_keys_late;
  if (round_.configuration.callers_differ && dice_.below(2) == 0) {
    const int late = dice_.below(2) == 0 ? 0 : 2;
    read.named = static_cast<std::uint8_t>(late + 1);
    (late_is_tag(late) ? options.tags : options.depends_on).push_back(late_label(late));
  }
  Handle<Datum> handle;
  try {
    if (round_.configuration.absent_loads == 0) {
      handle = view(key).get_or_load(key_name(key), loader, options);
    } else {
      handle = view(key).get_or_load(key_name(key), MayFindNothing{loader}, options);
    }
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
  read.policy = round_.policy;
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
  Operation put = begin(Act::put, key, static_cast<std::size_t>(key));
  EntryOptions options = options_of(key, true);
  Made made{.key = put.key,
            .read_at = kStampNever,
            .made_at = put.start,
            .birth_from = put.start,
            .birth_by = kStampNever,
            .pinned_by = kStampNever};  // until it has returned
  if (key == 7) {
    made.model = round_.model;
    options.versions = {{"model", model_version(round_.version(made.model))}};
  }
  put.value = make(made);
  Stamp true_at = 0;  // with its return, if nobody says otherwise
  put.done = is_stored(round_.configuration.writes_through
                           ? write_through(key, put.value, options, true_at)
                           : view(key).put(key_name(key), datum(put.value), options));
  finish(put);
  Made& stored = this->made(put.value);
  stored.birth_by = stored.pinned_by = put.end;
  stored.read_at = true_at != 0 ? true_at : put.end;
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
                           .pinned_by = kStampNever,
                           .began_by = round_.clock()});
  give_way(8);
  made(id).stored_from = round_.clock();
  view(key).put(key_name(key), datum(id), lease, options_of(key, true));
  finish(operation);
  made(id).pinned_by = operation.end;
  made(id).stored_by = round_.clock();
}

inline void Worker::label(int key) {
  const std::vector<std::uint8_t>& lates = round_.configuration.lates;
  Operation label =
      begin(Act::label, key, lates[dice_.below(static_cast<std::uint32_t>(lates.size()))]);
  const std::string name = late_label(label.reach);
  label.done = late_is_tag(label.reach)
                   ? round_.invalidator->tag(key_name(key), space_name(key), {name})
                   : round_.invalidator->add_dependency(key_name(key), space_name(key), name);
  finish(label);
  if (dice_.below(4) == 0) invalidate(round_.late_calls[label.reach], Mode::remove);
}

inline void Worker::set_version(std::size_t call, Mode mode) {
  const bool of_model = call == round_.call_of_model;
  detail::rt::Lock lock(of_model ? round_.model_mutex : round_.policy_mutex);
  Operation operation = begin(Act::invalidate, 0, call, mode);
  const auto number = static_cast<std::uint16_t>(++(of_model ? round_.model : round_.policy));
  (of_model ? operation.model : operation.policy) = number;
  round_.calls[call].make(*round_.invalidator, of_model ? round_.version(number) : number,
                          {.mode = mode});
  finish(operation);
}

inline void Worker::invalidate(std::size_t call, Mode mode) {
  if (call == round_.call_of_model || call == round_.call_of_policy) return set_version(call, mode);
  Operation operation = begin(Act::invalidate, 0, call, mode);
  InvalidateOptions options{.mode = mode};
  if (round_.configuration.binds_loaders && dice_.below(3) == 0)
    options.rewarm.keys = {{"user:1", "a"}, {"item:1", "a"}};
  round_.calls[call].make(*round_.invalidator, 0, options);
  finish(operation);
}

// Entries that nobody reads, so that tables grow while others use them. They go by the tags that all have.
inline void Worker::grow() {
  const std::uint32_t first = dice_.below(64);
  for (std::uint32_t i = 0; i < 16; ++i)
    views_[0].put("filler:" + std::to_string(first + i), {}, {.tags = {"all", "two"}});
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
            .began_by = round_.clock()};
  bool renews = false;
  try {
    renews = context != nullptr && round_.configuration.says_not_modified(dice_, *context);
    give_way(8);
    const bool names_late = round_.configuration.names_keys_late;
    if (context != nullptr && loader.key == 3)
      made.apart = read_part(names_late ? 2 : 5, made.parts[0]);
    if (context != nullptr && loader.key == 5) {
      made.apart = read_part(1, made.parts[0]);
      get(4, &made.parts[1]);
    }
    if (dice_.below(round_.configuration.failing_loads) == 0)
      round_.fail(std::runtime_error("the origin does not answer"));
    give_way(8);
  } catch (...) {
    finish(load);
    throw;
  }
  if (context != nullptr && !renews) {
    name_labels(loader.key, *context);
    if (loader.key == 3 && round_.configuration.names_keys_late) context->depends_on("item:1");
    if (loader.key == 7) context->version("model", model_version(round_.version(loader.model)));
    if (dice_.below(64) == 0) context->do_not_keep();
    const std::uint32_t absent_loads = round_.configuration.absent_loads;
    made.absent = absent_loads != 0 && dice_.below(absent_loads) == 0;
  }
  load.value = make(made);
  finish(load);
  return made.absent ? kNothing : datum(load.value);
}

}  // namespace freshet::testing::history

#include "guarantees/history_bound_loaders.hpp"
#include "guarantees/history_events.hpp"
#include "guarantees/history_steps.hpp"
#include "guarantees/history_visits.hpp"
#include "guarantees/history_writes.hpp"
