// SignalBus: who is told of what happens: domain events, by name or all of them, and what the cache itself does.
//
// A handler that throws is caught, counted and logged, and the others still run. One called in place that takes longer than
// `slow_after` on the injected clock is counted. Posted handlers wait in a queue of `queue` deliveries at most; when it is
// full the newest delivery is dropped and counted. With an executor of one thread posted handlers run in the order of what
// they are told; with more, in any.
// Off the hit path: while nobody listens to a kind of notice, it costs one relaxed load and a test.
// Thread-safe. Handlers are called with no lock held and may register, disconnect and emit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/event.hpp"
#include "freshet/executor.hpp"
#include "freshet/logger.hpp"
#include "freshet/removal_cause.hpp"

namespace freshet {

/// Where a handler runs: on the emitting thread before emit returns, or later on the executor.
enum class Delivery : std::uint8_t { in_place, posted };

/// What the cache can tell of itself.
enum class NoticeKind : std::uint8_t {
  loaded,
  refreshed,
  invalidated,
  removed,
  served_stale,
  reloaded
};

/// Plain data. Members that a kind has no use for are empty.
struct CacheNotice {
  NoticeKind kind{};
  std::string name_space{};  // of the key, or that was invalidated
  std::string key{};         // loaded, refreshed, served_stale, removed; invalidated by key
  std::optional<RemovalCause> removal{};  // removed: why; evicted is RemovalCause::capacity
  std::string tag{};                      // invalidated: by this tag
  std::string
      cause{};  // invalidated: the caller's words, `event NAME`, or `reload`; reloaded: the file, if it was one
  std::uint64_t count = 1;  // entries; reloaded: the blocks that it changed
  std::string
      target{};  // invalidated: what was, in words: "tag users", "prefix user:42 in profiles"
};

namespace detail {
class SlotLink;
class RemovalListeners;
}  // namespace detail

/// Holds a handler to what it listens to; disconnects when it goes. Disconnecting does not wait for a call that is under
/// way, so that a handler must own what it touches, or hold it weakly. No call begins after disconnect() has returned. May
/// outlive the bus. Confined to one thread at a time.
class [[nodiscard]] Connection {
 public:
  Connection() noexcept = default;  // to nothing
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&& other) noexcept {
    if (this != &other) {
      disconnect();
      link_ = std::move(other.link_);
    }
    return *this;
  }
  ~Connection() { disconnect(); }

  void disconnect() noexcept;
  bool connected() const noexcept;

 private:
  friend class SignalBus;
  friend class detail::RemovalListeners;
  explicit Connection(std::shared_ptr<detail::SlotLink> link) noexcept : link_(std::move(link)) {}

  std::shared_ptr<detail::SlotLink> link_;
};

/// What can go wrong with a handler; each is counted where the bus is made.
enum class SignalFault : std::uint8_t { handler_failed, handler_slow, delivery_dropped };

struct SignalBusOptions {
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Executor> executor;
  std::shared_ptr<Logger> logger;
  Duration slow_after = std::chrono::milliseconds{10};  // for handlers called in place
  std::size_t queue = 10'000;                           // posted deliveries that wait, at most
  std::function<void(SignalFault)> on_fault{};          // must not throw
};

class SignalBus {
 public:
  using EventHandler = std::function<void(const Event&)>;
  using NoticeHandler = std::function<void(const CacheNotice&)>;

  explicit SignalBus(SignalBusOptions options);
  /// Waits for posted handlers under way on other threads; those that wait in the queue are not called.
  ~SignalBus();
  SignalBus(const SignalBus&) = delete;
  SignalBus& operator=(const SignalBus&) = delete;

  Connection on_event(std::string name, EventHandler handler, Delivery delivery);
  Connection on_any_event(EventHandler handler, Delivery delivery);
  /// Posted, unless told otherwise: no read or fill waits for whoever listens. In place, on the thread that did it and before
  /// its call returns, is for tests and for what is over at once: such a handler must not call the cache.
  Connection on_notice(NoticeKind kind, NoticeHandler handler,
                       Delivery delivery = Delivery::posted);

  /// Calls the handlers of the event's name, then those of all events; each group in the order of registration. `chain`: the
  /// names of the events that led to this one. Returns how many handlers were called or posted.
  std::size_t publish(const Event& event, const std::vector<std::string>& chain = {});

  /// Whether anybody would be told. One relaxed load.
  bool listened(NoticeKind kind) const noexcept {
    // relaxed: a handler that is just being registered may miss what happens meanwhile.
    return (listening_.load(std::memory_order_relaxed) >> static_cast<unsigned>(kind) & 1U) != 0;
  }
  /// Calls of posted handlers that the executor has yet to come to.
  std::size_t waiting() const noexcept;
  /// Whether the calling thread runs one.
  bool is_here() const;

  /// Calls the handlers in place and posts the others.
  void publish(CacheNotice notice) noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  const detail::rt::Atomic<std::uint32_t>& listening_;  // in *impl_
};

}  // namespace freshet
