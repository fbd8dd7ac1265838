// Epochs: readers without a lock, and when what they may be reading can be reclaimed.
//
// A reader announces the epoch in which it begins, and takes that back when it ends (Section): two stores to a line of its own
// thread. A writer unlinks something, so that no reader that begins later finds it, and retires it here. What was retired is
// gathered; once there is enough, it gets the next epoch for a number, and is reclaimed when no reader is left that began in an
// earlier one. Fraser, "Practical lock-freedom", 2004, section 5.2.3; the readers' fence is paid by the writers, as in
// Desnoyers et al., "User-level implementations of read-copy update", IEEE TPDS 2012.
//
// A reader that stays long holds back all that is retired meanwhile, so a section must be short or known to be rare.
// Memory: up to rt::kRetiredAtOnce objects or kBytesAtOnce a thread wait for their turn; collect() takes all it can.
// Thread-safe. No lock of its own is held while something is reclaimed, and no caller of retire() or collect() may hold one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "freshet/detail/runtime/runtime.hpp"
#include "runtime/per_thread.hpp"

namespace freshet::detail {

/// What can be retired. Untouched until then.
struct Retired {
  Retired* next_retired = nullptr;
  void (*reclaim)(Retired&) noexcept = nullptr;
};

class Epochs {
  struct Reader;

 public:
  static constexpr std::uint64_t kBytesAtOnce = 1 << 20;

  Epochs() = default;
  /// Reclaims what is left. There must be no reader.
  ~Epochs();
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;

  /// While it lives nothing that can be found now is reclaimed. For one thread; may be nested.
  class Section {
   public:
    explicit Section(Epochs& epochs) noexcept : Section(epochs, rt::thread_number()) {}
    /// For who has asked for its thread's number already.
    Section(Epochs& epochs, std::size_t thread) noexcept : reader_(epochs.readers_.mine(thread)) {
      if (reader_ != nullptr) enter(*reader_, epochs.now_);
    }
    ~Section() {
      if (reader_ != nullptr) leave(*reader_);
    }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

    /// Whether it protects: a thread that is ending has to take a lock instead, and one that finds no memory.
    explicit operator bool() const noexcept { return reader_ != nullptr; }

   private:
    Reader* const reader_;
  };

  /// Lets go of something that no reader can find any more, as soon as those are gone that may have found it. `bytes`: about how
  /// much memory waits with it.
  void retire(Retired& one, void (*let_go)(Retired&) noexcept, std::uint64_t bytes) noexcept;
  /// The same, for who holds a lock: reclaims nothing, which would run destructors of others. It goes with the next retire() or
  /// collect().
  void put_aside(Retired& one, void (*let_go)(Retired&) noexcept, std::uint64_t bytes) noexcept;

  /// Reclaims all that no reader can hold now. Returns how much that was.
  std::size_t collect() noexcept;

 private:
  static constexpr std::uint64_t kOutside = 0;

  struct Reader {
    rt::Atomic<std::uint64_t> epoch{kOutside};
    std::uint32_t depth = 0;  // the thread's own
  };

  /// What one thread has retired, oldest group first.
  struct Limbo {
    rt::Mutex mutex;
    Retired* gathered FRESHET_GUARDED_BY(mutex) = nullptr;
    std::size_t count FRESHET_GUARDED_BY(mutex) = 0;
    std::uint64_t bytes FRESHET_GUARDED_BY(mutex) = 0;
    std::size_t collect_at FRESHET_GUARDED_BY(mutex) = rt::kRetiredAtOnce;
    Retired* numbered FRESHET_GUARDED_BY(mutex) = nullptr;  // wait for the readers before `number`
    std::uint64_t number FRESHET_GUARDED_BY(mutex) = 0;
  };

  static void enter(Reader& reader, const rt::Atomic<std::uint64_t>& now) noexcept {
    if (reader.depth++ != 0) return;
    // acquire: pairs with the release in take(): who reads a number sees all unlinked that was gathered under it.
    rt::announce(reader.epoch, now.load(std::memory_order_acquire));
  }
  static void leave(Reader& reader) noexcept {
    // release: pairs with the acquire in oldest_reader(): what was read was read before it is reclaimed.
    if (--reader.depth == 0) reader.epoch.store(kOutside, std::memory_order_release);
  }

  Limbo& limbo_of_this_thread() noexcept;
  static void add(Limbo& limbo, Retired& one, std::uint64_t bytes) noexcept
      FRESHET_REQUIRES(limbo.mutex);
  /// Takes what can be reclaimed out of a limbo.
  Retired* take(Limbo& limbo) noexcept FRESHET_REQUIRES(limbo.mutex);
  std::uint64_t oldest_reader() const noexcept;
  static std::size_t reclaim(Retired* first) noexcept;

  rt::Atomic<std::uint64_t> now_{1};
  PerThread<Reader> readers_;
  PerThread<Limbo> limbos_;
  Limbo shared_limbo_;  // of threads that have none of their own
};

}  // namespace freshet::detail
