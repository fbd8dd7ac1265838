// 10: who signs in with a password that is being changed is not signed in.
#include <gmock/gmock.h>

#include <string>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace freshet::testing;

// [race]
TEST(SessionsTest, ASignInThatBeganBeforeAChangeOfThePasswordLeavesNoSession) {
  auto cache = TestCache::from_yaml_file(EXAMPLES_DIR "/10_sessions/policy.yaml");
  const auto sessions = cache.cache<std::string>("sessions");
  const freshet::Lease lease = sessions.lease("laptop");  // then the old password is found right
  cache.invalidator().invalidate_tag("user:ada");         // and changed: all her sessions end
  EXPECT_EQ(sessions.put("laptop", "ada", lease, {.tags = {"user:ada"}}),
            freshet::StoreOutcome::refused_invalidated);
  EXPECT_THAT(sessions.get("laptop"), IsMiss());
}
// [/race]

}  // namespace
