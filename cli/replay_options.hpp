// What replay and compare share on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/clock.hpp"
#include "replay/replayer.hpp"

namespace freshet::cli {

/// As given.
struct TraceArguments {
  std::vector<std::filesystem::path> traces;
  std::string name_space;
  std::string tick = "0s";
  bool json = false;
};

void add_trace_arguments(CLI::App& command, TraceArguments& arguments);

/// Throws CLI::ValidationError for what is no duration.
Duration tick_of(const TraceArguments& arguments);

/// `text` as --writes takes it. Throws CLI::ValidationError for another word.
replay::Writes writes_of(std::string_view text);

}  // namespace freshet::cli
