// freshet replay: a recorded trace through one policy.
#pragma once

#include <CLI/CLI.hpp>

namespace freshet::cli {

void add_replay_command(CLI::App& app, int& exit_code);

}  // namespace freshet::cli
