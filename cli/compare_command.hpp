// freshet compare: a recorded trace through several policies, side by side.
#pragma once

#include <CLI/CLI.hpp>

namespace freshet::cli {

void add_compare_command(CLI::App& app, int& exit_code);

}  // namespace freshet::cli
