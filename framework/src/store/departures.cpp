#include "store/departures.hpp"

#include <utility>

namespace freshet::detail {

Departures::~Departures() {
  while (first_ != nullptr) {
    Entry& entry = static_cast<Entry&>(*std::exchange(first_, first_->next_retired));
    observer_.on_removed(entry, entry.removal_cause);
    if (found_ == Found::by_a_sweep) observer_.on_swept(entry.removal_cause);
    const auto let_go = [](Retired& retired) noexcept { static_cast<Entry&>(retired).release(); };
    epochs_.retire(entry, let_go, sizeof(Entry) + entry.bytes());
  }
}

void Departures::add(Entry& entry, RemovalCause cause) noexcept {
  entry.removal_cause = cause;
  entry.next_retired = first_;
  first_ = &entry;
  ++count_;
}

}  // namespace freshet::detail
