// TransactionState: what an open transaction has collected.
//
// A target that comes again is kept once, the last hash of a version in the place of others. A transaction that has ended
// collects nothing: the call that came too late is collected by one around it, or takes effect at once.
// States: open -> ended (end, hand_over) -> settled (settle): until then loads are apart.
// Locks: that of a transaction before those of the ones around it.
// Thread-safe: threads that the transaction was handed on to collect too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "freshet/detail/label_ref.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/detail/scopes.hpp"
#include "freshet/invalidation.hpp"

namespace freshet::detail {

class Engine;
class PolicyBlock;

/// When what was collected is carried out.
enum class Moment : std::uint8_t {
  once,    // by itself
  before,  // a write follows, and `after`
  after,  // whatever was loaded up to now is to go, also what announced a version that becomes the current one only now
};

/// Invalidations to be made together.
struct Collected {
  struct OneTarget {
    Target target;
    Mode mode = Mode::remove;
    std::string cause{};
  };
  struct OnePredicate {
    PolicyBlock* block;
    LabelRef space;
    std::shared_ptr<const ErasedPredicate> predicate;  // copies are made under a lock
    InvalidateOptions options;
  };
  struct OneElsewhere {
    std::shared_ptr<Engine> engine;
    Target target;
  };
  struct OneRefresh {
    std::string key;
    std::string name_space;
  };

  std::vector<OneTarget> targets{};
  std::vector<OnePredicate> predicates{};
  std::vector<OneRefresh> refreshes{};    // afterwards
  std::vector<OneElsewhere> elsewhere{};  // keys put in caches of other engines
  std::vector<KeyName> rewarm{};          // to be loaded again afterwards
  bool everything = false;                // something could not be noted

  bool empty() const noexcept {
    return targets.empty() && predicates.empty() && refreshes.empty() && elsewhere.empty() &&
           rewarm.empty() && !everything;
  }
};

class TransactionState {
 public:
  /// `outer`: the transaction that it is opened in, of whatever engine; may be null.
  TransactionState(const Engine& engine, std::shared_ptr<TransactionState> outer) noexcept
      : engine_(&engine), outer_(std::move(outer)) {}
  /// Of no engine: collects nothing and keeps loads apart.
  TransactionState() noexcept : engine_(nullptr), open_(false) {}

  /// The innermost open one of this thread that belongs to the engine; null if there is none.
  static TransactionState* of(const Engine& engine) noexcept;

  /// Collects in the innermost that takes it, of the engine or of any; false if none does.
  static bool collect_for(const Engine& engine, Collected& more) {
    return collect_from(open_innermost(), &engine, more);
  }
  static bool collect_anywhere(Collected& more) {
    return collect_from(open_innermost(), nullptr, more);
  }
  /// Has everything invalidated at the commit. False as above.
  static bool collect_everything(const Engine& engine) noexcept;

  bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }
  bool has_collected() const noexcept { return has_collected_.load(std::memory_order_acquire); }
  /// Whether what is loaded is for the caller alone: from its making on, until it is settled.
  bool keeps_apart() const noexcept { return apart_.load(std::memory_order_acquire); }
  void settle() noexcept { apart_.store(false, std::memory_order_release); }
  const std::shared_ptr<TransactionState>& outer() const noexcept { return outer_; }
  /// The next open one of the same engine around it; null if it is the outermost.
  TransactionState* outer_of_engine() const noexcept { return first_of(outer_.get(), *engine_); }
  /// Whether one of the same engine around it has ended by a commit.
  bool outlives_a_commit() const noexcept;

  /// Takes `more`, and leaves it as it was if it has ended: false then.
  bool collect(Collected& more) FRESHET_EXCLUDES(mutex_);
  Collected collected() const FRESHET_EXCLUDES(mutex_);
  enum class Ending : std::uint8_t { rollback, commit };
  /// Ends it; gives what it has collected.
  Collected end(Ending ending = Ending::rollback) FRESHET_EXCLUDES(mutex_);
  /// Ends it by a commit, and hands what it has collected to the next one around it that takes it: false, and nothing has
  /// changed, if there is none.
  bool hand_over() FRESHET_EXCLUDES(mutex_);

 private:
  static TransactionState* first_of(TransactionState* innermost, const Engine& engine) noexcept;
  static TransactionState* open_innermost() noexcept;
  static bool collect_from(TransactionState* innermost, const Engine* engine, Collected& more);
  bool note_everything() noexcept FRESHET_EXCLUDES(mutex_);
  void close(Ending ending) noexcept FRESHET_REQUIRES(mutex_);
  void add(Collected::OneTarget target) FRESHET_REQUIRES(mutex_);
  void add(Collected::OneRefresh refresh) FRESHET_REQUIRES(mutex_);
  void add(Collected::OneElsewhere one) FRESHET_REQUIRES(mutex_);
  void add(KeyName rewarmed) FRESHET_REQUIRES(mutex_);

  const Engine* const engine_;  // compared, not used: it may be gone once the transaction has ended
  const std::shared_ptr<TransactionState> outer_;
  // release under the lock; acquire wherever they are read without it: who sees the end sees what came before.
  rt::Atomic<bool> open_{true};
  rt::Atomic<bool> has_collected_{false};
  rt::Atomic<bool> was_committed_{false};
  rt::Atomic<bool> apart_{true};
  mutable rt::Mutex mutex_;
  Collected collected_ FRESHET_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::size_t> places_ FRESHET_GUARDED_BY(mutex_);
};

/// Whether a transaction of any cache is open: what is loaded then may not be committed, or be older than what others have
/// committed since it began.
bool in_transaction(const Scopes& scopes) noexcept;

/// Whether what is loaded is for the caller alone: neither kept nor shared.
inline bool loads_apart(const Scopes& scopes) noexcept {
  return scopes.bypass != nullptr || in_transaction(scopes);
}

/// For what is called meanwhile for nobody in particular, as listeners and predicates are: none of the scopes, but loads stay
/// apart if they were.
Scopes beside(const Scopes* open) noexcept;

/// Whether nothing is to be read from the cache.
bool bypasses_reads(const Scopes& scopes) noexcept;

}  // namespace freshet::detail
