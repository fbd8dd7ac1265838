// EntryBase and EntryRef: the part of a cached entry that a handle needs, so that handles are cheap and public.
//
// The rest of an entry (key, labels, links of the store) lives behind it in framework/src/store/entry.hpp. An entry is
// one allocation; whoever gives up the last reference frees it.
#pragma once

#include <cstdint>
#include <utility>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet {
enum class Origin : std::uint8_t;
enum class Staleness : std::uint8_t;
}  // namespace freshet

namespace freshet::detail {

/// What never changes in an entry from the moment it is published, and its reference count.
class EntryBase {
 public:
  EntryBase(const EntryBase&) = delete;
  EntryBase& operator=(const EntryBase&) = delete;

  const void* value() const noexcept { return reinterpret_cast<const char*>(this) + value_at_; }
  Instant stored_at() const noexcept { return stored_at_; }
  Instant soft() const noexcept { return soft_; }
  Instant hard() const noexcept { return hard_; }

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // acq_rel: what other threads did with the value happens before whoever drops the last reference destroys it.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(this);
  }

 protected:
  EntryBase(Instant stored_at, Instant soft, Instant hard) noexcept
      : stored_at_(stored_at), soft_(soft), hard_(hard) {}
  ~EntryBase() = default;

 private:
  friend class Entry;
  static void destroy(EntryBase* entry) noexcept;  // framework/src/store/entry.cpp

  Instant stored_at_;
  rt::Atomic<std::uint32_t> references_{1};
  std::uint32_t value_at_ = 0;  // bytes from here to the value
  Instant soft_;
  Instant hard_;
};

/// Shared ownership of an entry. Null by default.
class EntryRef {
 public:
  EntryRef() noexcept = default;
  /// Takes over one reference that the caller owns.
  static EntryRef adopt(EntryBase* entry) noexcept {
    EntryRef ref;
    ref.entry_ = entry;
    return ref;
  }
  /// Adds a reference.
  static EntryRef share(EntryBase* entry) noexcept {
    if (entry != nullptr) entry->retain();
    return adopt(entry);
  }
  EntryRef(const EntryRef& other) noexcept : EntryRef(share(other.entry_)) {}
  EntryRef(EntryRef&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  EntryRef& operator=(EntryRef other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~EntryRef() {
    if (entry_ != nullptr) entry_->release();
  }

  explicit operator bool() const noexcept { return entry_ != nullptr; }
  EntryBase* get() const noexcept { return entry_; }
  EntryBase* operator->() const noexcept { return entry_; }

 private:
  EntryBase* entry_ = nullptr;
};

/// One answered read: what a Handle is made of.
struct Reading {
  EntryRef entry{};
  Origin origin{};        // Origin::none
  Staleness staleness{};  // Staleness::fresh
  Instant read_at{};
  bool absent = false;  // the origin has nothing; the entry that says so is there, without a value
};

}  // namespace freshet::detail
