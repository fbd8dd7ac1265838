#include "cache/removal_listeners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "cache/transaction_state.hpp"
#include "runtime/open_scopes.hpp"
#include "signals/slot_link.hpp"

namespace freshet::detail {

struct RemovalListeners::Slot {
  LabelRef space;
  std::string scope;
  Listener listener;
  std::shared_ptr<SlotLink> link;
};

void RemovalListeners::Registry::add(std::shared_ptr<const Slot> slot) {
  rt::Lock lock(mutex);
  auto more = std::make_shared<Slots>(*slots);
  more->push_back(std::move(slot));
  slots = std::move(more);
  listening.store(slots->size(), std::memory_order_relaxed);
}

void RemovalListeners::Registry::drop_disconnected() noexcept {
  std::shared_ptr<const Slots> old;  // goes after the lock: a listener's destructor may do anything
  rt::Lock lock(mutex);
  try {
    auto live = std::make_shared<Slots>(*slots);
    std::erase_if(
        *live, [](const auto& slot) { return !slot->link->live.load(std::memory_order_acquire); });
    old = std::exchange(slots, std::move(live));
    listening.store(slots->size(), std::memory_order_relaxed);
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): there is no memory; it is not called any more, and goes another time
  }
}

std::shared_ptr<const RemovalListeners::Slots> RemovalListeners::Registry::current() {
  rt::Lock lock(mutex);
  return slots;
}

RemovalListeners::RemovalListeners(Collaborators collaborators, BlockCounters& counters)
    : executor_(std::move(collaborators.executor)),
      counters_(counters),
      log_(std::move(collaborators.clock), std::move(collaborators.logger)) {}

RemovalListeners::~RemovalListeners() {
  gate_.shut();
  std::deque<Removal> rest;
  {
    rt::Lock lock(mutex_);
    rest.swap(queue_);
  }
  for (const Removal& removal : rest) tell(removal);
}

Connection RemovalListeners::listen(LabelRef space, std::string scope, Listener listener) {
  const auto link = std::make_shared<SlotLink>();
  const auto slot = std::make_shared<const Slot>(
      Slot{std::move(space), std::move(scope), std::move(listener), link});
  // The slot owns the link, and so must not be owned by it.
  link->on_disconnect = [weak = std::weak_ptr<Registry>(registry_)] {
    if (const auto registry = weak.lock()) registry->drop_disconnected();
  };
  registry_->add(slot);
  return Connection(link);
}

bool RemovalListeners::concerns(const Slot& slot, const Entry& entry) noexcept {
  return entry.carrier().name_space() == slot.space.get() && entry.key().starts_with(slot.scope);
}

void RemovalListeners::note(const Entry& entry, RemovalCause cause) noexcept {
  Removal removal{.entry = EntryRef::share(const_cast<Entry*>(&entry)),  // only counts a reference
                  .cause = cause,
                  .to = registry_->current()};
  const bool wanted = std::any_of(removal.to->begin(), removal.to->end(),
                                  [&](const auto& slot) { return concerns(*slot, entry); });
  if (!wanted) return;
  bool first = false;
  if (!enqueue(removal, first)) return tell_in_place(std::move(removal));
  if (first) post_drain();
}

bool RemovalListeners::enqueue(Removal& removal, bool& first) noexcept {
  rt::Lock lock(mutex_);
  if (queue_.size() >= kMaxWaiting) return false;
  try {
    queue_.push_back(removal);
  } catch (...) {
    return false;  // there is no memory for it to wait in
  }
  first = !std::exchange(posted_, true);
  return true;
}

void RemovalListeners::post_drain() noexcept {
  try {
    executor_->post(gate_.wrap([this] { drain(); }));
  } catch (...) {
    drain();
  }
}

void RemovalListeners::drain() noexcept {
  for (std::size_t told = 0; told < kBatch; ++told) {
    Removal next;
    {
      rt::Lock lock(mutex_);
      if (queue_.empty()) {
        posted_ = false;
        return;
      }
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    tell(next);
  }
  post_drain();
}

void RemovalListeners::tell(const Removal& removal) noexcept {
  const Entry& entry = entry_of(removal.entry);
  const ScopesGuard outside(beside(open_scopes()));  // what a listener does is not the remover's
  for (const auto& slot : *removal.to) {
    if (!slot->link->live.load(std::memory_order_acquire) || !concerns(*slot, entry)) continue;
    try {
      slot->listener(entry.key().substr(slot->scope.size()), entry.value(), removal.cause);
    } catch (const std::exception& error) {
      count_failure(error.what());
    } catch (...) {
      count_failure("something that is no std::exception");
    }
  }
}

void RemovalListeners::tell_in_place(Removal removal) noexcept {
  InPlace& here = rt::thread_local_value<InPlace, InPlaceTag>();
  if (here.by == this) {
    try {
      return here.waiting->push_back(removal);
    } catch (...) {  // there is no memory: it nests
      return tell(removal);
    }
  }
  std::vector<Removal> waiting;
  const InPlace before = std::exchange(here, InPlace{this, &waiting});
  tell(removal);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const Removal next = std::move(waiting[i]);  // the list grows meanwhile
    tell(next);
  }
  here = before;
}

void RemovalListeners::count_failure(std::string_view thrown) noexcept {
  counters_.add(Metric::handler_failures);
  try {
    log_.warn(fmt::format("a removal listener threw: {}", thrown));
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is counted; there is no memory for more
  }
}

}  // namespace freshet::detail
