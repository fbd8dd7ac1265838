// Overtaking: the mark of an entry that a write is about to take out, for readers without the lock.
#pragma once

#include "store/entry.hpp"

namespace freshet::detail {

// Keeps an entry that a write is about to take out, or expire, from readers without the lock, until it has. A load that began
// after the write's raise would otherwise read what was there before, and be kept though it names the key at its end.
//
// seq_cst, here and where a reader looks: pairs with Label::keys_used_since. Either this write sees that keys of its namespace
// are depended on, and raises, or a load that began after that was noted sees the mark.
class Overtaking {
 public:
  explicit Overtaking(Entry* entry) noexcept : entry_(entry) {
    if (entry_ != nullptr) entry_->overtaken.store(true, std::memory_order_seq_cst);
  }
  ~Overtaking() {  // if it stays: it was expired, or there was no memory
    if (entry_ != nullptr && entry_->is_resident)
      entry_->overtaken.store(false, std::memory_order_release);
  }
  Overtaking(const Overtaking&) = delete;
  Overtaking& operator=(const Overtaking&) = delete;

 private:
  Entry* const entry_;
};

}  // namespace freshet::detail
