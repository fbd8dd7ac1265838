// SignalBus over Boost.Signals2.
//
// Signals2 keeps the lists: registration while a signal runs, order, slots that go while they are called. What it leaves to
// its user is done here: a slot that throws would silence the later ones, and disconnect() does not stop a posted call.
#include "freshet/signal_bus.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/signals2/signal.hpp>
#include <boost/signals2/signal_type.hpp>
#include <exception>
#include <unordered_map>

#include "cache/transaction_state.hpp"
#include "freshet/findings.hpp"
#include "runtime/open_scopes.hpp"
#include "runtime/rate_limited_log.hpp"
#include "runtime/task_gate.hpp"
#include "signals/event_chain.hpp"
#include "signals/slot_link.hpp"

namespace freshet {
namespace {

constexpr std::size_t kNotices = 6;

/// One event on its way to the handlers of one emit.
struct EventCall {
  const Event& event;
  const std::vector<std::string>& chain;
  std::shared_ptr<const Event> shared{};  // made for the first posted handler
  std::size_t handlers = 0;
};

namespace sig = boost::signals2;
using EventSignal =
    sig::signal_type<void(EventCall&), sig::keywords::mutex_type<detail::rt::Mutex>>::type;
using NoticeSignal = sig::signal_type<void(const std::shared_ptr<const CacheNotice>&),
                                      sig::keywords::mutex_type<detail::rt::Mutex>>::type;

}  // namespace

void Connection::disconnect() noexcept {
  if (link_) link_->disconnect();
  link_.reset();
}

bool Connection::connected() const noexcept {
  return link_ && link_->live.load(std::memory_order_acquire);
}

struct SignalBus::Impl {
  using Link = std::shared_ptr<detail::SlotLink>;

  explicit Impl(SignalBusOptions given)
      : options(std::move(given)), log(options.clock, options.logger) {}

  /// Runs a handler; what it throws goes no further.
  template <class Call>
  void guarded(std::string_view what, const Call& call) noexcept {
    try {
      return call();
    } catch (const std::exception& error) {
      log_failure(what, error.what());
    } catch (...) {
      log_failure(what, "something that is no std::exception");
    }
  }

  void log_failure(std::string_view what, std::string_view thrown) noexcept {
    fault(SignalFault::handler_failed);
    try {
      log.warn(fmt::format("a handler of {} threw: {}", what, thrown));
    } catch (...) {  // NOLINT(bugprone-empty-catch): it is counted; there is no memory for more
    }
  }

  void fault(SignalFault fault) const noexcept {
    if (options.on_fault) options.on_fault(fault);
  }

  /// Queues a call of a handler. False if the queue is full.
  bool post(Executor::Task call) {
    // relaxed: a bound; nothing is read on the strength of it.
    if (waiting.fetch_add(1, std::memory_order_relaxed) >= options.queue) {
      waiting.fetch_sub(1, std::memory_order_relaxed);
      fault(SignalFault::delivery_dropped);
      log.warn(fmt::format("{} posted handlers wait: the newest is dropped", options.queue));
      return false;
    }
    options.executor->post(gate.wrap([this, call = std::move(call)] {
      waiting.fetch_sub(1, std::memory_order_relaxed);
      call();
    }));
    return true;
  }

  void call_in_place(const EventHandler& handler, const EventCall& call) {
    const Instant began = options.clock->now();
    guarded(in_quotes(call.event.name()), [&] { handler(call.event); });
    const Duration took = options.clock->now() - began;
    if (took <= options.slow_after) return;
    fault(SignalFault::handler_slow);
    log.warn(fmt::format("a handler of {} took {} ms in place; post it instead",
                         in_quotes(call.event.name()),
                         std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  }

  void call_posted(const Link& link, const std::shared_ptr<const EventHandler>& handler,
                   EventCall& call) {
    if (!call.shared) call.shared = std::make_shared<const Event>(call.event);
    // Nobody else sees yet what the event tells of: what the handler invalidates is collected too, or comes after the end.
    const bool posted = post([this, link, handler, event = call.shared, chain = call.chain,
                              transaction = detail::copy_open_scopes().transaction] {
      if (!link->live.load(std::memory_order_acquire)) return;
      const detail::ScopesGuard inside(detail::Scopes{.transaction = transaction});
      const detail::ChainScope scope(chain);
      guarded(in_quotes(event->name()), [&] { (*handler)(*event); });
    });
    if (posted) ++call.handlers;
  }

  /// Slots own their handlers; they point at this and are called only while it lives.
  Connection connect(EventSignal& signal, EventHandler handler, Delivery delivery) {
    const auto link = std::make_shared<detail::SlotLink>();
    const auto shared = std::make_shared<const EventHandler>(std::move(handler));
    const std::weak_ptr<detail::SlotLink> weak =
        link;  // the link holds on to the slot, not the reverse
    const auto slot = [this, weak, shared, delivery](EventCall& call) {
      const Link self = weak.lock();
      if (!self || !self->live.load(std::memory_order_acquire)) return;
      if (delivery == Delivery::posted) return call_posted(self, shared, call);
      ++call.handlers;
      call_in_place(*shared, call);
    };
    link->on_disconnect = [connection = signal.connect(slot)] { connection.disconnect(); };
    return Connection(link);
  }

  std::shared_ptr<EventSignal> signal_of(const std::string& name) FRESHET_EXCLUDES(mutex) {
    detail::rt::Lock lock(mutex);
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }

  /// Makes the signal of a name, and drops those that nobody listens to any more once they are many.
  std::shared_ptr<EventSignal> add_signal(const std::string& name) FRESHET_EXCLUDES(mutex) {
    std::vector<std::shared_ptr<EventSignal>>
        dropped;  // go after the lock: a handler's destructor may do anything
    detail::rt::Lock lock(mutex);
    if (by_name.size() >= drop_at) {
      for (auto it = by_name.begin(); it != by_name.end();) {
        const bool unused = it->second.use_count() == 1 && it->second->empty();
        if (unused) dropped.push_back(std::move(it->second));
        it = unused ? by_name.erase(it) : std::next(it);
      }
      drop_at = std::max<std::size_t>(kDropFrom, 2 * by_name.size());
    }
    auto& signal = by_name[name];
    if (!signal) signal = std::make_shared<EventSignal>();
    return signal;
  }

  void listen(NoticeKind kind, int change) FRESHET_EXCLUDES(mutex) {
    detail::rt::Lock lock(mutex);
    const auto index = static_cast<std::size_t>(kind);
    listeners[index] += change;
    const std::uint32_t bit = 1U << index;
    const std::uint32_t flags = listening.load(std::memory_order_relaxed);
    listening.store(listeners[index] > 0 ? flags | bit : flags & ~bit, std::memory_order_relaxed);
  }

  static constexpr std::size_t kDropFrom = 64;

  const SignalBusOptions options;
  detail::RateLimitedLog log;
  EventSignal any_event;
  std::array<NoticeSignal, kNotices> notices;
  detail::rt::Mutex mutex;
  std::unordered_map<std::string, std::shared_ptr<EventSignal>> by_name FRESHET_GUARDED_BY(mutex);
  std::size_t drop_at FRESHET_GUARDED_BY(mutex) = kDropFrom;
  std::array<int, kNotices> listeners FRESHET_GUARDED_BY(mutex){};
  detail::rt::Atomic<std::uint32_t> listening{0};
  detail::rt::Atomic<std::size_t> waiting{0};
  detail::TaskGate gate;  // last: posted calls use the rest
};

SignalBus::SignalBus(SignalBusOptions options)
    : impl_(std::make_shared<Impl>(std::move(options))), listening_(impl_->listening) {}

SignalBus::~SignalBus() { impl_->gate.shut(); }

Connection SignalBus::on_event(std::string name, EventHandler handler, Delivery delivery) {
  const auto signal =
      impl_->add_signal(name);  // held, so that it is not dropped as empty meanwhile
  return impl_->connect(*signal, std::move(handler), delivery);
}

Connection SignalBus::on_any_event(EventHandler handler, Delivery delivery) {
  return impl_->connect(impl_->any_event, std::move(handler), delivery);
}

Connection SignalBus::on_notice(NoticeKind kind, NoticeHandler handler, Delivery delivery) {
  const auto link = std::make_shared<detail::SlotLink>();
  const auto shared = std::make_shared<const NoticeHandler>(std::move(handler));
  Impl* impl = impl_.get();
  const std::weak_ptr<detail::SlotLink> weak = link;
  const auto slot = [impl, weak, shared,
                     delivery](const std::shared_ptr<const CacheNotice>& notice) {
    const auto call = [impl, weak, shared, notice] {
      const auto self = weak.lock();
      if (!self || !self->live.load(std::memory_order_acquire)) return;
      impl->guarded("a notice", [&] { (*shared)(*notice); });
    };
    if (delivery == Delivery::in_place) return call();
    impl->post(call);
  };
  link->on_disconnect = [kind, bus = std::weak_ptr<Impl>(impl_),
                         connection =
                             impl_->notices[static_cast<std::size_t>(kind)].connect(slot)] {
    connection.disconnect();
    if (const auto alive = bus.lock()) alive->listen(kind, -1);
  };
  impl_->listen(kind, +1);
  return Connection(link);
}

std::size_t SignalBus::waiting() const noexcept {
  return impl_->waiting.load(std::memory_order_relaxed);  // a number to look at
}

bool SignalBus::is_here() const { return impl_->gate.is_on_this_thread(); }

std::size_t SignalBus::publish(const Event& event, const std::vector<std::string>& chain) {
  EventCall call{event, chain};
  const detail::ChainScope scope(chain);
  if (const auto signal = impl_->signal_of(event.name())) (*signal)(call);
  impl_->any_event(call);
  return call.handlers;
}

void SignalBus::publish(CacheNotice notice) noexcept {
  const auto index = static_cast<std::size_t>(notice.kind);
  impl_->guarded("a notice", [&] {
    // What it tells of stays true whatever becomes of the caller's scopes.
    const detail::ScopesGuard outside(detail::beside(detail::open_scopes()));
    impl_->notices[index](std::make_shared<const CacheNotice>(std::move(notice)));
  });
}

}  // namespace freshet
