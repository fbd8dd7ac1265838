// The checks on what callers name; which names the calls take stands with the calls.
#include "cache/names.hpp"

#include <gtest/gtest.h>

#include <string>

#include "freshet/errors.hpp"

namespace freshet::detail {
namespace {

template <class Check>
std::string refusal_of(Check check) {
  try {
    check();
    return {};
  } catch (const InvalidName& error) {
    return error.what();
  }
}

TEST(NamesTest, ARefusedNameIsToldInOneReadableLine) {
  EXPECT_EQ(refusal_of([] { check_glob("a\n\x1b[2J["); }),
            "the pattern \"a\\n\\x1b[2J[\" does not end: a bracket is open or a backslash is last");
  EXPECT_EQ(refusal_of([] { check_scope("a:\n"); }), "a scope must not contain ':': \"a:\\n\"");
  EXPECT_LT(refusal_of([] { check_scope(std::string(4'000, ':')); }).size(), 200u);
}

}  // namespace
}  // namespace freshet::detail
