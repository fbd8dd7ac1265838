// audit(): fails the test if what an invalidator keeps book of does not agree with what is there (structural_audit.hpp). For a
// quiet program.
//
// CacheFixture calls it after every test. Entries that only a handle or a queued task still holds are not seen: such a test
// lets them go first, or does not use the fixture.
#pragma once

#include <gtest/gtest.h>

#include "support/structural_audit.hpp"

namespace freshet::testing {

inline void audit(CacheInvalidator& invalidator) {
  for (const std::string& finding : StructuralAudit(invalidator).run()) ADD_FAILURE() << finding;
}

}  // namespace freshet::testing
