// The steps of a Worker that write to the origin: transactions, writes between two invalidations, work past the cache.
//
// Such a write is two calls in the history, one on each side of it: the first has returned when the write begins, the second
// starts when it ends. So what was loaded while it ran is as old as what was loaded before. A transaction that is rolled back is
// none. What is read or made in a transaction or past the cache is marked with its stamp: nobody else may get it.
#pragma once

#include <optional>
#include <utility>

#include "guarantees/history_worker.hpp"

namespace freshet::testing::history {

/// Marks what this thread reads and makes.
class Worker::Apart {
 public:
  explicit Apart(Worker& worker)
      : worker_(worker), before_(std::exchange(worker.apart_, worker.round_.stamp())) {}
  ~Apart() { worker_.apart_ = before_; }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

 private:
  Worker& worker_;
  const Stamp before_;
};

/// What invalidates before and after a write.
class Worker::Window {
 public:
  Window(Worker& worker, std::size_t call, Mode mode, Order order = Order::around)
      : worker_(worker), call_(call), mode_(mode), order_(order) {
    if (order_ != Order::after) before_ = begin();
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  /// It has returned, or thrown.
  ~Window() {
    if (order_ != Order::before && is_written_) worker_.finish(after_);
  }

  /// The write. Throws now and then.
  void write() {
    if (order_ != Order::after) worker_.finish(before_);
    worker_.give_way(2);
    is_written_ = true;
    if (order_ != Order::before) after_ = begin();
    if (worker_.dice_.below(4) == 0)
      worker_.round_.fail(std::runtime_error("nobody knows whether it was written"));
  }

 private:
  Operation begin() { return worker_.begin(Act::invalidate, 0, call_, mode_); }

  Worker& worker_;
  const std::size_t call_;
  const Mode mode_;
  const Order order_;
  Operation before_{};
  Operation after_{};
  bool is_written_ = false;
};

/// A call that sets no version: the order of those is that of their origin.
inline std::size_t Worker::call_without_version(const Step& step) const {
  return step.call == round_.call_of_model || step.call == round_.call_of_policy ? step.key
                                                                                 : step.call;
}

/// Something that the transaction of this thread collects: a call, or a put, which is the call of its key.
inline std::size_t Worker::change(const Step& step) {
  if (step.mode == Mode::remove && dice_.below(4) == 0) {
    const ValueId value = make({.key = step.key});
    view(step.key).put(key_name(step.key), datum(value), options_of(step.key, true));
    return step.key;
  }
  const std::size_t call = call_without_version(step);
  round_.calls[call].make(*round_.invalidator, 0, {.mode = step.mode});
  return call;
}

inline Stamp Worker::read_part(int key, Part& part) {
  Stamp within = 0;
  if (round_.configuration.loaders_transact && dice_.below(4) == 0) {
    const Transaction transaction(round_.invalidator->begin_transaction());
    const Apart apart(*this);
    within = apart_;
    get_or_load(key, &part);
  } else {
    get_or_load(key, &part);
  }
  const bool is_own = part.value != 0 && log_of(part.value) == place_;
  return is_own && made(part.value).apart != 0 ? made(part.value).apart : within;
}

inline void Worker::read_apart(int key) {
  switch (dice_.below(4)) {
    case 0:
      return void(get(key));
    case 1:
      return void(get_or_load(key));
    case 2:
      return get_many();
    default:
      return;
  }
}

inline void Worker::transact(const Step& step) {
  std::optional<Lease> lease;
  ValueId fetched = 0;
  {
    Transaction transaction(round_.invalidator->begin_transaction());
    const Apart apart(*this);
    read_apart(step.key);
    bool changes = true;
    std::size_t call = 0;
    if (dice_.below(3) == 0) {
      Transaction inner(round_.invalidator->begin_transaction());
      call = change(step);
      read_apart(step.key);
      changes = dice_.below(2) == 0;
      if (changes) inner.commit();
    } else {
      call = change(step);
    }
    read_apart(step.key);
    if (dice_.below(3) == 0) {
      lease = view(step.key).lease(key_name(step.key));
      fetched = make({.key = step.key});
    }
    if (dice_.below(3) != 0) {
      std::optional<Window> window;
      if (changes) window.emplace(*this, call, step.mode);
      try {
        transaction.commit([&] {
          read_apart(step.key);
          if (window) window->write();
        });
      } catch (const std::runtime_error&) {  // of the write, or of a loader
      }
    } else if (dice_.below(2) == 0) {
      transaction.rollback();
      read_apart(step.key);
    }
  }
  if (lease) view(step.key).put(key_name(step.key), datum(fetched), *lease);
}

inline void Worker::mutate(const Step& step) {
  const int key = step.key;
  WriteTargets targets;
  std::size_t call = step.key;
  if (dice_.below(2) == 0) {
    targets.keys = {{key_name(key), space_name(key)}};
  } else {
    const std::string tag = declared_tags(key)[1];
    call = round_.find("tag " + tag);
    targets.tags = {tag};
  }
  const Order order = std::array{Order::before, Order::after, Order::around}[dice_.below(3)];
  Window window(*this, call, step.mode, order);
  try {
    round_.invalidator->mutate(targets, [&] { window.write(); },
                               {.order = order, .mode = step.mode});
  } catch (const std::runtime_error&) {
  }
}

/// The origin has the value from `true_at` on. What throws is refused.
inline StoreOutcome Worker::write_through(int key, ValueId value, const EntryOptions& options,
                                          Stamp& true_at) {
  const auto write = [&] {
    give_way(2);
    true_at = round_.stamp();
    give_way(2);
    if (dice_.below(8) == 0) round_.fail(std::runtime_error("nobody knows whether it was written"));
  };
  try {
    return view(key).write_through(key_name(key), datum(value), write, options);
  } catch (const std::runtime_error&) {
    return StoreOutcome::skipped;
  }
}

inline void Worker::bypass(const Step& step) {
  const Bypass bypass;
  const Apart apart(*this);
  get_or_load(step.key);
  read_apart(step.key);
  if (dice_.below(2) == 0) return;
  Operation put = begin(Act::invalidate, 0, step.key);
  const ValueId value = make({.key = step.key});
  view(step.key).put(key_name(step.key), datum(value), options_of(step.key, true));
  finish(put);
}

}  // namespace freshet::testing::history
