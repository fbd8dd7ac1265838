#include "simulation/runtime/machine.hpp"

#include <cxxabi.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "simulation/runtime/arena.hpp"

namespace freshet::simulation {
namespace {

namespace context = boost::context::detail;

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kGuardBytes = 4096;
constexpr std::size_t kLocals = 16;
constexpr std::size_t kLocalBytes = 64;

// What the C++ run time keeps per thread of exceptions in flight (Itanium C++ ABI, 2.2.2): each fiber has its own.
struct Exceptions {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

void swap_exceptions(Exceptions& leaves, const Exceptions& comes) noexcept {
  void* globals = abi::__cxa_get_globals();
  std::memcpy(&leaves, globals, sizeof(Exceptions));
  std::memcpy(globals, &comes, sizeof(Exceptions));
}

void* new_stack() {
  void* memory = ::mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::mprotect(memory, kGuardBytes, PROT_NONE);
  return memory;
}

}  // namespace

enum class FiberState : std::uint8_t { idle, runnable, blocked, stuck };

struct Fiber {
  struct Local {
    alignas(64) std::byte bytes[kLocalBytes];
    void (*destroy)(void*) = nullptr;
  };

  int id = -1;
  int number = 0;  // within its process
  FiberState state = FiberState::idle;
  bool daemon = false;
  Waits waits = Waits::nothing;
  const void* address = nullptr;
  Place place{};
  Fiber* next_waiting = nullptr;
  Fiber** here_waiting = nullptr;  // what points at it while it waits
  Fiber* next_in_turn = nullptr;
  std::string name;
  std::function<void()> body;
  context::fcontext_t context = nullptr;
  void* stack = nullptr;
  Exceptions exceptions;
  std::array<Local, kLocals> locals{};
  std::array<std::uint8_t, kLocals> made{};  // indexes of locals, in the order of making
  std::size_t made_count = 0;
};

struct FiberStart {
  static void start(context::transfer_t from) {
    auto* before = static_cast<Fiber*>(from.data);
    before->context = from.fctx;
    Machine::enter(*Machine::here().current_);
  }
};

Machine& Machine::here() {
  static Machine machine;
  return machine;
}

Machine::Machine() : outside_(std::make_unique<Fiber>()) {
  outside_->name = "set-up";
  current_ = outside_.get();
}

void Machine::begin(std::uint64_t seed, const ScheduleOptions& schedule, const Faults& faults) {
  scheduler_.begin(seed ^ 0xC0FF'EE00'5EED'0001U, schedule);
  faults_ = faults;
  faults_random_ = Random(seed ^ 0xFA17'0000'0000'0002U);
  timers_left_ = faults.timers;
  now_ = 3'600'000'000'000;
  timers_.clear();
  points_before_ = 0;
  planned_ = kNoPoint;
  points_left = kNoPoint;
  switches_ = 0;
  fingerprint_ = seed;
  unfinished_ = 0;
  threads_waiting = 0;
  used_ = 0;
  process_ = 0;
  stop_ = Stop::none;
}

void Machine::spawn(std::string_view name, std::function<void()> body, bool daemon) {
  const ArenaPause pause;
  if (used_ == kMostFibers && scheduler_.preempts())
    throw std::logic_error("too many simulated threads");
  if (used_ == fibers_.size()) fibers_.emplace_back();
  std::unique_ptr<Fiber>& place = fibers_[used_];
  if (!place || place->state == FiberState::stuck) {
    void* stack = place ? place->stack : new_stack();
    place = std::make_unique<Fiber>();
    place->stack = stack;
    place->context = context::make_fcontext(static_cast<char*>(stack) + kGuardBytes + kStackBytes,
                                            kStackBytes, &FiberStart::start);
  }
  Fiber& fiber = *place;
  fiber.id = static_cast<int>(used_++);
  fiber.number = static_cast<int>(used_ - process_);
  fiber.name.assign(name);
  fiber.body = std::move(body);
  fiber.daemon = daemon;
  let_go_on(fiber);
  fiber.waits = Waits::nothing;
  fiber.exceptions = {};
  if (!daemon) ++unfinished_;
}

// A fiber's whole life: body after body.
void Machine::enter(Fiber& fiber) {
  Machine& machine = here();
  for (;;) {
    fiber.body();
    {
      const Quiet quiet;
      machine.destroy_locals(fiber);
      const ArenaPause pause;
      fiber.body = nullptr;
    }
    fiber.state = FiberState::idle;
    if (!fiber.daemon) --machine.unfinished_;
    machine.decide(true);
  }
}

void Machine::switch_to(Fiber& next) {
  Fiber& before = *current_;
  if (&next == &before) return;
  if (ArenaPause::any()) {
    std::fputs("simulation: a switch while memory comes from the heap\n", stderr);
    std::abort();
  }
  if (on_switch) on_switch(before.id, next.id);
  ++switches_;
  fingerprint_ = (fingerprint_ ^ static_cast<std::uint64_t>(points() * 64 + next.id + 1)) *
                 0x9E37'79B9'7F4A'7C15U;
  fingerprint_ ^= fingerprint_ >> 29;
  swap_exceptions(before.exceptions, next.exceptions);
  current_ = &next;
  thread_now = next.id;
  number_now = next.number;
  const context::transfer_t from = context::jump_fcontext(next.context, &before);
  static_cast<Fiber*>(from.data)->context = from.fctx;
}

Stop Machine::run() {
  running_ = true;
  stop_ = Stop::none;
  if (unfinished_ > 0) {
    plan();
    decide(true);
  }
  points_before_ = points();
  planned_ = points_left = kNoPoint;
  running_ = false;
  return stop_;
}

void Machine::end() {
  const Quiet quiet;
  for (std::size_t i = 0; i < used_; ++i) {
    Fiber& fiber = *fibers_[i];
    if (fiber.state == FiberState::blocked) forget_waiting(fiber);
    if (fiber.state != FiberState::idle) {
      fiber.state = FiberState::stuck;
      // What it owns is in the arena, which forgets it: not to be destroyed.
      new (&fiber.body) std::function<void()>();
    }
  }
  destroy_locals(*outside_);
  timers_.clear();
  first_in_turn_ = last_in_turn_ = nullptr;
  used_ = 0;
}

void Machine::let_go_on(Fiber& fiber) {
  fiber.state = FiberState::runnable;
  if (scheduler_.preempts()) return;
  fiber.next_in_turn = nullptr;
  (last_in_turn_ == nullptr ? first_in_turn_ : last_in_turn_->next_in_turn) = &fiber;
  last_in_turn_ = &fiber;
}

void Machine::note_waiting(Fiber& fiber) noexcept {
  Fiber*& first = waiting_[list_of(fiber.address)];
  fiber.next_waiting = first;
  fiber.here_waiting = &first;
  if (first != nullptr) first->here_waiting = &fiber.next_waiting;
  first = &fiber;
  ++threads_waiting;
}

void Machine::forget_waiting(Fiber& fiber) noexcept {
  *fiber.here_waiting = fiber.next_waiting;
  if (fiber.next_waiting != nullptr) fiber.next_waiting->here_waiting = fiber.here_waiting;
  --threads_waiting;
}

// Lets go on who waits there, and tells `visit` of each.
template <class Visit>
void Machine::unblock_all(const void* address, const Visit& visit) {
  for (Fiber* fiber = waiting_[list_of(address)]; fiber != nullptr;) {
    Fiber* const next = fiber->next_waiting;
    if (fiber->address == address) {
      forget_waiting(*fiber);
      let_go_on(*fiber);
      visit(*fiber);
    }
    fiber = next;
  }
}

void Machine::plan() {
  points_before_ = points();
  planned_ = points_left = std::min(scheduler_.next_distance(), kMostPoints + 1);
}

std::size_t Machine::runnable(std::array<Fiber*, kMostFibers>& into) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    if (fibers_[i]->state == FiberState::runnable) into[count++] = fibers_[i].get();
  }
  return count;
}

bool Machine::fire_next_timer() {
  if (timers_.empty()) return false;
  const auto first = timers_.begin();
  now_ = std::max(now_, first->first);
  const std::function<void()> fire = std::move(first->second);
  timers_.erase(first);
  fire();
  return true;
}

// Under the cooperative scheduler. Time moves when nobody can go on.
Fiber* Machine::next_in_turn(bool must_leave) {
  if (!must_leave) let_go_on(*current_);
  while (first_in_turn_ == nullptr) {
    if (unfinished_ == 0) return outside_.get();
    if (!fire_next_timer()) return nullptr;
  }
  Fiber* const next = first_in_turn_;
  first_in_turn_ = next->next_in_turn;
  if (first_in_turn_ == nullptr) last_in_turn_ = nullptr;
  return next;
}

Fiber* Machine::choose(bool must_leave) {
  if (!scheduler_.preempts()) return next_in_turn(must_leave);
  std::array<Fiber*, kMostFibers> able;
  if (timers_left_ > 0 && unfinished_ > 0 && !timers_.empty() && scheduler_.wants_timer()) {
    --timers_left_;
    fire_next_timer();
  }
  std::size_t count = runnable(able);
  while (count == 0) {
    if (unfinished_ == 0) return outside_.get();
    if (!fire_next_timer()) return nullptr;
    count = runnable(able);
  }
  std::array<int, kMostFibers> ids;
  for (std::size_t i = 0; i < count; ++i) ids[i] = able[i]->id;
  return able[scheduler_.choose(ids.data(), count, must_leave ? -1 : current_->id)];
}

void Machine::stop_with(Stop reason) {
  stop_ = reason;
  points_left = kNoPoint;
  switch_to(*outside_);
}

void Machine::decide(bool must_leave) {
  const std::int64_t left = points_left;
  points_left = kNoPoint;  // timers run their course
  planned_ += kNoPoint - left;
  Fiber* next = choose(must_leave);
  points_left = left;
  planned_ -= kNoPoint - left;
  if (next == nullptr) return stop_with(Stop::deadlock);
  if (points() > kMostPoints && scheduler_.preempts()) return stop_with(Stop::endless);
  if (scheduler_.kind() != SchedulerKind::priority || points_left <= 0) plan();
  switch_to(*next);
}

void Machine::switch_now() {
  if (!running_ || current_ == outside_.get()) {
    points_left = kNoPoint;
    return;
  }
  if (!scheduler_.preempts()) return stop_with(Stop::endless);
  decide(false);
}

void Machine::give_way() {
  if (running_ && points_left < kNoPoint / 2) decide(false);
}

void Machine::block(Waits what, const void* address, Place place) {
  block_and_wake(what, address, nullptr, place);
}

void Machine::block_and_wake(Waits what, const void* address, const void* first, Place place) {
  if (!running_ || current_ == outside_.get() || points_left > kNoPoint / 2)
    throw std::logic_error(fmt::format("set-up code waits at {}:{}", place.file, place.line));
  Fiber& self = *current_;
  self.state = FiberState::blocked;
  self.waits = what;
  self.address = address;
  self.place = place;
  note_waiting(self);
  if (first != nullptr) unblock_all(first, [](const Fiber&) {});
  decide(true);
  self.waits = Waits::nothing;
}

// Marks all before it switches: what stands at `address` may be gone afterwards.
void Machine::wake_all(const void* address) {
  bool overtaken = false;
  unblock_all(address, [&](const Fiber& fiber) {
    overtaken = overtaken || (current_->id >= 0 && scheduler_.overtakes(fiber.id, current_->id));
  });
  if (overtaken) give_way();
}

void Machine::pass_time(std::int64_t nanoseconds) {
  const std::int64_t until = now_ + nanoseconds;
  while (!timers_.empty() && timers_.begin()->first <= until) fire_next_timer();
  now_ = std::max(now_, until);
  give_way();
}

void Machine::sleep(std::int64_t nanoseconds) {
  Fiber& self = *current_;
  bool over = false;
  add_timer(now_ + nanoseconds, [&self, &over] {
    over = true;
    wake(&self);
  });
  while (!over) block(Waits::time, &self, {});
}

void Machine::add_timer(std::int64_t at, std::function<void()> fire) {
  const ArenaPause pause;
  timers_.emplace(at, std::move(fire));
}

std::string Machine::describe_waiting() const {
  static constexpr const char* kWhat[] = {
      "nothing", "a mutex", "a shared mutex, to read", "a shared mutex, to write", "a condition",
      "time",    "work"};
  std::string text;
  for (std::size_t i = 0; i < used_; ++i) {
    const Fiber& fiber = *fibers_[i];
    if (fiber.state != FiberState::blocked) continue;
    if (fiber.daemon && fiber.waits == Waits::work) continue;
    text += fmt::format("  {} waits for {} at {}:{}", fiber.name,
                        kWhat[static_cast<std::size_t>(fiber.waits)], fiber.place.file,
                        fiber.place.line);
    if (fiber.waits == Waits::mutex || fiber.waits == Waits::reader ||
        fiber.waits == Waits::writer) {
      const auto* holder = static_cast<const Holder*>(fiber.address);
      if (holder->thread >= 0) {
        text += fmt::format(", held by {} since {}:{}", thread_name(holder->thread),
                            holder->place.file, holder->place.line);
      }
    }
    text += '\n';
  }
  return text;
}

const std::string& Machine::thread_name(int id) const {
  return id < 0 ? outside_->name : fibers_[static_cast<std::size_t>(id)]->name;
}

void* Machine::local(std::size_t index, void (*construct)(void*), void (*destroy)(void*)) {
  if (index >= kLocals) throw std::logic_error("too many thread-local values");
  Fiber::Local& local = current_->locals[index];
  if (local.destroy == nullptr) {
    construct(local.bytes);
    local.destroy = destroy;
    current_->made[current_->made_count++] = static_cast<std::uint8_t>(index);
  }
  return local.bytes;
}

void Machine::destroy_locals(Fiber& fiber) {
  while (fiber.made_count > 0) {
    Fiber::Local& local = fiber.locals[fiber.made[--fiber.made_count]];
    std::exchange(local.destroy, nullptr)(local.bytes);
  }
}

}  // namespace freshet::simulation
