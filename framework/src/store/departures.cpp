#include "store/departures.hpp"

#include <utility>

namespace freshet::detail {
namespace {

Entry& entry_of(Retired& one) noexcept { return static_cast<Entry&>(EntryLinks::of(one)); }

}  // namespace

Departures::~Departures() {
  while (first_ != nullptr) {
    Retired& one = *std::exchange(first_, first_->next_retired);
    Entry& entry = entry_of(one);
    observer_.on_removed(entry, entry.removal_cause());
    if (found_ == Found::by_a_sweep) observer_.on_swept(entry.removal_cause());
    const auto let_go = [](Retired& retired) noexcept { entry_of(retired).release(); };
    epochs_.retire(one, let_go, sizeof(Entry) + entry.bytes());
  }
}

void Departures::add(Entry& entry, RemovalCause cause) noexcept {
  entry.set_removal_cause(cause);
  Retired& one = entry.retired();
  one.next_retired = first_;
  first_ = &one;
  ++count_;
}

}  // namespace freshet::detail
