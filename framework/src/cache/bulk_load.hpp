// BulkLoad: get_many with a loader: one call of the loader for all that is missing and that nobody else is loading.
//
// Goes in rounds. A round looks each open key up, boards a flight for it, makes one bulk load for the flights it leads and
// ends them, and only then waits for the flights of others: two bulk loads can never wait for each other. A key that
// could not be settled (its load was overtaken) stays open for the next round.
// The loads of others are waited for as long as the time-outs say, counted from the first look that found something missing; the
// bulk load itself runs in place, to its end.
// Confined to one thread.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cache/apart_loads.hpp"
#include "cache/key_load.hpp"
#include "cache/namespace_view.hpp"

namespace freshet::detail {

class BulkLoad {
 public:
  /// Answers go to `answers`, by position. Throws InvalidName before anything is looked up.
  BulkLoad(NamespaceView& view, std::span<const std::string_view> keys, const EntryOptions& options,
           std::span<Reading> answers);

  /// Throws what the loader throws, after ending the flights it led.
  void run(ErasedBulkLoader loader);

 private:
  struct Item {
    std::size_t position;  // in `keys` and `answers`
    FullKey name;
    CallStart start{};
    EntryPlan plan{};
    bool settled = false;
    std::shared_ptr<SingleFlight::Flight> led{};  // until it is ended
    std::shared_ptr<SingleFlight::Flight> awaited{};
    bool may_take = false;  // the awaited flight was joined
    Item(std::size_t at, const NamespaceView& view, std::string_view key)
        : position(at), name(view.scope_, key, *view.space_) {}
  };

  bool look_up(Item& item, bool first);
  /// Settles a key of which a load has just failed with its old value; throws what that threw if there is none.
  void hold_back(Item& item);
  void board(Item& item);
  void load_led(ErasedBulkLoader loader);
  void fail_led(const KeyLoad::Loaded& loaded, const std::exception_ptr& error);
  /// Like NamespaceView::or_old, for what others may know of.
  Reading load_or_old(Item& item, FunctionRef<Reading()> load);
  KeyLoad key_load(const Item& item) const;
  /// Null: whoever waits starts over.
  void end_led(std::exception_ptr error) noexcept;
  void wait_for_others();
  /// What a time-out answers instead of the load; empty: that has ended. Throws LoadTimeout.
  Reading wait(Item& item, SingleFlight::Flight& flight);
  void settle(Item& item, Reading reading);

  NamespaceView& view_;
  const EntryOptions& options_;
  const Scopes* const open_;                       // what the call stands in
  const std::shared_ptr<CaptureState> reads_for_;  // the loader may end what is open
  const bool reads_;                               // whether anything may be found in the cache
  const bool apart_;                               // whether what is loaded is for this call alone
  const bool announces_;
  std::optional<LoadWaits> waits_{};  // for the loads of others; once something is missing
  ApartLoads apart_loads_;
  std::span<const std::string_view> keys_;
  std::span<Reading> answers_;
  std::deque<Item> items_;  // one per distinct key; a deque, for names do not move
};

}  // namespace freshet::detail
