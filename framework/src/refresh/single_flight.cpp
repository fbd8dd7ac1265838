#include "refresh/single_flight.hpp"

#include <algorithm>
#include <utility>

#include "freshet/errors.hpp"

namespace freshet::detail {

void unite(std::vector<LabelRef>& labels, std::span<const LabelRef> more) {
  for (const LabelRef& label : more) {
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
  }
}

bool same_versions(std::span<const LabelRef> labels, std::span<const LabelRef> others) {
  const auto all_in = [](std::span<const LabelRef> some, std::span<const LabelRef> more) {
    return std::all_of(some.begin(), some.end(), [&](const LabelRef& label) {
      return label->kind() != LabelKind::version ||
             std::find(more.begin(), more.end(), label) != more.end();
    });
  };
  return all_in(labels, others) && all_in(others, labels);
}

SingleFlight::Boarding SingleFlight::board(const KeyRef& key, const CallStart& start,
                                           const std::vector<LabelRef>& labels,
                                           Revision proven_since, Leader leader) {
  Shard& shard = shard_of(key);
  rt::Lock lock(shard.mutex);
  auto group = shard.flights.find(key);
  if (group == shard.flights.end()) {
    group = shard.flights.emplace(Name{key.space, std::string(key.key), key.hash}, Flights{}).first;
  }
  Flights& flights = group->second;
  for (auto flight = flights.rbegin(); flight != flights.rend(); ++flight) {
    if ((*flight)->noted_.sequence != start.sequence) continue;
    // Its value is on the way into the store: whoever comes now finds it there.
    if ((*flight)->state_ == Flight::State::sealed) return {Role::wait, *flight};
    // What it has read of a key whose writes left no trace yet may be old.
    const bool is_proven = (*flight)->birth() >= proven_since;
    if (is_proven && join(key, **flight, start, labels)) return {Role::join, *flight};
  }
  if (flights.size() == kMaxFlights) return {Role::wait, room_beside(flights.front())};
  // Noted before the loader runs, and after whatever the caller saw before it called.
  const CallStart noted{freshness_.keys().sequence(key.hash), freshness_.revision()};
  try {
    flights.push_back(std::make_shared<Flight>(noted, leader, labels));
  } catch (...) {  // no memory for it
    if (flights.empty()) shard.flights.erase(group);
    throw;
  }
  return {Role::lead, flights.back()};
}

std::shared_ptr<SingleFlight::Flight> SingleFlight::board_alone(const KeyRef& key,
                                                                const std::vector<LabelRef>& labels,
                                                                Leader leader) const {
  const CallStart noted{freshness_.keys().sequence(key.hash), freshness_.revision()};
  return std::make_shared<Flight>(noted, leader, labels);
}

// Not the oldest itself, which may hang while the other ends.
std::shared_ptr<SingleFlight::Flight> SingleFlight::room_beside(
    const std::shared_ptr<Flight>& oldest) {
  if (!oldest->room_) oldest->room_ = std::make_shared<Flight>(oldest);
  return oldest->room_;
}

bool SingleFlight::join(const KeyRef& key, Flight& flight, const CallStart& start,
                        const std::vector<LabelRef>& labels) const {
  if (!same_versions(labels, flight.labels_)) return false;
  // A label of the caller's own that was raised since the load began would make the value stale for all who wait.
  if (freshness_.judge_load(flight.birth(), labels, key.key) != Verdict::fresh) return false;
  // One of the flight's own that was raised before this caller began: the result would be waited for and not taken.
  if (start.revision != flight.birth() &&
      freshness_.judge_load(flight.birth(), flight.labels_, key.key) != Verdict::fresh) {
    return false;
  }
  unite(flight.labels_, labels);
  return true;
}

void SingleFlight::hand_over(const KeyRef& key, Flight& flight, std::shared_ptr<Queued> queued) {
  {
    rt::Lock lock(waits_mutex_);
    flight.leader_.reset();
  }
  rt::Lock lock(shard_of(key).mutex);
  flight.queued_ = std::move(queued);
}

void SingleFlight::take_over(Flight& flight) noexcept {
  rt::Lock lock(waits_mutex_);
  flight.leader_ = rt::current_thread();
}

void SingleFlight::help(const KeyRef& key, Flight& flight, const LoadLink* reader) {
  std::shared_ptr<Queued> queued;
  {
    rt::Lock lock(shard_of(key).mutex);
    queued = flight.beside_ ? flight.beside_->queued_ : flight.queued_;
  }
  if (queued) queued->run_if_needed(reader != nullptr);
}

bool SingleFlight::wait_until(const KeyRef& key, Flight& flight, const LoadLink* reader,
                              const Clock& clock, Instant until) {
  help(key, flight, reader);
  const Waiter self{rt::current_thread(), reader};
  enter_wait(key, flight, self);
  FRESHET_PAUSE("waits_for_a_load");
  bool has_ended = false;
  std::exception_ptr closed;
  {
    rt::Lock lock(shard_of(key).mutex);
    while (flight.holds_up() && clock.now() < until)
      clock.wait_until(flight.ended_, shard_of(key).mutex, until);
    has_ended = !flight.holds_up();
    if (has_ended && flight.state_ != Flight::State::done) closed = flight.error_;
  }
  leave_wait(flight, self);
  if (closed) std::rethrow_exception(closed);
  return has_ended;
}

EntryRef SingleFlight::wait(const KeyRef& key, Flight& flight, const LoadLink* reader) {
  wait_for_end(key, flight, reader);
  return result(key, flight);
}

void SingleFlight::wait_for_end(const KeyRef& key, Flight& flight, const LoadLink* reader) {
  help(key, flight, reader);
  const Waiter self{rt::current_thread(), reader};
  enter_wait(key, flight, self);
  FRESHET_PAUSE("waits_for_a_load");
  std::exception_ptr closed;
  {
    rt::Lock lock(shard_of(key).mutex);
    while (flight.holds_up()) flight.ended_.wait(shard_of(key).mutex);
    if (flight.state_ != Flight::State::done) closed = flight.error_;
  }
  leave_wait(flight, self);
  if (closed) std::rethrow_exception(closed);
}

bool SingleFlight::watch(const KeyRef& key, Flight& flight, const LoadLink* reader,
                         const std::shared_ptr<Wakeup>& wakeup) {
  const Waiter self{.reader = reader};
  enter_wait(key, flight, self);
  try {
    rt::Lock lock(shard_of(key).mutex);
    if (flight.holds_up()) {
      flight.watchers_.push_back(wakeup);
      return true;
    }
  } catch (...) {  // no memory for it
    leave_wait(flight, self);
    throw;
  }
  leave_wait(flight, self);
  return false;
}

void SingleFlight::unwatch(const KeyRef& key, Flight& flight, const LoadLink* reader,
                           const std::shared_ptr<Wakeup>& wakeup) noexcept {
  {
    rt::Lock lock(shard_of(key).mutex);
    std::erase(flight.watchers_, wakeup);  // the caller holds it too: nothing goes under the lock
  }
  leave_wait(flight, {.reader = reader});
}

void SingleFlight::throw_if_abandoned(const KeyRef& key, const Flight& flight) {
  std::exception_ptr closed;
  {
    rt::Lock lock(shard_of(key).mutex);
    if (flight.abandoned_ && flight.state_ != Flight::State::done) closed = flight.error_;
  }
  if (closed) std::rethrow_exception(closed);
}

EntryRef SingleFlight::result(const KeyRef& key, const Flight& flight) {
  EntryRef result;
  std::exception_ptr error;
  {
    rt::Lock lock(shard_of(key).mutex);
    result = flight.result_;
    error = flight.error_;
  }
  if (error) std::rethrow_exception(error);
  return result;
}

bool SingleFlight::usable(const KeyRef& key, const EntryRef& result,
                          const CallStart& start) const noexcept {
  const Carrier& carrier = entry_of(result).carrier();
  return start.revision == carrier.birth() ||
         freshness_.judge_load(carrier.birth(), carrier.labels(), key.key) == Verdict::fresh;
}

std::vector<LabelRef> SingleFlight::seal(const KeyRef& key, Flight& flight) {
  rt::Lock lock(shard_of(key).mutex);
  flight.state_ = Flight::State::sealed;
  return flight.labels_;
}

void SingleFlight::complete(const KeyRef& key, Flight& flight, EntryRef result) {
  end(key, flight, std::move(result), nullptr);
}

void SingleFlight::fail(const KeyRef& key, Flight& flight, std::exception_ptr error) {
  end(key, flight, {}, std::move(error));
}

void SingleFlight::end(const KeyRef& key, Flight& flight, EntryRef result,
                       std::exception_ptr error) {
  std::vector<LabelRef> labels;                   // given up after the lock
  std::vector<std::shared_ptr<Wakeup>> watchers;  // called after it
  std::shared_ptr<Queued> queued;
  std::shared_ptr<Flight> room;
  std::vector<std::shared_ptr<Wakeup>> for_room;
  Shard& shard = shard_of(key);
  {
    rt::Lock lock(shard.mutex);
    labels.swap(flight.labels_);
    queued.swap(flight.queued_);
    watchers.swap(flight.watchers_);
    flight.state_ = Flight::State::done;
    flight.is_done_.store(true, std::memory_order_release);
    flight.result_ = std::move(result);
    flight.error_ = std::move(error);
    if (const auto group = shard.flights.find(key); group != shard.flights.end()) {
      room = std::move(group->second.front()->room_);
      if (room) {  // those who wait for it start over
        for_room.swap(room->watchers_);
        room->state_ = Flight::State::done;
        room->is_done_.store(true, std::memory_order_release);
        room->ended_.notify_all();
      }
      std::erase_if(group->second, [&](const auto& other) { return other.get() == &flight; });
      if (group->second.empty()) shard.flights.erase(group);
    }
    flight.ended_.notify_all();
  }
  for (const auto& watcher : watchers) watcher->wake();
  for (const auto& watcher : for_room) watcher->wake();
}

// They keep their labels: their leaders make entries of them yet.
void SingleFlight::abandon_all(const std::exception_ptr& error) {
  for (Shard& shard : shards_) {
    // Nothing is allocated for it, so that nobody is left waiting.
    decltype(shard.flights) abandoned;
    {
      rt::Lock lock(shard.mutex);
      const auto abandon = [&](Flight& flight) {
        flight.abandoned_ = true;
        flight.error_ = error;
        flight.ended_.notify_all();
      };
      for (const auto& [name, flights] : shard.flights) {
        for (const auto& flight : flights) {
          abandon(*flight);
          if (flight->room_) abandon(*flight->room_);
        }
      }
      abandoned.swap(shard.flights);
    }
    const auto wake_watchers = [&shard](Flight& flight) {
      std::vector<std::shared_ptr<Wakeup>> watchers;  // called after the lock
      {
        rt::Lock lock(shard.mutex);
        watchers.swap(flight.watchers_);
      }
      for (const auto& watcher : watchers) watcher->wake();
    };
    for (const auto& [name, flights] : abandoned) {
      for (const auto& flight : flights) {
        std::shared_ptr<Flight> room;
        {
          rt::Lock lock(shard.mutex);
          room = std::exchange(flight->room_, nullptr);
        }
        wake_watchers(*flight);
        if (room) wake_watchers(*room);
      }
    }
  }
}

Revision SingleFlight::oldest_birth() const {
  Revision oldest{UINT64_MAX};
  for (const Shard& shard : shards_) {
    rt::Lock lock(shard.mutex);
    for (const auto& [name, flights] : shard.flights) {
      for (const auto& flight : flights) oldest = std::min(oldest, flight->birth());
    }
  }
  return oldest;
}

std::size_t SingleFlight::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    rt::Lock lock(shard.mutex);
    for (const auto& [name, flights] : shard.flights) count += flights.size();
  }
  return count;
}

std::size_t SingleFlight::waits() const {
  rt::Lock lock(waits_mutex_);
  return waits_.size() + waits_of_loads_.size();
}

void SingleFlight::enter_wait(const KeyRef& key, const Flight& flight, const Waiter& waiter) {
  if (!waiter.counts()) return;
  rt::Lock lock(waits_mutex_);
  if (waits_for(flight, waiter)) {
    throw RecursiveLoad(
        "the loader of \"" + std::string(key.key) +
        "\" waits for itself: a loader asked for a key whose load waits for that loader");
  }
  const LoadLink* load = waiter.reader;
  try {
    if (waiter.thread) waits_.emplace(*waiter.thread, &flight);
    for (; load != nullptr; load = load->around) waits_of_loads_.emplace(load, &flight);
  } catch (...) {  // no memory for it. What others of these loads wait for stays
    forget_wait(flight, waiter, load);
    throw;
  }
}

// Loads that have several readers wait for several flights.
bool SingleFlight::waits_for(const Flight& flight, const Waiter& waiter) const {
  std::vector<const Flight*> ahead{&flight};
  const auto add = [&](const Flight* next) {
    if (std::find(ahead.begin(), ahead.end(), next) == ahead.end()) ahead.push_back(next);
  };
  for (std::size_t i = 0; i < ahead.size(); ++i) {
    const Flight& next = *ahead[i];
    // A flight that has ended holds nobody up, though whoever waited for it may not have woken yet.
    if (next.is_done_.load(std::memory_order_acquire)) continue;
    if (next.beside_) {  // as if the oldest were waited for: none may wait for itself
      add(next.beside_.get());
      continue;
    }
    if (next.leader_ && next.leader_ == waiter.thread) return true;
    const LoadLink* const load = next.load_.load(std::memory_order_acquire);
    if (load != nullptr && reads_for(waiter.reader, load)) return true;
    if (next.leader_) {
      if (const auto there = waits_.find(*next.leader_); there != waits_.end()) add(there->second);
    }
    if (load == nullptr) continue;
    for (auto [there, end] = waits_of_loads_.equal_range(load); there != end; ++there)
      add(there->second);
  }
  return false;
}

void SingleFlight::leave_wait(const Flight& flight, const Waiter& waiter) noexcept {
  if (!waiter.counts()) return;
  rt::Lock lock(waits_mutex_);
  forget_wait(flight, waiter);
}

void SingleFlight::forget_wait(const Flight& flight, const Waiter& waiter,
                               const LoadLink* up_to) noexcept {
  if (waiter.thread) waits_.erase(*waiter.thread);
  for (const LoadLink* load = waiter.reader; load != up_to; load = load->around) {
    auto [there, end] = waits_of_loads_.equal_range(load);
    there = std::find_if(there, end, [&](const auto& wait) { return wait.second == &flight; });
    if (there != end) waits_of_loads_.erase(there);
  }
}

}  // namespace freshet::detail
