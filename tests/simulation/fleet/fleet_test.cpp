// What the table of bench/README.md claims of a fleet, at a size of some seconds.
#include "simulation/fleet/fleet.hpp"

#include <gtest/gtest.h>

#include "support/plugin_folder.hpp"

namespace freshet::simulation {
namespace {

class FleetTest : public ::testing::Test {
 protected:
  FleetTest() { options_.plugin = plugins_.shipped("early_refresh"); }

  FleetFigures run(Remedy remedy, bool shares_store, std::size_t ttls = 1) {
    options_.remedy = remedy;
    options_.shares_store = shares_store;
    options_.ttls = ttls;
    return run_fleet(options_);
  }
  double processes() const { return static_cast<double>(options_.processes); }

  test::PluginFolder plugins_;
  FleetOptions options_;
};

TEST_F(FleetTest, EachForItselfJitterSpreadsTheLoadsAndSavesNone) {
  options_.processes = 300;
  const FleetFigures nothing = run(Remedy::nothing, false);
  const FleetFigures alone = run(Remedy::single_flight, false);
  const FleetFigures jitter = run(Remedy::jitter, false);
  EXPECT_GT(nothing.mean_loads(), 2 * processes()) << "readers of one process do not share";
  EXPECT_GT(alone.mean_loads(), 0.99 * processes());
  EXPECT_LE(alone.mean_loads(), processes());
  EXPECT_GE(jitter.mean_loads(), alone.mean_loads());
  EXPECT_LT(jitter.at_once, alone.at_once / 2);
}

TEST_F(FleetTest, InFrontOfASharedStoreAFewProcessesLoadAKeyPerTtl) {
  const FleetFigures early = run(Remedy::early_refresh, true, 10);
  EXPECT_GE(early.mean_loads(), 1);
  EXPECT_LE(early.mean_loads(), 5);
  EXPECT_LT(early.of_reads(early.waited), 0.01) << "nobody waits for what is ahead of its deadline";
  EXPECT_GT(early.of_reads(early.hits), 990);
}

TEST_F(FleetTest, WithoutEarlyRefreshManyDoThoughTheyShareAStore) {
  options_.processes = 300;
  const FleetFigures together = run(Remedy::single_flight, true);
  EXPECT_GT(together.mean_loads(), 0.8 * processes());
  EXPECT_GT(together.of_reads(together.waited), 10);
  EXPECT_GT(run(Remedy::nothing, true).mean_loads(), 1.5 * together.mean_loads());
}

TEST_F(FleetTest, WithoutTheTimeThatIsNotedEarlyRefreshComesTooLate) {
  options_.processes = 300;
  options_.notes_load_time = false;
  EXPECT_GT(run(Remedy::early_refresh, true, 4).mean_loads(), 0.1 * processes());
}

TEST_F(FleetTest, EverythingFollowsFromTheSeed) {
  options_.processes = 50;
  for (const bool shares_store : {false, true}) {
    for (const Remedy remedy : kRemedies) {
      options_.seed = 1;
      const FleetFigures figures = run(remedy, shares_store);
      EXPECT_EQ(run(remedy, shares_store), figures) << name_of(remedy);
      options_.seed = 2;
      EXPECT_NE(run(remedy, shares_store), figures) << name_of(remedy);
    }
  }
}

}  // namespace
}  // namespace freshet::simulation
