// A policy, through the reader that `freshet check` and the builder call.
//
// Whatever the text: the same answer twice; either findings, each one line with a place inside the text, or a policy that
// is printed, reads back and is printed the same again.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "config/policy_model.hpp"
#include "fuzz/one_line.hpp"
#include "fuzz/plugin_free.hpp"

namespace freshet::fuzz {
namespace {

constexpr const char* kFile = "policy.yaml";
// Printed with every default, a policy grows: beyond this it could pass the reader's own limits.
constexpr std::size_t kMaxPrintedBytes = 64 * 1024;

struct Reading {
  std::string text{};
  std::string json{};
  std::vector<Finding> findings{};
  std::string what{};
};

Reading read(std::string_view yaml) {
  static const auto registry = StrategyRegistry::with_builtins();
  try {
    const config::PolicyModel model = config::read_policy(yaml, kFile, *registry);
    return {.text = config::policy_text(model), .json = config::policy_json(model)};
  } catch (const ConfigError& error) {
    return {.findings = error.findings(), .what = error.what()};
  }
}

void require_findings(std::string_view yaml, const Reading& reading) {
  const auto lines = static_cast<std::size_t>(std::count(yaml.begin(), yaml.end(), '\n')) + 1;
  for (const Finding& finding : reading.findings) {
    require_one_line(finding.message);
    require_one_line(finding.text());
    require(finding.place.file == kFile, "a finding names the file");
    require(finding.place.line >= 1 && finding.place.column >= 1,
            "a finding has line and column: " + finding.text());
    require(finding.place.line <= lines, "a finding stands inside the text: " + finding.text());
  }
}

}  // namespace

void fuzz_policy(std::string_view input) {
  if (names_plugins(input)) return;
  const Reading reading = read(input);
  const Reading again = read(input);
  require(reading.text == again.text && reading.json == again.json && reading.what == again.what,
          "a policy read twice is read the same");
  if (!reading.findings.empty()) return require_findings(input, reading);

  require(nlohmann::json::accept(reading.json), "what is printed as JSON is JSON");
  if (reading.text.size() > kMaxPrintedBytes) return;
  const Reading back = read(reading.text);
  require(back.findings.empty(), "what is printed reads back: " + back.what);
  require(back.text == reading.text, "what is printed reads back to the same:\n" + reading.text +
                                         "\nis read as\n" + back.text);
  require(back.json == reading.json, "what is printed reads back to the same JSON");
}

}  // namespace freshet::fuzz
