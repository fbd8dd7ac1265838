#include "simulation/mutant.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace freshet::simulation {
namespace {

/// Empty: none.
std::string& planted() {
  static std::string name;
  return name;
}

// Before main(), and for the whole program: a test that plants nothing after all must not pass for one that finds nothing.
const bool planted_from_environment = [] {
  const char* name = std::getenv("FRESHET_MUTANT");
  if (name == nullptr || *name == '\0') return false;
  if (plant(name)) return true;
  std::fprintf(stderr, "FRESHET_MUTANT: no mutant \"%s\" in this build\n", name);
  std::exit(2);
}();

}  // namespace

const std::vector<std::string>& mutants() {
  static const std::vector<std::string> names{
#ifdef FRESHET_MUTANT_NAMES
#include FRESHET_MUTANT_NAMES
#endif
  };
  return names;
}

bool plant(std::string_view name) {
  const auto& all = mutants();
  if (std::find(all.begin(), all.end(), name) == all.end()) return false;
  planted() = name;
  return true;
}

bool mutant(const char* name) noexcept { return planted() == name; }

}  // namespace freshet::simulation
