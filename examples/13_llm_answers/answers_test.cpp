// 13: an answer that is on its way when a new prompt is deployed is not kept.
#include <gmock/gmock.h>

#include <string>

#include "freshet/testing/matchers.hpp"
#include "freshet/testing/scripted_loader.hpp"
#include "freshet/testing/test_cache.hpp"

namespace {

using namespace freshet::testing;

TEST(AnswersTest, AnAnswerOnItsWayWhenANewPromptIsDeployedIsNotKept) {
  auto cache = TestCache::from_yaml_file(EXAMPLES_DIR "/13_llm_answers/policy.yaml");
  const auto answers = cache.cache<std::string>("answers");
  ScriptedLoader<std::string> model("fine");
  // [race]
  const freshet::EntryOptions v3{.versions = {{"classifier-prompt", "v3"}}};
  const freshet::EntryOptions v4{.versions = {{"classifier-prompt", "v4"}}};
  model.during_next([&] {  // the model has made up its mind, and is still writing
    model.set("spam");
    cache.invalidator().emit("prompt_deployed",
                             {{"prompt", "classifier-prompt"}, {"version", "v4"}});
  });
  EXPECT_THAT(answers.get_or_load("an offer", model, v3), HoldsValue("fine"));
  EXPECT_THAT(answers.get("an offer"), IsMiss());
  EXPECT_THAT(answers.get_or_load("an offer", model, v4), HoldsValue("spam"));
  EXPECT_THAT(answers.get_or_load("an offer", model, v4), CameFrom(freshet::Origin::l1));
  // [/race]
}

}  // namespace
