// KeyRead: a read that loads what its first look did not find, one step after the other, none of which blocks.
//
//   board ──► lead ──► load: somebody runs the loader and says how it ended         ──► answered
//         ──► join ──► wait: somebody waits for the flight, then calls arrived()    ──► answered, or look again and board
//         ──► wait ──► the same                                                     ──► look again and board
// run() takes the steps for a thread, which it blocks; OwnRead (stepped_read.cpp) for a coroutine. What a step throws is the answer.
// A read that goes while it leads ends its flight: those who wait start over.
// Borrows the call. One step at a time, in what the call stands in.
#pragma once

#include <memory>
#include <optional>

#include "cache/namespace_view.hpp"
#include "freshet/detail/stepped_read.hpp"

namespace freshet::detail {

class KeyRead {
 public:
  using Step = SteppedRead::Step;

  /// After a first look that found nothing.
  KeyRead(NamespaceView& view, const NamespaceView::LoadCall& call,
          NamespaceView::FirstLook&& looked, const Scopes* open, SingleFlight::Leader leader);
  ~KeyRead();
  KeyRead(const KeyRead&) = delete;
  KeyRead& operator=(const KeyRead&) = delete;

  /// All steps, on this thread.
  Reading run(ErasedLoader loader);

  Step board();
  /// Notes a new start, looks, and boards if there is nothing.
  Step look_again();

  // Step::load
  const KeyLoad& load() const noexcept { return *load_; }
  /// What the loader's run, which has ended the flight, came to.
  Step loaded(FunctionRef<Reading()> result);
  /// The run was given up, and ends the flight.
  void cancelled() noexcept { leads_ = false; }

  // Step::wait
  const KeyRef& key() const noexcept { return call_.name.ref(); }
  SingleFlight::Flight& flight() noexcept { return *flight_; }
  const LoadLink* reader() const noexcept { return link_of(reads_for_); }
  /// The flight has ended.
  Step arrived();

  /// Blocks until it has, or is answered before.
  Step wait(const LoadWaits& waits);

  Reading take_answer() noexcept { return std::move(answer_); }

 private:
  const EntryPlan* wanted() const noexcept { return announces_ ? &plan_ : nullptr; }
  const EntryOptions& options() const noexcept { return call_.options; }
  SingleFlight& flights() const noexcept { return view_.engine_->flights(); }
  Step answered(Reading reading) noexcept;
  Reading look();
  Step lead();
  Step lead_alone();
  /// For a caller whose loads are its own, what was thrown is thrown.
  Reading or_old(FunctionRef<Reading()> load);
  /// What another flight has brought, or a failure a moment ago allows, since the caller looked. Ends the flight if there is
  /// something, or if it throws.
  Reading look_before_load();
  Reading find_before_load();
  /// Asked by the leader of a flight, which it ends if there is no memory for the question.
  bool becomes_outdated();
  /// Ends the flight that this leads: whoever waits starts over.
  void give_up_lead() noexcept;

  NamespaceView& view_;
  const NamespaceView::LoadCall& call_;
  const SingleFlight::Leader leader_;
  const std::shared_ptr<CaptureState> reads_for_;  // the loader may end what is open
  const bool apart_;                               // whether what is loaded is for this call alone
  const bool reads_;                               // whether anything may be found in the cache
  const bool announces_;  // whether only what was made with the plan's versions is for this caller
  CallStart start_;
  EntryPlan plan_;
  SingleFlight::Role role_{};
  std::shared_ptr<SingleFlight::Flight> flight_;
  bool leads_ = false;
  std::optional<KeyLoad> load_;
  Reading answer_;
};

}  // namespace freshet::detail
