#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet {
namespace {

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

 private:
  static constexpr std::int64_t kApart = 20'000'000;  // more than two ticks of the slowest kernel
  static constexpr std::int64_t kAtOnce = 100'000;    // two clocks read within this are one moment
  static constexpr int kTries = 3;

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

WallTime Clock::wall_now() const noexcept { return WallTime(Duration(detail::rt::wall_time_ns())); }

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace freshet
