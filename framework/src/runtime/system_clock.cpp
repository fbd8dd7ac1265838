#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet {
namespace {

// What is left until `until`, or `slice` if that is less.
void wait_a_slice(const Clock& clock, detail::rt::CondVar& condition, detail::rt::Mutex& mutex,
                  Instant until, Duration slice) FRESHET_REQUIRES(mutex) {
  const Instant now = clock.now();
  if (until <= now) return;
  const bool is_far = until > later(now, slice);
  condition.wait_for(mutex, (is_far ? slice : until - now).count());
}

// The kernel's cheap clock stands still while the machine is suspended. How long that was in all is added to it, and looked at anew
// whenever the two clocks have come apart.
class SystemClock final : public Clock {
 public:
  SystemClock() noexcept { note_suspension(); }

  Instant now() const noexcept override {
    const std::int64_t now = detail::rt::boot_time_ns();
    if (now - coarse() > kApart) note_suspension();
    return Instant(Duration(now));
  }

  Instant coarse_now() const noexcept override { return Instant(Duration(coarse())); }

  // By slices: what the system waits by stands still while the machine is suspended.
  void wait_until(detail::rt::CondVar& condition, detail::rt::Mutex& mutex,
                  Instant until) const override FRESHET_REQUIRES(mutex) {
    wait_a_slice(*this, condition, mutex, until, kWaitAtOnce);
  }

 private:
  static constexpr std::int64_t kApart = 20'000'000;  // more than two ticks of the slowest kernel
  static constexpr std::int64_t kAtOnce = 100'000;    // two clocks read within this are one moment
  static constexpr int kTries = 3;
  static constexpr Duration kWaitAtOnce = std::chrono::seconds{1};

  std::int64_t coarse() const noexcept {
    return detail::rt::coarse_running_time_ns() + suspended_.load(std::memory_order_relaxed);
  }

  void note_suspension() const noexcept {
    for (int i = 0; i < kTries; ++i) {
      const std::int64_t before = detail::rt::running_time_ns();
      const std::int64_t now = detail::rt::boot_time_ns();
      const std::int64_t after = detail::rt::running_time_ns();
      if (after - before > kAtOnce) continue;
      return suspended_.store(now - after, std::memory_order_relaxed);  // rather too little
    }
  }

  // relaxed: whoever reads an old one takes it to be a little earlier.
  mutable detail::rt::Atomic<std::int64_t> suspended_{0};
};

}  // namespace

void Clock::wait_until(detail::rt::CondVar& condition, detail::rt::Mutex& mutex,
                       Instant until) const {
  wait_a_slice(*this, condition, mutex, until, kWaitSlice);
}

WallTime Clock::wall_now() const noexcept { return WallTime(Duration(detail::rt::wall_time_ns())); }

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace freshet
