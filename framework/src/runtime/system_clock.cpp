#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"

namespace freshet {
namespace {

class SystemClock final : public Clock {
 public:
  Instant now() const noexcept override { return Instant(Duration(detail::rt::boot_time_ns())); }
};

}  // namespace

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace freshet
