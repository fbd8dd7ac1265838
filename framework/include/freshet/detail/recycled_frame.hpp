// RecycledFrame: a coroutine whose frame comes from a few blocks that each thread keeps, so that a hit allocates nothing.
//
// An awaitable is a frame, also one that has its value already. Asio keeps one frame per thread for reuse, and whoever awaits a hit is
// often running in it (docs/decisions/0025). A coroutine that takes a Recycled first has its frame from here. This leans on how
// awaitables are made in Boost 1.74 (Asio 1.18.0); with any other the frames are Asio's own.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <new>
#include <utility>

#include "freshet/detail/coro_support.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

/// Says that the frame is to be recycled.
struct Recycled {};

/// Blocks of one size that a thread keeps. Confined to its thread.
class FrameBlocks {
 public:
  static constexpr std::size_t kBytes = 512;

  static void* take(std::size_t size) {
    if (size > kBytes) return ::operator new(size);
    FrameBlocks* const own = of_thread();
    if (own == nullptr || own->count_ == 0) return ::operator new(kBytes);
    return own->blocks_[--own->count_];
  }
  static void give_back(void* block, std::size_t size) noexcept {
    FrameBlocks* const own = size > kBytes ? nullptr : of_thread();
    if (own == nullptr || own->count_ == own->blocks_.size()) return ::operator delete(block);
    own->blocks_[own->count_++] = block;
  }

  FrameBlocks() = default;
  ~FrameBlocks() {
    has_ended() = true;
    for (std::size_t i = 0; i < count_; ++i) ::operator delete(blocks_[i]);
  }
  FrameBlocks(const FrameBlocks&) = delete;
  FrameBlocks& operator=(const FrameBlocks&) = delete;

 private:
  struct Tag;
  /// Null in a thread whose blocks are gone.
  static FrameBlocks* of_thread() noexcept {
    return has_ended() ? nullptr : &rt::thread_local_value<FrameBlocks, Tag>();
  }
  static bool& has_ended() noexcept { return rt::thread_local_value<bool, Tag>(); }

  std::array<void*, 4> blocks_{};
  std::size_t count_ = 0;
};

#if BOOST_ASIO_VERSION == 101800
template <class T>
class RecycledFrame : public boost::asio::detail::awaitable_frame<T, boost::asio::any_io_executor> {
  using Base = boost::asio::detail::awaitable_frame<T, boost::asio::any_io_executor>;

 public:
  static void* operator new(std::size_t size) { return FrameBlocks::take(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    FrameBlocks::give_back(frame, size);
  }

  boost::asio::awaitable<T> get_return_object() noexcept {
    boost::asio::awaitable<T> made = Base::get_return_object();
    this->coro_ = std::coroutine_handle<RecycledFrame>::from_promise(*this);
    return made;
  }
};
#endif

}  // namespace freshet::detail

#if BOOST_ASIO_VERSION == 101800
template <class T, class... Arguments>
struct std::coroutine_traits<boost::asio::awaitable<T>, freshet::detail::Recycled, Arguments...> {
  using promise_type = freshet::detail::RecycledFrame<T>;
};
#endif
