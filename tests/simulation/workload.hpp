// Workload: what a kind of run does: a policy, the steps that threads take and how often, the faults that may happen.
//
// The steps are those of the history test (guarantees/history_worker.hpp), so that the same checker judges them; a workload
// chooses among its keys and calls. Every workload has at least two keys and two labels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "guarantees/history_configuration.hpp"
#include "guarantees/history_model.hpp"
#include "guarantees/history_round_state.hpp"
#include "simulation/runtime/machine.hpp"

namespace freshet::simulation {

/// How often each kind of step is taken, relative to the others.
struct Weights {
  unsigned get = 0;
  unsigned load = 0;
  unsigned get_many = 0;
  unsigned get_by_policy_version = 0;
  unsigned put = 0;
  unsigned put_by_lease = 0;
  unsigned label = 0;
  unsigned invalidate = 0;
  unsigned transact = 0;
  unsigned mutate = 0;
  unsigned bypass = 0;
  unsigned emit = 0;
  unsigned sweep = 0;
  unsigned pass_time = 0;
  unsigned visit = 0;
  unsigned grow = 0;
  unsigned start = 0;
  unsigned cancel = 0;
};

/// What one thread does, where a bug needs so many steps in one order that they are never drawn: the schedule is all the same.
struct ScriptStep {
  testing::history::Step::What what{};
  std::uint8_t key = 0;
  std::size_t call = 0;  // of the workload's calls
};
using Script = std::vector<ScriptStep>;

struct Workload {
  std::string name;
  std::string about;
  testing::history::Configuration configuration;
  std::vector<int> keys;           // of guarantees/history_model.hpp
  std::vector<std::string> calls;  // by their names there
  Weights weights{};
  std::uint32_t most_threads = 3;  // 2 to so many
  std::uint32_t most_steps = 4;    // of each thread, 1 to so many
  std::uint32_t most_before = 2;   // steps of the set-up, which nothing overtakes
  std::uint32_t most_micros = 0;   // of pass_time, and of a slow loader
  std::uint32_t points = 2048;     // switch points of a long run, for the priority scheduler
  bool versions = false;           // the versions of history_model.hpp are set at the start
  Faults faults{};
  std::vector<Script> scripts{};  // of the first threads, where what they do is not drawn
  std::vector<testing::history::Call> own_calls{};  // beside those of the model: for tests
};

/// All of them, in the order of the documentation.
const std::vector<Workload>& workloads();
/// Null if there is none of that name.
const Workload* find_workload(std::string_view name);

}  // namespace freshet::simulation
