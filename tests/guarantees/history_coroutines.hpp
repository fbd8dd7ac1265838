// Coroutines, and the contexts that run them, for readers that take steps: what Boost.Asio is to freshet/coro.hpp.
//
// The steps themselves are those of production (detail/coro_steps.hpp, detail/parked_wait.hpp); here is what they stand on, as Asio has it.
// A coroutine is a strand of frames, each awaited by the one before. What resumes a strand owns it: who destroys the handler destroys
// the frames, the innermost first. A spawned coroutine begins, and a handler resumes, in a Loop that several threads run, each strand on
// whichever comes. A context that is destroyed lets everything go that waits in it, once nobody runs any of it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "freshet/detail/coro_steps.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "guarantees/history_configuration.hpp"

namespace freshet::testing::history {

class Context;
class Loop;
struct Strand;

/// What a loader throws that was given up.
struct Cancelled {};

template <class Value>
class Awaitable;

/// Coro of detail/coro_steps.hpp.
struct Coroutines {
  template <class Value>
  using Awaitable = history::Awaitable<Value>;
  struct Executor {
    Context* context = nullptr;
    std::shared_ptr<const detail::Scopes> scopes{};
  };
  static constexpr struct AskExecutor {
  } executor{};

  /// Owns the strand until it is resumed.
  class Handler {
   public:
    explicit Handler(Strand* strand) noexcept : strand_(strand) {}
    const Executor& executor() const noexcept;
    void resume() &&;

   private:
    struct Destroy {
      void operator()(Strand* strand) const noexcept;
    };
    std::unique_ptr<Strand, Destroy> strand_;
  };

  static void post(Handler handler);
  template <class Take>
  static Awaitable<void> suspended(Take take);
  static void spawn(const Executor& on, Awaitable<void> coroutine);
  static Executor scoped(const Executor& around, detail::Scopes scopes) {
    return {around.context, std::make_shared<const detail::Scopes>(std::move(scopes))};
  }
  static detail::ParkedWaits<Coroutines>& waits_of(const Executor& of) noexcept;
  static bool is_cancellation(const std::exception_ptr& error) noexcept {
    try {
      std::rethrow_exception(error);
    } catch (const Cancelled&) {
      return true;
    } catch (...) {
      return false;
    }
  }
};
using Handler = Coroutines::Handler;

/// What every frame has.
struct Frame {
  Strand* strand = nullptr;
  std::coroutine_handle<> awaited_by{};  // none: the first of its strand
  std::exception_ptr error{};

  struct End {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) noexcept;
    void await_resume() const noexcept {}
  };
  struct Asked {
    const Coroutines::Executor& executor;
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    Coroutines::Executor await_resume() const { return executor; }
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  End final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
  Asked await_transform(Coroutines::AskExecutor) const noexcept;
  template <class Other>
  Other&& await_transform(Other&& other) const noexcept {
    return std::forward<Other>(other);
  }
};

template <class Value>
struct FrameOf : Frame {
  std::optional<Value> value{};
  Awaitable<Value> get_return_object() noexcept;
  template <class From>
  void return_value(From&& from) {
    value.emplace(std::forward<From>(from));
  }
  Value take() { return std::move(*value); }
};
template <>
struct FrameOf<void> : Frame {
  Awaitable<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

template <class Value>
class Awaitable {
 public:
  using promise_type = FrameOf<Value>;

  explicit Awaitable(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  Awaitable(Awaitable&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Awaitable& operator=(Awaitable&&) = delete;
  ~Awaitable() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> by) noexcept {
    frame_.promise().strand = by.promise().strand;
    frame_.promise().awaited_by = by;
    return frame_;
  }
  Value await_resume() {
    if (frame_.promise().error) std::rethrow_exception(frame_.promise().error);
    return frame_.promise().take();
  }

 private:
  friend struct Strand;
  std::coroutine_handle<promise_type> frame_;
};

template <class Value>
Awaitable<Value> FrameOf<Value>::get_return_object() noexcept {
  return Awaitable<Value>(std::coroutine_handle<FrameOf>::from_promise(*this));
}
inline Awaitable<void> FrameOf<void>::get_return_object() noexcept {
  return Awaitable<void>(std::coroutine_handle<FrameOf>::from_promise(*this));
}

struct Strand {
  Strand(Coroutines::Executor runs, Awaitable<void> coroutine) noexcept
      : executor(std::move(runs)), first(std::move(coroutine)), next(first.frame_) {
    first.frame_.promise().strand = this;
  }

  const Coroutines::Executor executor;
  Awaitable<void> first;
  std::coroutine_handle<> next;  // while it is suspended
  bool* has_ended = nullptr;     // of whoever resumed it last
};

inline Frame::Asked Frame::await_transform(Coroutines::AskExecutor) const noexcept {
  return {strand->executor};
}

template <class Promise>
std::coroutine_handle<> Frame::End::await_suspend(std::coroutine_handle<Promise> frame) noexcept {
  Frame& ended = frame.promise();
  if (ended.awaited_by) return ended.awaited_by;
  if (ended.error) std::terminate();  // a mistake of the test, or a finding: the seed is said
  *ended.strand->has_ended = true;
  return std::noop_coroutine();
}

inline const Coroutines::Executor& Handler::executor() const noexcept { return strand_->executor; }
// Unless it has ended it is owned by the next handler, which another thread may have resumed by now.
inline void Handler::resume() && {
  Strand* const strand = strand_.release();
  bool has_ended = false;
  strand->has_ended = &has_ended;
  strand->next.resume();
  if (has_ended) delete strand;
}
inline void Handler::Destroy::operator()(Strand* strand) const noexcept { delete strand; }

template <class Take>
Awaitable<void> Coroutines::suspended(Take take) {
  struct Suspension {
    Take& take;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<FrameOf<void>> frame) {
      Take own = std::move(take);
      Strand* const strand = frame.promise().strand;
      strand->next = frame;
      own(Handler(strand));  // from there on all this may be gone
    }
    void await_resume() const noexcept {}
  };
  Suspension suspension{take};
  co_await suspension;
}

/// What an io_context is. Everything in it belongs to the lock of its loop, but for the waits.
class Context {
 public:
  explicit Context(Loop& loop) noexcept : loop_(loop) {}

 private:
  friend class Loop;
  friend struct Coroutines;

  Loop& loop_;
  detail::ParkedWaits<Coroutines> waits_;
  std::deque<Handler> ready_;
  std::vector<Handler> asleep_;  // until their origin answers
  int running_ = 0;
};

/// Several contexts, and who runs them. Thread-safe. Locks: its own; a handler is posted under that of a ParkedWait.
class Loop {
 public:
  explicit Loop(std::size_t contexts) {
    for (std::size_t i = 0; i < contexts; ++i)
      contexts_.push_back(std::make_unique<Context>(*this));
  }

  /// A reader that somebody waits for: the loop does not end before it has gone.
  class Alive {
   public:
    explicit Alive(Loop& loop) : loop_(loop) {
      detail::rt::Lock lock(loop_.mutex_);
      ++loop_.alive_;
    }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() {
      detail::rt::Lock lock(loop_.mutex_);
      if (--loop_.alive_ == 0) loop_.changed_.notify_all();
    }

   private:
    Loop& loop_;
  };

  /// Begins a coroutine in one of the contexts.
  void start(Dice& dice, Awaitable<void> coroutine) {
    detail::rt::Lock lock(mutex_);
    Context& context = *contexts_[drawn(dice)];
    add(context, Handler(new Strand({&context}, std::move(coroutine))));
  }
  void post(Handler handler) {
    detail::rt::Lock lock(mutex_);
    Context& context = *handler.executor().context;
    add(context, std::move(handler));
  }
  void put_to_sleep(Handler handler) {
    detail::rt::Lock lock(mutex_);
    handler.executor().context->asleep_.push_back(std::move(handler));
    changed_.notify_all();
  }

  /// Runs what there is to run until stop() was called and no reader is left.
  void run(Dice dice);
  void stop() {
    detail::rt::Lock lock(mutex_);
    stops_ = true;
    changed_.notify_all();
  }

  /// Drops an operation that a loader waits for, if any does, and with it the loader and whoever reads by it.
  void drop_one(Dice& dice);
  /// Destroys a context, once nobody runs any of it, with all that waits there; another one takes its place.
  void destroy_one(Dice& dice);

 private:
  std::size_t drawn(Dice& dice) const FRESHET_REQUIRES(mutex_) {
    return dice.below(static_cast<std::uint32_t>(contexts_.size()));
  }
  void add(Context& context, Handler handler) FRESHET_REQUIRES(mutex_) {
    context.ready_.push_back(std::move(handler));
    changed_.notify_all();
  }
  static Handler take_out(std::vector<Handler>& handlers, Dice& dice) {
    const auto at = handlers.begin() + dice.below(static_cast<std::uint32_t>(handlers.size()));
    Handler taken = std::move(*at);
    handlers.erase(at);
    return taken;
  }
  std::optional<Handler> next(Dice& dice) FRESHET_REQUIRES(mutex_);
  static void resume(Handler handler) {
    std::optional<detail::ScopesGuard> open;
    if (const auto scopes = handler.executor().scopes) open.emplace(*scopes);
    std::move(handler).resume();
  }

  detail::rt::Mutex mutex_;
  detail::rt::CondVar changed_;
  std::vector<std::unique_ptr<Context>> contexts_ FRESHET_GUARDED_BY(mutex_);
  int alive_ FRESHET_GUARDED_BY(mutex_) = 0;
  bool stops_ FRESHET_GUARDED_BY(mutex_) = false;
};

// Any of the contexts, what is ready or what its origin has answered meanwhile, as it comes.
inline std::optional<Handler> Loop::next(Dice& dice) {
  const std::size_t first = drawn(dice);
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    Context& context = *contexts_[(first + i) % contexts_.size()];
    std::optional<Handler> next;
    if (!context.asleep_.empty() && (context.ready_.empty() || dice.below(4) == 0)) {
      next.emplace(take_out(context.asleep_, dice));
    } else if (!context.ready_.empty()) {
      next.emplace(std::move(context.ready_.front()));
      context.ready_.pop_front();
    }
    if (!next) continue;
    ++context.running_;
    return next;
  }
  return std::nullopt;
}

inline void Loop::run(Dice dice) {
  mutex_.lock();
  while (!stops_ || alive_ != 0) {
    std::optional<Handler> handler = next(dice);
    if (!handler) {
      changed_.wait(mutex_);
      continue;
    }
    Context& context = *handler->executor().context;  // stays while it is run
    mutex_.unlock();
    resume(*std::exchange(handler, std::nullopt));
    mutex_.lock();
    if (--context.running_ == 0) changed_.notify_all();
  }
  mutex_.unlock();
}

inline void Loop::drop_one(Dice& dice) {
  std::optional<Handler> gone;  // after the lock
  detail::rt::Lock lock(mutex_);
  std::vector<Handler>& asleep = contexts_[drawn(dice)]->asleep_;
  if (!asleep.empty()) gone.emplace(take_out(asleep, dice));
}

inline void Loop::destroy_one(Dice& dice) {
  std::unique_ptr<Context> gone;
  {
    detail::rt::Lock lock(mutex_);
    std::unique_ptr<Context>& place = contexts_[drawn(dice)];
    gone = std::exchange(place, std::make_unique<Context>(*this));
    while (gone->running_ != 0) changed_.wait(mutex_);
  }
  gone->waits_.close();  // as execution_context does, with the services that came last
  std::deque<Handler> ready;
  std::vector<Handler> asleep;
  detail::rt::Lock lock(mutex_);
  ready.swap(gone->ready_);
  asleep.swap(gone->asleep_);
  lock.unlock();
}

inline void Coroutines::post(Handler handler) {
  Loop& loop = handler.executor().context->loop_;
  loop.post(std::move(handler));
}
inline void Coroutines::spawn(const Executor& on, Awaitable<void> coroutine) {
  post(Handler(new Strand(on, std::move(coroutine))));
}
inline detail::ParkedWaits<Coroutines>& Coroutines::waits_of(const Executor& of) noexcept {
  return of.context->waits_;
}

/// What a loader awaits: resumed by whoever runs the loop, when its origin answers.
inline Awaitable<void> origin_answers(Loop& loop) {
  const auto sleep = [&loop](Handler handler) { loop.put_to_sleep(std::move(handler)); };
  return Coroutines::suspended(sleep);
}

}  // namespace freshet::testing::history

template <class Value>
struct freshet::detail::Awaited<freshet::testing::history::Awaitable<Value>> {
  using type = Value;
};
