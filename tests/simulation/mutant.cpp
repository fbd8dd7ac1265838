#include "simulation/mutant.hpp"

#include <algorithm>

namespace freshet::simulation {
namespace {

std::string& planted() {
  static std::string name;
  return name;
}

}  // namespace

const std::vector<std::string>& mutants() {
  static const std::vector<std::string> names{
#ifdef FRESHET_MUTANT_NAMES
      FRESHET_MUTANT_NAMES
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
