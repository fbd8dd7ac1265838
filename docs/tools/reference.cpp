// Writes the reference pages from the tables that the library itself reads, so that they cannot differ from it.
//
//   freshet_reference FOLDER            writes metrics.md and options.md there
//   freshet_reference --check FOLDER    writes nothing; exit code 1 and a line for each page that differs
#include <fmt/core.h>
#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/block_table.hpp"
#include "config/observation_table.hpp"
#include "config/warm_section.hpp"
#include "freshet/freshet.hpp"

namespace {

using Pages = std::map<std::string, std::string>;

/// What stands in a cell: a bar would end it, an angle bracket would begin a tag.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    if (character == '|' || character == '<') escaped += '\\';
    escaped += character;
  }
  return escaped;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", text);
}

std::string metrics_page() {
  std::string page =
      "# Metrics\n\n"
      "Every number of `invalidator.stats()`, by the name that it has in the struct, in its text "
      "and in its JSON.\n"
      "Per policy block, and summed over all; counters only grow, gauges are what is now.\n\n"
      "| metric | kind | counts | meaning |\n"
      "| --- | --- | --- | --- |\n";
  for (const freshet::MetricInfo& metric : freshet::metric_table()) {
    const bool counter = metric.kind == freshet::MetricKind::counter;
    page += fmt::format("| {} | {} | {} | {} |\n", code(metric.name), counter ? "counter" : "gauge",
                        cell(metric.unit), cell(metric.help));
  }
  return page +
         "\nBesides: `hit_ratio`, which is hits / (hits + misses); `invalidation_rate`, the "
         "invalidations of the\n"
         "last minute and of the last hour; `strategies`, the failures and own counters of each "
         "strategy;\nand `warnings`.\n";
}

std::string option_table(const std::vector<freshet::OptionRow>& rows) {
  std::string table =
      "| key | type | default | range | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const freshet::OptionRow& row : rows) {
    table += fmt::format("| {} | {} | {} | {} | {} |\n", code(row.name), cell(row.type),
                         code(row.default_text), cell(row.range), cell(row.doc));
  }
  return table;
}

std::string strategy_section(const freshet::StrategyType& type) {
  std::string section = fmt::format("\n## strategy: {}\n\n", type.name());
  const std::vector<freshet::OptionRow> rows = type.rows();
  if (rows.empty()) return section + "It has no options.\n";
  if (type.placement() == freshet::OptionPlacement::in_section)
    section += fmt::format("In a map of its own, `{}: {{…}}`.\n\n", type.name());
  return section + option_table(rows);
}

std::string options_page() {
  std::string page =
      "# Options\n\n"
      "Every key of a policy block, with its default and range: first those that every block has, "
      "then those of\n"
      "each strategy. A key that stands in no table is an error, with its place and the nearest "
      "word.\n\n"
      "## every block\n\n";
  page += option_table(freshet::config::block_table().rows());
  const auto registry = freshet::StrategyRegistry::with_builtins();
  for (const freshet::StrategyType& type : registry->types()) page += strategy_section(type);
  page +=
      "\n## beside the blocks\n\nFor all blocks alike; what is written here wins over "
      "`Components`.\n\n";
  page += option_table(freshet::config::observation_table().rows());
  page += "\nThe file and the place of the hot keys start at the policy file's folder.\n\n";
  page += option_table(freshet::config::warm_table().rows());
  return page;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool check(const std::filesystem::path& folder, const Pages& pages) {
  bool same = true;
  for (const auto& [name, text] : pages) {
    if (content_of(folder / name) == text) continue;
    fmt::print("{}: not what the tables say; `freshet_reference {}` writes it\n",
               (folder / name).string(), folder.string());
    same = false;
  }
  return same;
}

void write(const std::filesystem::path& folder, const Pages& pages) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, text] : pages) {
    std::ofstream stream(folder / name, std::ios::binary);
    stream.exceptions(std::ios::failbit | std::ios::badbit);
    stream << text;
  }
}

int run(const std::vector<std::string>& arguments) {
  const bool checks = arguments.size() == 2 && arguments[0] == "--check";
  if (!checks && arguments.size() != 1) {
    fmt::print(stderr, "usage: freshet_reference [--check] FOLDER\n");
    return 2;
  }
  const Pages pages{{"metrics.md", metrics_page()}, {"options.md", options_page()}};
  if (checks) return check(arguments[1], pages) ? 0 : 1;
  write(arguments[0], pages);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "freshet_reference: {}\n", error.what());
    return 1;
  }
}
