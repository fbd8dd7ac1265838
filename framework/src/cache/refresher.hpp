// Refresher: loads entries again in the background, ahead of their deadline, within their block's
// budget.
//
// Who asks: a reader past the soft deadline or the refresh point, the sweeper's step for entries
// that nobody happens to read, a strategy, a rule. Whoever claims an entry's refresh first has it; a
// refresh that fails gives the claim back. Thread-safe. Loaders run on the executor, with no lock
// held.
#pragma once

#include <memory>
#include <string>

#include "cache/key_load.hpp"
#include "freshet/logger.hpp"
#include "refresh/background_work.hpp"

namespace freshet::detail {

class Refresher {
 public:
  Refresher(const LoadServices& services, Logger& logger, BackgroundWork& work) noexcept
      : services_(services), clock_(services.clock), logger_(logger), work_(work) {}

  /// Refreshes an entry, with the call's own loader if `keep` gives one, else with the one bound to
  /// its namespace. Does nothing without either, beyond the budget, or if somebody has begun. An entry that was asked for with
  /// a version is left to calls that announce it (`announces`): no other loader is known to make that version.
  void refresh(PolicyBlock& block, const EntryRef& entry, KeepLoader keep, bool announces);

  /// The same with the bound loader alone. Says whether a load was started.
  bool refresh_bound(PolicyBlock& block, const EntryRef& entry);

  /// Loads a key whether or not it is cached. Says whether a load was started.
  bool load(PolicyBlock& block, const LabelRef& space, const std::string& key);

  /// Refreshes what is due in the block: entries that were read often enough, the most-read first;
  /// then those whose keys are among the block's hottest (RefreshLimits::warm_keys). What the budget
  /// leaves comes up again after `interval`.
  void refresh_due(PolicyBlock& block, Duration interval);

 private:
  using Loader = std::shared_ptr<const BackgroundLoader>;

  bool start(PolicyBlock& block, EntryRef old, LabelRef space, std::string key, Loader loader);
  void run(PolicyBlock& block, const EntryRef& old, const LabelRef& space, const std::string& key,
           const BackgroundLoader& loader);

  const LoadServices& services_;
  const Clock& clock_;
  Logger& logger_;
  BackgroundWork& work_;
};

}  // namespace freshet::detail
