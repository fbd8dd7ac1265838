// Refresher: loads entries again in the background, ahead of their deadline, within their block's
// budget.
//
// Who asks: a reader past the soft deadline or the refresh point, the sweeper's step for entries
// that nobody happens to read, a strategy, a rule. Whoever claims an entry's refresh first has it; a
// refresh that fails gives the claim back. Thread-safe. Loaders run on the executor, with no lock
// held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cache/key_load.hpp"
#include "freshet/logger.hpp"
#include "refresh/background_work.hpp"

namespace freshet::detail {

class Refresher {
 public:
  /// What a load in the background is for; each is counted by itself.
  enum class Purpose : std::uint8_t { refresh, recompute, rewarm, warm };
  /// Called when a load has ended, on its thread: whether it made a value, and, for Purpose::recompute, whether the expired entry
  /// is gone.
  using Ended = std::function<void(bool loaded)>;

  Refresher(const LoadServices& services, Logger& logger, BackgroundWork& work) noexcept
      : services_(services), clock_(services.clock), logger_(logger), work_(work) {}

  /// Refreshes an entry, with the call's own loader if `keep` gives one, else with the one bound to
  /// its namespace. Does nothing without either, beyond the budget, or if somebody has begun. An entry that was asked for with
  /// a version is left to calls that announce it (`announces`): no other loader is known to make that version. One that is
  /// `expired` goes by the budget of the block's refills, if they load such entries. `named` pins what the call names, which what
  /// its loader makes carries as well.
  using Named = FunctionRef<std::vector<LabelRef>()>;
  void refresh(PolicyBlock& block, const EntryRef& entry, KeepLoader keep, Named named,
               bool announces, bool expired);

  /// The same with the bound loader alone. Says whether a load was started.
  bool refresh_bound(PolicyBlock& block, const EntryRef& entry);

  /// Loads a key whether or not it is cached. Says whether a load was started.
  bool load(PolicyBlock& block, const LabelRef& space, const std::string& key);

  enum class Refill : std::uint8_t {
    started,     // `ended` will be called, and has to give the budget back
    not_needed,  // something fresh is there, or is being loaded, or is left to calls that announce its version; or nothing is expired
    no_loader,   // none is bound
    no_room,     // in the budget of refills
  };
  /// Loads a key with the bound loader, within the budget of the block's refills.
  Refill refill(PolicyBlock& block, const LabelRef& space, const std::string& key, Purpose purpose,
                Ended ended);

  /// Refreshes what is due in the block: entries that were read often enough, the most-read first;
  /// then those whose keys are among the block's hottest (RefreshLimits::warm_keys). What the budget
  /// leaves comes up again after `interval`.
  void refresh_due(PolicyBlock& block, Duration interval);

 private:
  using Loader = std::shared_ptr<const BackgroundLoader>;

  bool start(PolicyBlock& block, EntryRef old, LabelRef space, std::string key, Loader loader,
             std::vector<LabelRef> named, Purpose purpose, Ended ended);
  /// The same, within the budget of refreshes.
  bool start_refresh(PolicyBlock& block, EntryRef old, LabelRef space, std::string key,
                     Loader loader);
  /// Whether it has made a value, or somebody else was about to.
  bool run(PolicyBlock& block, const EntryRef& old, const LabelRef& space, const std::string& key,
           const BackgroundLoader& loader, const std::vector<LabelRef>& named, Purpose purpose);
  void report(std::string_view key, const LabelRef& space, const char* what) noexcept;
  static void count(PolicyBlock& block, Purpose purpose, bool loaded) noexcept;

  const LoadServices& services_;
  const Clock& clock_;
  Logger& logger_;
  BackgroundWork& work_;
};

}  // namespace freshet::detail
