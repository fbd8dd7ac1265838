// Transaction: invalidations that wait for the commit of a database transaction.
//
//   auto transaction = invalidator.begin_transaction();
//   db.update(42, patch);
//   invalidator.invalidate_tag("user:42");            // collected: nobody else sees the write yet
//   transaction.commit([&] { db.commit(); });         // delivered before and after; left out, or rolled back: dropped
//
// States: open -> ended (commit, rollback or the destructor).
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "freshet/detail/around_write.hpp"
#include "freshet/detail/refused_calls.hpp"
#include "freshet/detail/scopes.hpp"
#include "freshet/mutation.hpp"

namespace freshet {

namespace detail {
class Engine;
}

/// While it is open, on the thread that made it and on those that it was handed on to (OpenScopes):
///   invalidations of its invalidator are collected, those of events and rules included; so are puts, as invalidations of
///     their keys, and the refreshes of rules. They answer `collected`. What a rule would debounce or batch is collected at once.
///   loads are answered, kept by nobody and shared with nobody, in every cache: what they read may not be committed.
///   reads find nothing from the first thing collected on, so that loaders see what the transaction has written.
/// A transaction inside another one hands on what it has collected, or drops it with its rollback; the outermost delivers.
/// Loads stay alone until it is destroyed if the commit throws or it is rolled back: the database may not have ended its own
/// transaction yet. Call begin_transaction() before db.begin(), so that it goes after it.
/// Confined to the thread that makes it; destroy it there, in the reverse order of making. Memory: O(different targets).
class [[nodiscard]] Transaction {
 public:
  /// Of CacheInvalidator::begin_transaction().
  explicit Transaction(std::shared_ptr<detail::Engine> engine);
  /// Rolls back what is still open.
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Invalidates what was collected, calls `commit`, invalidates again; answers what it answers. So nobody is served the old
  /// values from its return on, and what was loaded meanwhile is not kept. If it throws, nobody knows whether it has
  /// committed: it counts as if it had, and the exception reaches the caller. What is invalidated inside `commit` is collected too.
  /// Throws ScopeEnded after the end and inside `commit`, and what a collected predicate throws before `commit` is called; then it is still open.
  template <std::invocable Commit>
  std::invoke_result_t<Commit&> commit(Commit&& commit) {
    require_open();
    const Settling settling(*this);
    return detail::around_write(
        Order::around, [this] { step(); }, commit);
  }
  /// Does not compile, and says why.
  template <class Commit>
  void commit(Commit&&) {
    detail::refuse_writer<Commit>();
  }
  /// For a commit that has happened already. Until this call others may be served the old values.
  void commit() {
    commit([] {});
  }

  /// Drops what was collected; carries it out if the transaction around it was committed first. Says whether it was open;
  /// false, and does nothing, inside a commit function.
  bool rollback() noexcept;

  bool is_open() const noexcept;

  /// What the commit invalidated; nothing in a transaction inside another one.
  const WriteReport& report() const noexcept { return report_; }

 private:
  /// Ends the separation of loads, unless it goes by an exception.
  class Settling {
   public:
    explicit Settling(const Transaction& transaction) noexcept : transaction_(transaction) {}
    ~Settling() {
      if (std::uncaught_exceptions() == thrown_) transaction_.settle();
    }
    Settling(const Settling&) = delete;
    Settling& operator=(const Settling&) = delete;

   private:
    const Transaction& transaction_;
    const int thrown_ = std::uncaught_exceptions();
  };

  void require_open() const;
  void settle() const noexcept;
  bool drop() noexcept;
  /// First what is to be done before the commit, then what is to be done after it.
  void step();

  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<detail::TransactionState> state_;
  WriteReport report_;
  bool is_committing_ = false;
  detail::ScopesGuard guard_;
};

}  // namespace freshet
