// Plan: everything that a seed decides of a run before it starts. A Trim leaves parts of it out, for shrinking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guarantees/history_worker.hpp"
#include "simulation/workload.hpp"

namespace freshet::simulation {

/// With so many stripes no two labels of the model share one (in 1,024 some do): then nothing is refused, or loaded
/// again, for the sake of another, and the judge may be strict.
inline constexpr std::size_t kStripesForAll = 4096;

struct Plan {
  std::vector<testing::history::Step> before{};                // of the set-up
  std::vector<std::vector<testing::history::Step>> threads{};  // by thread
  Faults faults{};
  std::size_t stripes = kStripesForAll;
  std::uint64_t schedule_seed = 0;
};

/// What is kept of a plan. Written as `b:0,1/0:0,2/1:/f/s:77`: steps of the set-up, then of each thread; `f` without faults;
/// `s` another seed for the schedule.
struct Trim {
  std::vector<std::size_t> before{};
  std::vector<std::vector<std::size_t>> threads{};
  bool faults = true;
  std::optional<std::uint64_t> schedule_seed{};

  /// Everything.
  static Trim whole(const Plan& plan);
  /// Nothing for a text that is none.
  static std::optional<Trim> from_text(std::string_view text);
  std::string text() const;
  std::size_t size() const noexcept;
};

Plan make_plan(const Workload& workload, const std::vector<std::uint8_t>& calls,
               std::uint64_t seed);
Plan trimmed(const Plan& plan, const Trim& trim);

}  // namespace freshet::simulation
