// LoadsUnderWay: which loaders of a cache run at this moment, on which thread, and for which keys; what close() waits for.
//
// A load enters and leaves with a lock of one of kThreadStripes, its thread's: two locks that nobody else wants, per loader. The
// entry stands on the stack of the load. Loads that began before drain() are told apart from later ones by a number that drain() moves.
// Thread-safe. Locks: a stripe; or the one that drain() waits with, and then a stripe. Never while a loader runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/invalidation.hpp"
#include "store/entry.hpp"

namespace freshet::detail {

class LoadsUnderWay {
 private:
  struct Stripe;

 public:
  /// Who runs a loader: a thread, or a coroutine, which has none.
  enum class By : std::uint8_t { thread, coroutine };

  /// A loader that runs, from its making to its end; of several keys if it is a bulk loader, named by one of them.
  class Load {
   public:
    /// Both outlive it.
    Load(LoadsUnderWay& loads, const KeyRef& key, By by = By::thread) noexcept;
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// For LoadContext::cancelled().
    const rt::Atomic<bool>& cancelled() const noexcept { return cancelled_; }

   private:
    friend class LoadsUnderWay;
    LoadsUnderWay& loads_;
    Stripe& stripe_;
    const KeyRef& key_;
    std::optional<rt::ThreadId> thread_{};
    std::uint64_t round_ = 0;
    rt::Atomic<bool> cancelled_{false};  // release in cancel_all(), acquire in the loader
    Load* next_ = nullptr;
  };

  /// What drain() is given: loads that began until now.
  std::uint64_t begin_drain() noexcept { return round_.fetch_add(1, std::memory_order_acq_rel); }
  /// Waits until those have ended, or `until`.
  void drain(std::uint64_t round, const Clock& clock, Instant until) FRESHET_EXCLUDES(mutex_);
  /// Those that have not, and the names of at most `most` of their keys.
  std::uint64_t left(std::uint64_t round, std::size_t most, std::vector<KeyName>& names) const;
  void cancel(std::uint64_t round) noexcept;

  /// Whether the calling thread runs one.
  bool is_on_this_thread() const noexcept;

 private:
  struct alignas(64) Stripe {
    mutable rt::Mutex mutex;
    Load* first FRESHET_GUARDED_BY(mutex) = nullptr;
  };

  bool any(std::uint64_t round) const noexcept;

  std::array<Stripe, rt::kThreadStripes> stripes_;
  rt::Atomic<std::uint64_t> round_{0};
  // How many drain(). release by them before they look, acquire in a load that ends: under a stripe's lock in between, so that one
  // of the two sees the other.
  rt::Atomic<std::size_t> draining_{0};
  rt::Mutex mutex_;
  rt::CondVar ended_;
};

}  // namespace freshet::detail
