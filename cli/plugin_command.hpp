// freshet plugin new, freshet plugin check: strategies in shared objects, for those who write them.
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `new NAME`: writes a folder that builds and tests against an installed Freshet. `check FILE`: says
/// what a plugin is and runs the contract suite over it; exit code 2 and the reason on the error
/// stream if it is refused or breaks the contract. `exit_code` is set when the command has run and
/// outlives the app.
void add_plugin_command(CLI::App& app, int& exit_code);

}  // namespace freshet::cli
