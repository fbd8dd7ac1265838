// PerThread<T>: a T for each thread, each on lines of its own, that the others may look at.
//
// Found by rt::thread_number(), so that whoever is the thread's first finds what the last thread of that number left: sums go on,
// and no memory is given up while the object lives. Made in chunks that double, at first use.
// Memory: at most twice as many T as there were threads at once, and kFirst.
// Thread-safe; a T's own members are what the threads agree upon.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

template <class T>
class PerThread {
 public:
  PerThread() = default;
  ~PerThread() {
    for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }
  PerThread(const PerThread&) = delete;
  PerThread& operator=(const PerThread&) = delete;

  /// The calling thread's. Null in a thread that is ending, and where there is no memory for it.
  T* mine() noexcept { return mine(rt::thread_number()); }
  /// The same for who has asked for its thread's number already.
  T* mine(std::size_t number) noexcept {
    if (number < kFirst) {  // most programs have no more threads; acquire: as below
      if (Place* const places = chunks_[0].load(std::memory_order_acquire))
        return &places[number].value;
    }
    return further(number);
  }

  /// Calls `visitor(T&)` for each that was made, used or not.
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    for (std::size_t chunk = 0; chunk < kChunks; ++chunk) {
      Place* const places = chunks_[chunk].load(std::memory_order_acquire);
      for (std::size_t i = 0; places != nullptr && i < size_of(chunk); ++i)
        visitor(places[i].value);
    }
  }

 private:
  static constexpr std::size_t kFirst = 8;    // threads of the first chunk; a power of two
  static constexpr std::size_t kChunks = 18;  // for a million threads at once

  struct alignas(64) Place {
    T value{};
  };

  // The first two chunks have kFirst places each, the others as many as all before them.
  static constexpr std::size_t chunk_of(std::size_t number) noexcept {
    return static_cast<std::size_t>(std::bit_width(number / kFirst));
  }
  static constexpr std::size_t size_of(std::size_t chunk) noexcept {
    return chunk == 0 ? kFirst : kFirst << (chunk - 1);
  }
  static constexpr std::size_t first_of(std::size_t chunk) noexcept {
    return chunk == 0 ? 0 : size_of(chunk);
  }

  // Not in line: the first chunk does for nearly everybody.
  [[gnu::noinline]] T* further(std::size_t number) noexcept {
    const std::size_t chunk = chunk_of(number);
    if (chunk >= kChunks) return nullptr;
    // acquire: pairs with the release in make(): the place is made before it is used.
    Place* places = chunks_[chunk].load(std::memory_order_acquire);
    if (places == nullptr && (places = make(chunk)) == nullptr) return nullptr;
    return &places[number - first_of(chunk)].value;
  }

  Place* make(std::size_t chunk) noexcept {
    Place* const made = new (std::nothrow) Place[size_of(chunk)];
    if (made == nullptr) return nullptr;
    Place* there = nullptr;
    if (chunks_[chunk].compare_exchange_strong(there, made, std::memory_order_release,
                                               std::memory_order_acquire)) {
      return made;
    }
    delete[] made;
    return there;
  }

  std::array<rt::Atomic<Place*>, kChunks> chunks_{};
};

}  // namespace freshet::detail
