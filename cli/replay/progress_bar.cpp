#include "replay/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace freshet::replay {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(100);
constexpr std::size_t kCells = 30;

}  // namespace

ProgressBar::ProgressBar(std::uint64_t total)
    : total_(total),
      on_terminal_(isatty(STDERR_FILENO) != 0),
      clock_(make_system_clock()),
      began_(clock_->now()),
      next_(began_ + kInterval) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressBar::show(std::uint64_t done) {
  if (!on_terminal_ || total_ == 0) return;
  const Instant now = clock_->now();
  if (now < next_) return;
  next_ = now + kInterval;
  std::fputs(("\r\x1b[K" + progress_line(done, total_, now - began_)).c_str(), stderr);
  drawn_ = true;
}

std::string progress_line(std::uint64_t done, std::uint64_t total, Duration elapsed) {
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kCells));
  std::string line = fmt::format("[{}{}] {:3.0f} %", std::string(full, '#'),
                                 std::string(kCells - full, '.'), share * 100);
  if (share > 0) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    line += fmt::format("  {:.0f} s left", seconds / share - seconds);
  }
  return line;
}

}  // namespace freshet::replay
