// FailedLoads: which keys of a block failed to load a moment ago, so that not every reader tries again.
//
// A failure is kept for as long as its block says, is forgotten when a load of the key makes a value, and counts for nothing from
// the moment the key is written or something that it carries is invalidated (stands()).
// Bounded: beyond kMost the oldest is forgotten, and its key is tried again. Costs one load while there is none. Thread-safe; lets go of
// exceptions and labels with no lock held.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/function_ref.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

/// A load that threw. Never changes.
struct FailedLoad {
  LabelRef space;
  std::string key;
  std::uint64_t hash = 0;
  std::exception_ptr error{};
  // What the load noted when it began, and what its value would have carried, or the old one does.
  std::uint64_t sequence = 0;
  Revision birth{};
  std::vector<LabelRef> labels{};  // first those that the policy and the callers asked for
  std::size_t asked = 0;
  Instant retry_at{};     // until then an old value is served without a load
  Instant error_until{};  // until then `error` is thrown again where there is no old value

  std::span<const LabelRef> asked_for() const noexcept { return std::span(labels).first(asked); }
  Instant forgotten_at() const noexcept { return std::max(retry_at, error_until); }
};

class FailedLoads {
 public:
  static constexpr std::size_t kMost = 10'000;

  /// In place of an older failure of the key. Throws std::bad_alloc; then nothing has changed.
  void note(std::shared_ptr<const FailedLoad> failure) FRESHET_EXCLUDES(mutex_);
  /// Null if there is none that is to be remembered at `now`.
  std::shared_ptr<const FailedLoad> find(const KeyRef& key, Instant now) const
      FRESHET_EXCLUDES(mutex_);
  /// A load of the key has made a value.
  void forget(const KeyRef& key) noexcept FRESHET_EXCLUDES(mutex_);
  /// Lets go of what need not be remembered at `now`. O(what goes).
  void sweep(Instant now) FRESHET_EXCLUDES(mutex_);
  /// Lets go of what `is_over` says, which calls nothing of this. O(failures).
  void drop_if(FunctionRef<bool(const FailedLoad&)> is_over) FRESHET_EXCLUDES(mutex_);
  void clear() noexcept FRESHET_EXCLUDES(mutex_);

  std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  /// Calls `visitor` for each label that a failure holds. For tests.
  template <class Visitor>
  void for_each_label(Visitor&& visitor) const FRESHET_EXCLUDES(mutex_) {
    rt::Lock lock(mutex_);
    for (const auto& failure : oldest_first_) {
      visitor(*failure->space);
      for (const LabelRef& label : failure->labels) visitor(*label);
    }
  }

 private:
  struct Name {
    const Label* space;
    std::string_view key;  // of the failure
    std::uint64_t hash;
    friend bool operator==(const Name& a, const Name& b) noexcept {
      return a.space == b.space && a.key == b.key;
    }
  };
  struct NameHash {
    std::size_t operator()(const Name& name) const noexcept { return name.hash; }
  };
  using Failure = std::shared_ptr<const FailedLoad>;

  void unname(const Failure& failure) FRESHET_REQUIRES(mutex_);
  static Name name_of(const FailedLoad& failure) noexcept {
    return {failure.space.get(), failure.key, failure.hash};
  }

  mutable rt::Mutex mutex_;
  std::unordered_map<Name, Failure, NameHash> by_name_ FRESHET_GUARDED_BY(mutex_);
  // Also those that a later one of their key has replaced; they go with their time.
  std::deque<Failure> oldest_first_ FRESHET_GUARDED_BY(mutex_);
  // Of by_name_, stored under mutex_. release, acquire where it is read: who fails, and then reads, finds it.
  rt::Atomic<std::size_t> size_{0};
};

}  // namespace freshet::detail
