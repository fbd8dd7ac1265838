#include "freshet/transaction.hpp"

#include "cache/engine.hpp"
#include "cache/transaction_state.hpp"
#include "freshet/errors.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet {
namespace {

std::shared_ptr<detail::TransactionState> open_on(const detail::Engine& engine) {
  return std::make_shared<detail::TransactionState>(engine, detail::copy_open_scopes().transaction);
}

detail::Scopes within(std::shared_ptr<detail::TransactionState> transaction) {
  detail::Scopes scopes = detail::copy_open_scopes();
  scopes.transaction = std::move(transaction);
  return scopes;
}

}  // namespace

Transaction::Transaction(std::shared_ptr<detail::Engine> engine)
    : engine_(std::move(engine)), state_(open_on(*engine_)), guard_(within(state_)) {}

Transaction::~Transaction() {
  drop();
  state_->settle();
}

bool Transaction::is_open() const noexcept { return state_->is_open(); }

void Transaction::require_open() const {
  if (!is_open()) throw ScopeEnded("the transaction has ended: it was committed or rolled back");
  if (is_committing_) throw ScopeEnded("the transaction is being committed");
}

void Transaction::settle() const noexcept {
  if (!is_open()) state_->settle();
}

bool Transaction::rollback() noexcept { return !is_committing_ && drop(); }

bool Transaction::drop() noexcept {
  if (!is_open()) return false;
  detail::Collected work = state_->end();
  engine_->totals().add(detail::Metric::transactions_dropped);
  if (work.empty() || !state_->outlives_a_commit()) return true;
  // The commit around it has taken along what was written inside.
  try {
    engine_->invalidate_around(std::move(work), detail::Moment::after);
  } catch (...) {  // NOLINT(bugprone-empty-catch): everything is invalidated then
  }
  return true;
}

void Transaction::step() {
  if (!is_committing_) {
    if (state_->outer_of_engine() == nullptr)
      report_.before = engine_->deliver(state_->collected(), detail::Moment::before);
    is_committing_ = true;
    engine_->totals().add(detail::Metric::transactions_committed);
    return;
  }
  if (state_->hand_over()) return;
  report_.after = engine_->deliver(state_->end(detail::TransactionState::Ending::commit),
                                   detail::Moment::after);
}

}  // namespace freshet
