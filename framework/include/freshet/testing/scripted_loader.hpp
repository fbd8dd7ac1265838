// ScriptedLoader: an origin that does what a test says: gives values, throws, and lets the test act in the middle of a load.
#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/loader.hpp"

namespace freshet::testing {

/// Fits get_or_load, bind_loader, and your own code where it asks the origin by key. Copies share one script, so a copy that the
/// cache keeps for a refresh follows what the test says later. Thread-safe.
///
///   ScriptedLoader<std::string> origin("Ada");
///   origin.during_next([&] { cache.invalidator().invalidate_tag("user:42"); });
///   profiles.get_or_load("user:42", origin);     // an invalidation in the middle of a load, without a thread
template <std::copy_constructible T>
class ScriptedLoader {
 public:
  /// Has nothing to give yet: a load throws std::logic_error, which says so.
  ScriptedLoader() = default;
  explicit ScriptedLoader(T value) { set(std::move(value)); }

  /// What every load gives from here on, whatever its key.
  const ScriptedLoader& set(T value) const {
    detail::rt::Lock lock(script_->mutex);
    script_->value = std::move(value);
    return *this;
  }

  /// What a single load gives, or throws, before set() counts again. Several are used up in their order, one per load.
  const ScriptedLoader& next(T value) const { return add({std::move(value), nullptr}); }
  template <class Exception>
  const ScriptedLoader& fail_next(Exception exception) const {
    return add({std::nullopt, std::make_exception_ptr(std::move(exception))});
  }

  /// Runs `action` inside the next load, when the value has been read from the origin and not yet returned: what it does comes too
  /// late for this load. With no lock held; it may call the cache and this. What it throws, the load throws. Several are used up
  /// in their order, one per load.
  const ScriptedLoader& during_next(std::function<void()> action) const {
    detail::rt::Lock lock(script_->mutex);
    script_->actions.push_back(std::move(action));
    return *this;
  }

  /// Loads that have begun: all of them, or those of one key.
  std::size_t calls() const {
    detail::rt::Lock lock(script_->mutex);
    return script_->calls;
  }
  std::size_t calls(std::string_view key) const {
    detail::rt::Lock lock(script_->mutex);
    const auto found = script_->calls_by_key.find(key);
    return found == script_->calls_by_key.end() ? 0 : found->second;
  }

  T operator()(std::string_view key) const {
    auto [answer, action] = begin(key);
    if (action) action();
    if (answer.exception) std::rethrow_exception(answer.exception);
    if (!answer.value) {
      throw std::logic_error("ScriptedLoader was asked for \"" + std::string(key) +
                             "\" and has nothing to give: call set() or next() before");
    }
    return std::move(*answer.value);
  }
  T operator()(LoadContext& context) const { return (*this)(context.key()); }
  T operator()(std::string_view key, LoadContext&) const { return (*this)(key); }

 private:
  struct Answer {
    std::optional<T> value;
    std::exception_ptr exception;
  };
  struct Load {
    Answer answer;
    std::function<void()> action;
  };
  struct Script {
    detail::rt::Mutex mutex;
    std::optional<T> value FRESHET_GUARDED_BY(mutex);
    std::deque<Answer> next FRESHET_GUARDED_BY(mutex);
    std::deque<std::function<void()>> actions FRESHET_GUARDED_BY(mutex);
    std::size_t calls FRESHET_GUARDED_BY(mutex) = 0;
    std::map<std::string, std::size_t, std::less<>> calls_by_key FRESHET_GUARDED_BY(mutex);
  };

  const ScriptedLoader& add(Answer answer) const {
    detail::rt::Lock lock(script_->mutex);
    script_->next.push_back(std::move(answer));
    return *this;
  }

  Load begin(std::string_view key) const {
    detail::rt::Lock lock(script_->mutex);
    ++script_->calls;
    ++script_->calls_by_key[std::string(key)];
    Load load{.answer = {script_->value, nullptr}, .action = nullptr};
    if (!script_->next.empty()) {
      load.answer = std::move(script_->next.front());
      script_->next.pop_front();
    }
    if (!script_->actions.empty()) {
      load.action = std::move(script_->actions.front());
      script_->actions.pop_front();
    }
    return load;
  }

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
};

}  // namespace freshet::testing
