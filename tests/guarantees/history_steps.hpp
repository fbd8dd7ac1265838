// The steps of a Worker that are reads by coroutines, begun in a Loop that other threads run, and what cancels them: a part of
// history_worker.hpp, which includes it.
//
// What a coroutine does it writes into the log of whichever thread runs it. An operation ends with its coroutine at the latest: one that
// is destroyed has read nothing, and its load made nothing. Its loader waits for its origin now and then, reads other keys by await, and
// throws, or is given up, which whoever else waits for it must not be told of. Nobody asks in a circle.
#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include "freshet/errors.hpp"
#include "guarantees/history_coroutines.hpp"
#include "guarantees/history_worker.hpp"

namespace freshet::testing::history {

class Worker::Steps {
 public:
  static Awaitable<void> reader(std::unique_ptr<const Loop::Alive> alive, RoundState* round,
                                int key, std::uint64_t seed) {
    Dice dice(seed);
    if (dice.below(4) == 0) co_await origin_answers(*round->loop);
    bool gives_up = false;
    try {
      co_await read(round, key, dice.seed(), &gives_up, nullptr);
    } catch (const Cancelled&) {
      if (!gives_up) throw std::logic_error("told that somebody else's load was given up");
    } catch (const RecursiveLoad&) {
      throw std::logic_error("told of a circle where there is none");
    } catch (const std::runtime_error&) {  // of a loader, this one's or the one that it joined
    }
    alive.reset();
  }

 private:
  struct Loader {
    RoundState* round;
    int key;
    Stamp asked_at;
    std::uint64_t seed;
    bool* gives_up;
    ValueId* made;

    Awaitable<Datum> operator()(LoadContext& context) const { return load(*this, &context); }
  };

  class Noted {
   public:
    Noted(Act act, int key) : operation(Worker::current()->begin(act, key)) {}
    ~Noted() { finish(); }
    Noted(const Noted&) = delete;
    Noted& operator=(const Noted&) = delete;
    void finish() {
      if (!std::exchange(is_over_, true)) Worker::current()->finish(operation);
    }
    Operation operation;

   private:
    bool is_over_ = false;
  };

  static Awaitable<Handle<Datum>> found(Handle<Datum> handle) { co_return std::move(handle); }
  /// As Cache<T>::async_get_or_load: looks now, and does the rest when it is awaited.
  static Awaitable<Handle<Datum>> async_get_or_load(const Loader& loader) {
    detail::NamespaceCache& core = *detail::CacheAccess::core(Worker::current()->view(loader.key));
    std::unique_ptr<detail::SteppedRead> rest;
    detail::Reading hit = core.begin_read(key_name(loader.key), options_of(loader.key, false),
                                          detail::if_absent<Loader, Datum>(), rest);
    if (!rest) return found(Handle<Datum>(std::move(hit)));
    return detail::read_by_steps<Coroutines, Datum, Loader>(std::move(rest), loader);
  }

  static Awaitable<void> read(RoundState* round, int key, std::uint64_t seed, bool* gives_up,
                              Part* part) {
    Dice dice(seed);
    Noted noted(Act::read, key);
    Operation& read = noted.operation;
    ValueId made = 0;
    const Loader loader{round, key, read.start, dice.seed(), gives_up, &made};
    Awaitable<Handle<Datum>> reading = async_get_or_load(loader);
    if (part == nullptr && dice.below(16) == 0) co_return;
    const Handle<Datum> handle = co_await std::move(reading);
    if (!handle) throw std::logic_error("a reader got nothing");
    if (handle->check != check_of(handle->id)) throw std::logic_error("a value is torn");
    read.done = true;
    read.value = handle->id;
    read.origin = handle.origin();
    read.staleness = handle.staleness();
    noted.finish();
    // What it has loaded itself was stored by now, if ever.
    if (made != 0)
      round->history.logs[log_of(made)].made[place_of(made)].stored_by = round->clock();
    if (part == nullptr) co_return;
    part->key = static_cast<std::uint8_t>(key);
    part->value = read.value;
    part->kind = handle.stale() ? Part::Kind::stale_value : Part::Kind::value;
  }

  static Awaitable<Datum> load(Loader loader, LoadContext* context) {
    RoundState& round = *loader.round;
    Dice dice(loader.seed);
    Noted noted(Act::load, loader.key);
    Operation& load = noted.operation;
    load.asked_at = loader.asked_at;
    Made made{.key = load.key,
              .read_at = load.start,
              .made_at = load.start,
              .birth_from = loader.asked_at,
              .birth_by = load.start,
              .pinned_by = load.start,
              .began_by = round.clock()};
    for (std::uint32_t i = dice.below(3); i > 0; --i) co_await origin_answers(*round.loop);
    if (dice.below(8) == 0) {
      *loader.gives_up = true;
      throw Cancelled();
    }
    if (loader.key == 3) co_await read(&round, 5, dice.seed(), loader.gives_up, &made.parts[0]);
    if (loader.key == 5) {
      co_await read(&round, 1, dice.seed(), loader.gives_up, &made.parts[0]);
      Worker::current()->get(4, &made.parts[1]);
    }
    if (dice.below(round.configuration.failing_loads) == 0)
      round.fail(std::runtime_error("the origin does not answer"));
    if (dice.below(2) == 0) co_await origin_answers(*round.loop);
    name_labels(loader.key, *context);
    if (dice.below(64) == 0) context->do_not_keep();
    load.value = *loader.made = Worker::current()->make(made);
    noted.finish();
    co_return datum(load.value);
  }
};

inline void Worker::start(int key) {
  auto alive = std::make_unique<const Loop::Alive>(*round_.loop);
  round_.loop->start(dice_, Steps::reader(std::move(alive), &round_, key, dice_.seed()));
}

inline void Worker::cancel() {
  if (dice_.below(3) == 0) {
    round_.loop->destroy_one(dice_);
  } else {
    round_.loop->drop_one(dice_);
  }
}

}  // namespace freshet::testing::history
