// freshet emit: what an event would do under a policy, and why.
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// Prints each action of each rule with its place and its target after the fields are filled in. A process of its own holds no
/// entries, so only --dry-run makes sense, and has to be said. `exit_code` is set when the command has run and outlives the
/// app.
void add_emit_command(CLI::App& app, int& exit_code);

}  // namespace freshet::cli
