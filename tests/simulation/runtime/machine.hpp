// Machine: the simulated computer. Threads are fibers on one thread of the real one, time is a number, and a seed decides
// who goes on at each switch point.
//
// A switch point is wherever a thread of the program could be overtaken: each lock, unlock, wait, atomic access and look at
// the clock. Between two of them nothing else runs. The cost of one is a decrement: the scheduler says how many points lie
// ahead until it wants to be asked again. Outside of run() nothing switches, so that set-up code is plain code.
//
// What a run does follows from its seed alone: threads are numbered, and memory comes from an arena that starts at the same
// address each time (arena.hpp), for addresses choose slots in tables.
//
// A thread that waits says for what and where (file and line), for the report of a deadlock. After one, and after a run that
// does not end, the stacks are abandoned without being unwound, and the process is good for no further run of the same
// objects; the machine itself is.
//
// Several processes may be simulated at once (begin_process()): each numbers its own threads. What is static they share.
// One machine per process of the real machine. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulation/runtime/scheduler.hpp"

namespace freshet::simulation {

/// Switch points until the machine is asked. Beyond reach while nothing may switch.
inline constexpr std::int64_t kNoPoint = std::numeric_limits<std::int64_t>::max() / 2;
inline std::int64_t points_left = kNoPoint;
/// The thread that runs; -1 outside of run(). Its number within its process; 0 outside of run(). And how many wait. Here, for what is
/// done at every lock.
inline int thread_now = -1;
inline int number_now = 0;
inline std::size_t threads_waiting = 0;

/// Where the source stands that asks for something. Taken by default arguments.
struct Place {
  const char* file = "";
  int line = 0;
};

/// What a lock is: whether it is held, and since where. The address stands for it.
struct Holder {
  bool held = false;
  int thread = -1;  // of the newest holder; -1: none, or the set-up
  Place place{};
};

enum class Waits : std::uint8_t { nothing, mutex, reader, writer, condition, time, work };

/// What goes wrong other than by a wrong answer.
enum class Stop : std::uint8_t { none, deadlock, endless };

/// What faults a run may have: chances are one in so many, zero for never.
struct Faults {
  std::uint32_t spurious_wake = 0;      // a wait on a condition ends at once
  std::uint32_t spurious_failure = 0;   // of try_lock and compare_exchange_weak
  std::uint32_t failed_allocation = 0;  // while armed
  std::uint32_t timers = 0;             // how many timers may fire before they must
};

struct Fiber;

class Machine {
 public:
  /// Of one run; under the cooperative scheduler there may be as many as there is memory for.
  static constexpr std::size_t kMostFibers = 24;
  /// Of one run; under the cooperative scheduler from one wait of a thread to the next.
  static constexpr std::int64_t kMostPoints = 4'000'000;

  static Machine& here();

  /// Makes everything that follows a function of the seed. Call before the set-up of a run.
  void begin(std::uint64_t seed, const ScheduleOptions& schedule, const Faults& faults);

  /// The threads that are added from here on are those of another process: they are numbered from one on again.
  void begin_process() noexcept { process_ = used_; }

  /// Adds a thread that starts when run() does, or at once within it. `daemon`: run() does not wait for it.
  void spawn(std::string_view name, std::function<void()> body, bool daemon = false);

  /// Runs until every thread that is no daemon has ended and every daemon waits, or none can go on.
  Stop run();

  /// Forgets the threads. Values that belong to the thread of the set-up are destroyed.
  void end();

  static int current_id() noexcept { return thread_now; }
  bool running() const noexcept { return running_; }

  /// Asks the scheduler. Called when points_left reaches zero.
  void switch_now();
  /// Lets the scheduler choose at this point, whatever it had planned.
  void give_way();

  /// Waits until wake(address). Whoever waits tests its condition again.
  void block(Waits what, const void* address, Place place);
  static void wake(const void* address) {
    if (threads_waiting != 0) here().wake_all(address);
  }
  /// The same, waking whoever waits at `first` in the same step.
  void block_and_wake(Waits what, const void* address, const void* first, Place place);

  static constexpr std::int64_t kKernelTick =
      4'000'000;  // nanoseconds: how late the cheap clock is, at most

  /// Virtual time in nanoseconds. It stands still while nothing switches.
  std::int64_t now() noexcept {
    if (points_left < kNoPoint / 2) now_ += kClockTick;
    return now_;
  }
  std::int64_t peek_now() const noexcept { return now_; }
  /// Time passes for all; timers that are due fire.
  void pass_time(std::int64_t nanoseconds);
  /// The current thread waits.
  void sleep(std::int64_t nanoseconds);
  /// Calls `fire` at `at`, on the stack of whoever notices: it must not switch.
  void add_timer(std::int64_t at, std::function<void()> fire);

  /// Draws for faults.
  bool happens(std::uint32_t one_in) noexcept {
    return one_in != 0 && faults_random_.below(one_in) == 0;
  }
  const Faults& faults() const noexcept { return faults_; }
  Random& fault_random() noexcept { return faults_random_; }

  /// A number for everything that was decided: equal for equal runs.
  std::uint64_t fingerprint() const noexcept { return fingerprint_; }
  std::int64_t points() const noexcept { return points_before_ + (planned_ - points_left); }
  std::uint64_t switches() const noexcept { return switches_; }

  /// What each thread waits for, one a line.
  std::string describe_waiting() const;
  const std::string& thread_name(int id) const;

  /// Where the value of a thread_local_value lives. `index` is its number among all of them.
  void* local(std::size_t index, void (*construct)(void*), void (*destroy)(void*));

  /// Called at each switch to another thread, if set. For traces.
  std::function<void(int from, int to)> on_switch{};

 private:
  static constexpr std::int64_t kClockTick = 50;

  Machine();
  void wake_all(const void* address);
  void plan();
  void decide(bool must_leave);
  void switch_to(Fiber& next);
  Fiber* choose(bool must_leave);
  bool fire_next_timer();
  void stop_with(Stop reason);
  Fiber* next_in_turn(bool must_leave);
  std::size_t runnable(std::array<Fiber*, kMostFibers>& into) const;
  void let_go_on(Fiber& fiber);
  void note_waiting(Fiber& fiber) noexcept;
  void forget_waiting(Fiber& fiber) noexcept;
  template <class Visit>
  void unblock_all(const void* address, const Visit& visit);
  void destroy_locals(Fiber& fiber);
  static void enter(Fiber& fiber);
  friend struct FiberStart;

  // Who waits, by what for: few addresses share a list, however many threads there are.
  static constexpr int kWaitingBits = 12;
  static std::size_t list_of(const void* address) noexcept {
    return static_cast<std::size_t>(
        reinterpret_cast<std::uintptr_t>(address) * 0x9E37'79B9'7F4A'7C15U >> (64 - kWaitingBits));
  }

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::array<Fiber*, std::size_t{1} << kWaitingBits> waiting_{};
  Fiber* first_in_turn_ = nullptr;  // who can go on, under the cooperative scheduler
  Fiber* last_in_turn_ = nullptr;
  std::unique_ptr<Fiber> outside_;
  std::size_t used_ = 0;
  std::size_t process_ = 0;  // the first thread of the process that threads are added to
  Fiber* current_ = nullptr;
  bool running_ = false;
  Stop stop_ = Stop::none;
  std::size_t unfinished_ = 0;
  Scheduler scheduler_;
  Faults faults_;
  Random faults_random_{0};
  std::uint32_t timers_left_ = 0;
  std::int64_t now_ = 0;
  std::multimap<std::int64_t, std::function<void()>>
      timers_;  // equal times: in the order of adding
  std::int64_t planned_ = kNoPoint;
  std::int64_t points_before_ = 0;
  std::uint64_t switches_ = 0;
  std::uint64_t fingerprint_ = 0;
};

inline void switch_point() {
  if (--points_left == 0) Machine::here().switch_now();
}

/// Whether try_lock, or a weak exchange, fails for no reason.
inline bool fails_spuriously() noexcept {
  Machine& machine = Machine::here();
  return machine.happens(machine.faults().spurious_failure);
}

/// While it lives, nothing switches and the clock stands still. For looks at the inside, in the middle of a run.
class Quiet {
 public:
  Quiet() noexcept : left_(points_left) { points_left = kNoPoint; }
  ~Quiet() { points_left = left_; }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  std::int64_t left_;
};

}  // namespace freshet::simulation
