// The cache against a model that keeps every entry and the whole history of invalidations (model/model.hpp).
//
// RapidCheck makes command sequences over few keys, tags, resources, versions and namespaces, and shrinks a failing one.
// After each command (but for some that are left unwatched, so that dead entries pile up) what a read finds and how stale it
// is, what an invalidation counts and lists, what became of puts, leases and loads, and why entries left are compared.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "properties/model/runner.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing::model {
namespace {

constexpr int kCases = kSanitized ? 500 : 10'000;

constexpr std::size_t kCommands = 200;  // of a case

/// As many commands as that; fewer and simpler ones when a failure is shrunk.
rc::Gen<std::vector<Command>> sequences() {
  return [](const rc::Random& random, int) {
    Draw draw(random);
    std::vector<Command> commands;
    for (std::size_t i = 0; i < kCommands; ++i) commands.push_back(draw.command());
    return rc::shrinkable::shrinkRecur(std::move(commands), [](const std::vector<Command>& from) {
      return rc::seq::concat(rc::shrink::removeChunks(from),
                             rc::shrink::eachElement(from, [](const Command& c) {
                               return rc::seq::fromContainer(simpler(c));
                             }));
    });
  };
}

TEST(CacheModelTest, AgreesWithTheModelOverRandomCommandSequences) {
  rc::detail::TestParams params;
  params.seed = 20'260'101;  // fixed: a failure repeats; FRESHET_MODEL_SEED takes another
  if (const char* seed = std::getenv("FRESHET_MODEL_SEED")) params.seed = std::stoull(seed);
  params.maxSuccess = kCases;
  if (const char* cases = std::getenv("FRESHET_MODEL_CASES")) params.maxSuccess = std::stoi(cases);
  params.maxSize = 200;
  std::uint64_t commands_run = 0;
  std::uint64_t doubts = 0;
  const auto result = rc::detail::checkTestable(
      [&] {
        const std::vector<Command> commands = *sequences();
        Runner runner;
        for (const Command& command : commands) {
          runner.execute(command);
          if (command.looks) runner.compare();
        }
        runner.compare();
        commands_run += commands.size();
        doubts += runner.doubts();
      },
      rc::detail::TestMetadata{}, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  std::cout << "seed " << params.seed << ", " << commands_run << " commands, " << doubts
            << " doubts that a look resolved\n";
  EXPECT_TRUE(result.template is<rc::detail::SuccessResult>()) << "seed " << params.seed << "\n"
                                                               << text.str();
}

}  // namespace
}  // namespace freshet::testing::model
