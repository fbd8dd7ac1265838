#include "cache/key_read.hpp"

#include <utility>

#include "cache/apart_loads.hpp"
#include "cache/transaction_state.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {

KeyRead::KeyRead(NamespaceView& view, const NamespaceView::LoadCall& call,
                 NamespaceView::FirstLook&& looked, const Scopes* open, SingleFlight::Leader leader)
    : view_(view),
      call_(call),
      leader_(leader),
      reads_for_(open == nullptr ? nullptr : open->capture),
      apart_(looked.apart),
      reads_(looked.reads),
      announces_(looked.announces),
      start_(looked.start),
      plan_(std::move(looked.plan)) {}

KeyRead::~KeyRead() {
  if (leads_) give_up_lead();
}

Reading KeyRead::run(ErasedLoader loader) {
  ApartLoads own;
  if (apart_) own.add(key());
  const LoadWaits waits = apart_ ? LoadWaits{} : view_.note_waits(plan_, options());
  const auto load_here = [&] {
    return NamespaceView::loaded(load_->run(call_.name.given(), loader));
  };
  const auto load = [&] {
    return waits.any() ? view_.lead_in_time(call_, plan_, flight_, waits, reader(), load_here)
                       : load_here();
  };
  for (Step step = board(); step != Step::answered;)
    step = step == Step::load ? loaded(load) : wait(waits);
  return take_answer();
}

KeyRead::Step KeyRead::wait(const LoadWaits& waits) {
  if (!waits.any()) {
    flights().wait_for_end(key(), *flight_, reader());
    return arrived();
  }
  Reading old = view_.wait_in_time(key(), plan_, options(), waits, *flight_, reader());
  return old.entry ? answered(std::move(old)) : arrived();
}

KeyRead::Step KeyRead::answered(Reading reading) noexcept {
  answer_ = std::move(reading);
  return Step::answered;
}

Reading KeyRead::look() {
  if (!reads_) return {};
  return view_.look_up(key(), apart_ ? NamespaceView::no_loader() : call_.keep, call_.if_absent,
                       wanted(), options());
}

KeyRead::Step KeyRead::board() {
  if (apart_) return lead_alone();
  if (Reading old = view_.held_back(key(), plan_, options()); old.entry)
    return answered(std::move(old));
  FRESHET_PAUSE("about_to_board");
  auto [role, flight] = flights().board(key(), start_, plan_.labels, plan_.proven_since, leader_);
  role_ = role;
  flight_ = std::move(flight);
  if (role_ != SingleFlight::Role::lead) return Step::wait;
  leads_ = true;
  if (!becomes_outdated()) return lead();
  give_up_lead();
  plan_ = view_.plan(key(), options());
  return look_again();
}

KeyRead::Step KeyRead::look_again() {
  start_ = view_.note_start(key());
  if (Reading found = look(); found.entry) {
    view_.add_missing(key(), found.entry, plan_);
    return answered(view_.count_shared(std::move(found)));
  }
  return board();
}

bool KeyRead::becomes_outdated() {
  try {
    return view_.has_become_outdated(plan_);
  } catch (...) {
    leads_ = false;
    flights().fail(key(), *flight_, std::current_exception());
    throw;
  }
}

void KeyRead::give_up_lead() noexcept {
  leads_ = false;
  flights().complete(key(), *flight_, {});
}

Reading KeyRead::or_old(FunctionRef<Reading()> load) {
  return apart_ ? load() : view_.or_old(key(), plan_, options(), load);
}

KeyRead::Step KeyRead::lead() {
  if (Reading found = or_old([this] { return look_before_load(); }); found.entry)
    return answered(std::move(found));
  load_.emplace(KeyLoad{.services = view_.engine_->loads(),
                        .block = view_.block_,
                        .key = key(),
                        .plan = plan_,
                        .flight = *flight_,
                        .ttl = options().ttl,
                        .captures = options().capture,
                        .fills = !options().skip.write_l1,
                        .sees_previous = !options().skip.read_l1});
  return Step::load;
}

KeyRead::Step KeyRead::lead_alone() {
  flight_ = flights().board_alone(key(), plan_.labels, leader_);
  leads_ = true;
  load_.emplace(KeyLoad{.services = view_.engine_->loads(),
                        .block = view_.block_,
                        .key = key(),
                        .plan = plan_,
                        .flight = *flight_,
                        .ttl = options().ttl,
                        .captures = options().capture,
                        .fills = false,
                        .is_shared = false});
  return Step::load;
}

// Between this caller's look and its boarding another flight may have landed.
Reading KeyRead::look_before_load() {
  Reading found = find_before_load();
  if (found.entry) FRESHET_PAUSE("found_before_load");
  // Whoever waits looks for itself: it may have begun after something took from the store what was found here.
  if (found.entry) give_up_lead();
  return found;
}

Reading KeyRead::find_before_load() {
  try {
    if (options().skip.read_l1) return {};
    if (Reading found = view_.look_up(key(), call_.keep, call_.if_absent, &plan_, options());
        found.entry) {
      view_.add_missing(key(), found.entry, plan_);
      return view_.count_shared(std::move(found));
    }
  } catch (...) {
    leads_ = false;
    flights().fail(key(), *flight_, std::current_exception());
    throw;
  }
  try {
    return view_.held_back(key(), plan_, options());
  } catch (...) {  // which is not judged by what those who wait ask for: they look for themselves
    give_up_lead();
    throw;
  }
}

KeyRead::Step KeyRead::loaded(FunctionRef<Reading()> result) {
  leads_ = false;
  return answered(or_old(result));
}

KeyRead::Step KeyRead::arrived() {
  if (role_ == SingleFlight::Role::join) {
    Reading shared =
        or_old([this] { return view_.take(key(), *flight_, start_, call_.if_absent); });
    if (shared.entry) {
      view_.add_missing(key(), shared.entry, plan_);
      return answered(std::move(shared));
    }
  }
  return look_again();
}

}  // namespace freshet::detail
