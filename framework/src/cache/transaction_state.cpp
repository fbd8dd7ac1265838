#include "cache/transaction_state.hpp"

#include <utility>

#include "rules/identity.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {
namespace {

// Equal for targets that do the same. A version is the same whatever its hash and mode: the last hash counts.
std::string identity(const Collected::OneTarget& one) {
  const Target& target = one.target;
  const bool is_version =
      target.kind == Target::Kind::version || target.kind == Target::Kind::policy_version;
  std::string text = std::to_string(static_cast<int>(target.kind));
  if (!is_version) text += one.mode == Mode::expire ? 'e' : 'r';
  rules::add_text(text, target.name);
  rules::add_text(text, target.space);
  for (const std::string& more : target.more) {
    if (!is_version) rules::add_text(text, more);
  }
  return text;
}

}  // namespace

TransactionState* TransactionState::first_of(TransactionState* innermost,
                                             const Engine& engine) noexcept {
  for (TransactionState* next = innermost; next != nullptr; next = next->outer_.get()) {
    if (next->engine_ == &engine && next->is_open()) return next;
  }
  return nullptr;
}

TransactionState* TransactionState::open_innermost() noexcept {
  const Scopes* const open = open_scopes();
  return open == nullptr ? nullptr : open->transaction.get();
}

TransactionState* TransactionState::of(const Engine& engine) noexcept {
  return first_of(open_innermost(), engine);
}

// One that ends meanwhile leaves the work to those around it.
bool TransactionState::collect_from(TransactionState* innermost, const Engine* engine,
                                    Collected& more) {
  for (TransactionState* next = innermost; next != nullptr; next = next->outer_.get()) {
    if (engine != nullptr && next->engine_ != engine) continue;
    if (next->collect(more)) return true;
  }
  return false;
}

bool TransactionState::collect_everything(const Engine& engine) noexcept {
  for (TransactionState* next = open_innermost(); next != nullptr; next = next->outer_.get()) {
    if (next->engine_ == &engine && next->note_everything()) return true;
  }
  return false;
}

bool TransactionState::note_everything() noexcept {
  rt::Lock lock(mutex_);
  if (!open_.load(std::memory_order_relaxed)) return false;
  has_collected_.store(true, std::memory_order_release);
  collected_.everything = true;
  return true;
}

bool TransactionState::outlives_a_commit() const noexcept {
  for (const TransactionState* next = outer_.get(); next != nullptr; next = next->outer_.get()) {
    if (next->engine_ == engine_ && next->was_committed_.load(std::memory_order_acquire))
      return true;
  }
  return false;
}

bool TransactionState::collect(Collected& more) {
  if (more.empty()) return is_open();
  FRESHET_PAUSE("transaction_collects");
  rt::Lock lock(mutex_);
  if (!open_.load(std::memory_order_relaxed)) return false;
  has_collected_.store(true, std::memory_order_release);
  collected_.everything = collected_.everything || more.everything;
  for (Collected::OneTarget& target : more.targets) add(std::move(target));
  for (auto& predicate : more.predicates) collected_.predicates.push_back(std::move(predicate));
  for (auto& refresh : more.refreshes) add(std::move(refresh));
  for (auto& one : more.elsewhere) add(std::move(one));
  for (KeyName& name : more.rewarm) add(std::move(name));
  return true;
}

void TransactionState::add(Collected::OneTarget target) {
  std::string text = identity(target);
  if (const auto place = places_.find(text); place != places_.end()) {
    Collected::OneTarget& there = collected_.targets[place->second];
    if (there.mode == Mode::remove) target.mode = Mode::remove;  // the stronger one
    there = std::move(target);
    return;
  }
  collected_.targets.push_back(std::move(target));
  places_.emplace(std::move(text), collected_.targets.size() - 1);
}

void TransactionState::add(Collected::OneRefresh refresh) {
  std::string text = "refresh";
  rules::add_text(text, refresh.name_space);
  rules::add_text(text, refresh.key);
  if (places_.count(text) != 0) return;
  collected_.refreshes.push_back(std::move(refresh));
  places_.emplace(std::move(text), collected_.refreshes.size() - 1);
}

void TransactionState::add(Collected::OneElsewhere one) {
  std::string text = "elsewhere";
  rules::add_text(text, std::to_string(reinterpret_cast<std::uintptr_t>(one.engine.get())));
  rules::add_text(text, one.target.space);
  rules::add_text(text, one.target.name);
  if (places_.count(text) != 0) return;
  collected_.elsewhere.push_back(std::move(one));
  places_.emplace(std::move(text), collected_.elsewhere.size() - 1);
}

void TransactionState::add(KeyName rewarmed) {
  std::string text = "rewarm";
  rules::add_text(text, rewarmed.name_space);
  rules::add_text(text, rewarmed.key);
  if (places_.count(text) != 0) return;
  collected_.rewarm.push_back(std::move(rewarmed));
  places_.emplace(std::move(text), collected_.rewarm.size() - 1);
}

Collected TransactionState::collected() const {
  rt::Lock lock(mutex_);
  return collected_;
}

void TransactionState::close(Ending ending) noexcept {
  // Before the end: who sees that it has ended sees how.
  if (ending == Ending::commit) was_committed_.store(true, std::memory_order_release);
  open_.store(false, std::memory_order_release);
  places_.clear();
}

Collected TransactionState::end(Ending ending) {
  rt::Lock lock(mutex_);
  if (open_.load(std::memory_order_relaxed)) close(ending);
  return std::exchange(collected_, {});
}

// The outer one has it before this one ends: a thread that was handed both goes on bypassing.
bool TransactionState::hand_over() {
  rt::Lock lock(mutex_);
  try {
    if (!collect_from(outer_.get(), engine_, collected_)) return false;
  } catch (...) {  // there is no memory for all of it
    bool is_noted = false;
    for (TransactionState* next = outer_.get(); next != nullptr && !is_noted;
         next = next->outer_.get())
      is_noted = next->engine_ == engine_ && next->note_everything();
    if (!is_noted) throw;
  }
  collected_ = {};
  close(Ending::commit);
  return true;
}

bool in_transaction(const Scopes& scopes) noexcept {
  for (const TransactionState* next = scopes.transaction.get(); next != nullptr;
       next = next->outer().get()) {
    if (next->keeps_apart()) return true;
  }
  return false;
}

Scopes beside(const Scopes* open) noexcept {
  if (open == nullptr || !in_transaction(*open)) return {};
  static TransactionState apart;  // owned by nobody: there may be no memory
  return {.transaction = std::shared_ptr<TransactionState>(std::shared_ptr<void>(), &apart)};
}

bool bypasses_reads(const Scopes& scopes) noexcept {
  if (scopes.bypass != nullptr) return true;
  for (const TransactionState* next = scopes.transaction.get(); next != nullptr;
       next = next->outer().get()) {
    if (next->is_open() && next->has_collected()) return true;
  }
  return false;
}

}  // namespace freshet::detail
