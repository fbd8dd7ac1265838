// freshet: the command line. A file per command; this one finds the command and turns what goes
// wrong into an exit code: 2 for what the user can mend (arguments, policy, trace), 1 for what the
// user cannot.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "check_command.hpp"
#include "compare_command.hpp"
#include "emit_command.hpp"
#include "freshet/errors.hpp"
#include "plugin_command.hpp"
#include "replay_command.hpp"
#include "trace/trace_reader.hpp"

namespace {

constexpr int kUsersMistake = 2;
constexpr int kFailure = 1;

int complain(const std::exception& error, int exit_code) {
  fmt::print(stderr, "freshet: {}\n", error.what());
  return exit_code;
}

int run(int argc, char** argv) {
  CLI::App app{"Freshet: a policy-driven caching framework", "freshet"};
  app.set_version_flag("--version", "freshet " FRESHET_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  freshet::cli::add_check_command(app, exit_code);
  freshet::cli::add_emit_command(app, exit_code);
  freshet::cli::add_replay_command(app, exit_code);
  freshet::cli::add_compare_command(app, exit_code);
  freshet::cli::add_plugin_command(app, exit_code);
  try {
    app.parse(argc, argv);
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to the standard output");
    return exit_code;
  } catch (const CLI::Success& request) {  // --help and --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return complain(error, kUsersMistake);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const freshet::ConfigError& error) {
    fmt::print(stderr, "{}\n", error.what());  // lines of file:line:column
    return kUsersMistake;
  } catch (const freshet::Error& error) {
    return complain(error, kUsersMistake);
  } catch (const freshet::trace::TraceError& error) {
    return complain(error, kUsersMistake);
  } catch (const std::exception& error) {
    return complain(error, kFailure);
  }
}
