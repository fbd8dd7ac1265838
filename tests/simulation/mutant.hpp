// Mutants: bugs that a build may have on purpose, to see that the simulation finds them. One at a time is planted, at run time.
//
// A build with FRESHET_MUTANTS=ON compiles a copy of the production sources to which tests/simulation/mutants/*.patch are
// applied; each patch asks `mutant("its_name")` where it goes wrong. Production sources know nothing of it.
// `freshet_simulation --mutant NAME` plants one; for the other tests of such a build the environment does: FRESHET_MUTANT=NAME.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::simulation {

/// The names that the patches of this build have. Empty without FRESHET_MUTANTS.
const std::vector<std::string>& mutants();

/// Plants one for all runs that follow. False if there is none of that name.
bool plant(std::string_view name);

/// Whether the mutant of that name is planted. O(length of the name).
bool mutant(const char* name) noexcept;

}  // namespace freshet::simulation
