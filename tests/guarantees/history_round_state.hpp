// RoundState: what the workers of one round share, and the steps that they take (history_worker.hpp).
//
// A Step says everything that a step does, the draws within it included, so that steps can be left out without changing the
// others.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/freshet.hpp"
#include "guarantees/history_configuration.hpp"
#include "guarantees/history_model.hpp"

namespace freshet::testing::history {

inline constexpr Stamp kStampNever = UINT32_MAX;

class Loop;

/// What the workers of one round share.
class RoundState {
 public:
  RoundState(const Configuration& with, const std::vector<Call>& every, std::uint64_t first_seed)
      : configuration(with), calls(every), seed(first_seed) {
    history.terms = with.terms;
    for (const Call& call : every) {
      history.reaches.push_back(call.reach);
      history.names.push_back(call.name);
    }
    for (int key = 0; key < kKeys; ++key) history.tied_to[key] = tied_to(key);
    call_of_model = find("version of model");
    call_of_policy = find("policy version of b");
    for (std::size_t i = 0; i < every.size(); ++i) {
      if (every[i].reach.late >= 0) late_calls[static_cast<std::size_t>(every[i].reach.late)] = i;
    }
  }
  virtual ~RoundState() = default;
  RoundState(const RoundState&) = delete;
  RoundState& operator=(const RoundState&) = delete;

  /// relaxed under ThreadSanitizer, so that the stamps order nothing that the library does not: the machines that it runs on
  /// count in one order all the same. acq_rel otherwise, so that "later" is what the language calls so.
#if defined(__SANITIZE_THREAD__)
  static constexpr auto kOrder = std::memory_order_relaxed;
#else
  static constexpr auto kOrder = std::memory_order_acq_rel;
#endif
  Stamp stamp() noexcept { return stamps.fetch_add(1, kOrder); }
  std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (calls[i].name == name) return i;
    }
    throw std::logic_error("no such call");
  }

  /// The version of that number: where versions come back, an earlier one's name.
  std::uint16_t version(std::uint16_t number) const noexcept {
    const std::uint16_t period = history.terms.version_period;
    return period == 0 ? number : static_cast<std::uint16_t>(number % period + 1);
  }

  virtual std::int64_t clock() const noexcept = 0;
  /// Lets other threads go on.
  virtual void give_way() = 0;
  /// Time passes, where the round has its own.
  virtual void pass_time(std::int64_t nanoseconds) { static_cast<void>(nanoseconds); }
  /// What a loader throws. All who waited for it look at the one object.
  [[noreturn]] virtual void fail(const std::runtime_error& error) { throw error; }
  virtual void began(std::size_t log, const Operation& operation) noexcept {
    static_cast<void>(log), static_cast<void>(operation);
  }
  virtual void ended(std::size_t log, const Operation& operation) noexcept {
    static_cast<void>(log), static_cast<void>(operation);
  }

  const Configuration& configuration;
  const std::vector<Call>& calls;
  std::uint64_t seed;
  History history;
  std::optional<CacheInvalidator> invalidator;
  std::size_t background_log = 0;  // of loaders that run where no worker is
  std::size_t call_of_model = 0;
  std::size_t call_of_policy = 0;
  std::array<std::size_t, kLateLabels> late_calls{};
  Loop* loop = nullptr;             // of coroutines, where there are any
  std::vector<Operation> deferred;  // begun, and not yet known to be done
  std::atomic<Stamp> stamps{1};
  // What the origin says is current, moved before the call that says so. Calls of one of them do not overlap.
  std::atomic<std::uint16_t> model{0};
  std::atomic<std::uint16_t> policy{0};
  detail::rt::Mutex model_mutex;
  detail::rt::Mutex policy_mutex;
};

/// One thing that a worker does.
struct Step {
  enum class What : std::uint8_t {
    get,
    load,
    get_many,
    get_by_policy_version,
    put,
    put_by_lease,
    label,
    invalidate,
    transact,  // invalidates by a transaction, or rolls it back
    mutate,    // invalidates around a write
    bypass,    // reads and puts past the cache
    emit,
    sweep,
    pass_time,
    visit,
    grow,
    start,  // a read by a coroutine
    cancel  // a context with all its coroutines, or what one of them waits for
  };

  What what = What::get;
  std::uint8_t key = 0;
  std::uint8_t call = 0;  // invalidate, transact, mutate: which; emit: what it leads to
  Mode mode = Mode::remove;
  std::uint64_t seed = 0;    // of the draws within the step
  std::uint32_t micros = 0;  // pass_time
};

}  // namespace freshet::testing::history
