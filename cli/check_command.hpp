// freshet check FILE: says what is wrong with a policy, or what was understood of it.
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// Findings go to the error stream, one a line, with exit code 2; a good policy to the output,
/// every option with its effective value, with exit code 0. `exit_code` is set when the command has
/// run and outlives the app.
void add_check_command(CLI::App& app, int& exit_code);

}  // namespace freshet::cli
