// ProgressBar: how far a long run is, on a terminal's last line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "freshet/clock.hpp"

namespace freshet::replay {

/// Draws on stderr, ten times a second at most, and wipes itself away at the end. If stderr is no
/// terminal it does nothing. Confined to one thread.
class ProgressBar {
 public:
  /// `total`: what `show` counts up to; 0 if that is not known.
  explicit ProgressBar(std::uint64_t total);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  void show(std::uint64_t done);

 private:
  const std::uint64_t total_;
  const bool on_terminal_;
  std::shared_ptr<Clock> clock_;
  Instant began_;
  Instant next_;
  bool drawn_ = false;
};

/// The line that is drawn: a bar, the share, and how long it will take if it goes on as it has.
std::string progress_line(std::uint64_t done, std::uint64_t total, Duration elapsed);

}  // namespace freshet::replay
