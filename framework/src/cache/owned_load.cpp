#include "cache/owned_load.hpp"

#include <utility>

namespace freshet::detail {

OwnedLoad::OwnedLoad(Parts parts) : parts_(std::move(parts)), key_(*parts_.space, parts_.key) {
  // They pointed into the caller's key.
  const auto& pattern = parts_.plan.policy->key;
  parts_.plan.fields.clear();
  if (pattern) pattern->match(key_.key, parts_.plan.fields);
}

bool OwnedLoad::claim() noexcept {
  rt::Lock lock(mutex_);
  return !std::exchange(claimed_, true);
}

void OwnedLoad::run() noexcept {
  EntryRef result;
  std::exception_ptr error;
  parts_.services.flights.take_over(*parts_.flight);
  FRESHET_PAUSE("owned_load_begins");
  try {
    result = load();
  } catch (...) {  // the flight has ended with it
    error = std::current_exception();
  }
  parts_.loader.reset();  // what it owns goes with no lock held, and not with whoever waits longest
  parts_.scopes = {};
  end(std::move(result), std::move(error));
}

EntryRef OwnedLoad::load() {
  const ScopesGuard inside(parts_.scopes);
  const KeyLoad load{.services = parts_.services,
                     .block = parts_.block,
                     .key = key_,
                     .plan = parts_.plan,
                     .flight = *parts_.flight,
                     .ttl = parts_.ttl,
                     .captures = parts_.captures,
                     .fills = parts_.fills,
                     .sees_previous = parts_.sees_previous};
  const std::string_view given = key_.key.substr(parts_.scope_size);
  const BackgroundLoader& loader = *parts_.loader;
  return load.run(given,
                  [&](LoadContext& context, ValueSink sink) { loader(given, context, sink); });
}

void OwnedLoad::give_up(const std::exception_ptr& error) noexcept {
  if (!claim()) return;
  parts_.loader.reset();
  parts_.services.flights.fail(key_, *parts_.flight, error);
  end({}, error);
}

// What the threads of the executor wait for must not wait for one of them to come to what is behind them in the queue.
void OwnedLoad::run_if_needed(bool for_a_load) noexcept {
  if ((for_a_load || parts_.must_load_here()) && claim()) run();
}

void OwnedLoad::end(EntryRef result, std::exception_ptr error) noexcept {
  rt::Lock lock(mutex_);
  result_ = std::move(result);
  error_ = std::move(error);
  is_done_ = true;
  done_.notify_all();
}

EntryRef OwnedLoad::result() {
  rt::Lock lock(mutex_);
  while (!is_done_) done_.wait(mutex_);
  if (error_) std::rethrow_exception(error_);
  return result_;
}

}  // namespace freshet::detail
