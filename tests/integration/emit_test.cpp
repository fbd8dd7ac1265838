// freshet emit --dry-run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/plugin_folder.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace freshet::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class EmitCommandTest : public ::testing::Test {
 protected:
  ProcessResult emit(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {FRESHET_BINARY, "emit", "--config", policy_});
    return run_process(arguments);
  }

  TempFolder folder_;
  const std::string policy_ = folder_
                                  .write("policy.yaml", R"(freshet: 1
namespaces:
  profiles: {strategy: manual}
events:
  user_logout:
    - invalidate_tag: "user:{user_id}"
    - invalidate_key: "profiles/{name}"
    - emit: {event: cleaned, fields: {id: "{user_id}"}}
  cleaned: {debounce: 200ms, do: [{invalidate_namespace: profiles}]}
  moved:
    - invalidate_dependents: "/src/{path}"
    - invalidate_dependents: {namespace: profiles, key: "{path}"}
    - invalidate_prefix: "profiles/{path}"
    - invalidate_matching: "profiles/*:{path}"
    - invalidate_all_of: {tags: [draft, "{path}"], namespace: profiles}
    - invalidate_version: {dependency: schema, hash: "{hash}"}
    - {invalidate_tag: "{path}", mode: expire}
)")
                                  .string();
};

TEST_F(EmitCommandTest, SaysWhatWouldGoAndWhy) {
  const ProcessResult result = emit({"user_logout", "user_id=42", "--dry-run"});
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "user_logout {user_id: 42}\n"
            "  " +
                policy_ +
                ":6:7  invalidate_tag user:42\n"
                "  " +
                policy_ +
                ":7:7  invalidate_key profiles/{name}  LEFT OUT: the event has no "
                "field \"name\"\n"
                "  " +
                policy_ +
                ":8:7  emit cleaned {id: 42}\n"
                "cleaned {id: 42}\n"
                "  " +
                policy_ +
                ":9:36  invalidate_namespace profiles  (after 200ms of quiet, at most "
                "2s)\n");
}

TEST_F(EmitCommandTest, SaysEachKindOfTargetAndWhatAnEmptyFieldLeavesOut) {
  const auto said = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--dry-run", "--json"});
    std::string text;
    const auto json = nlohmann::json::parse(emit(std::move(arguments)).out);
    for (const auto& action : json.at("actions")) {
      text += action.at("action").get<std::string>() + ' ' + action.at("target").get<std::string>();
      if (action.contains("mode")) text += ' ' + action.at("mode").get<std::string>();
      text += action.contains("left_out") ? " LEFT OUT\n" : "\n";
    }
    return text;
  };
  EXPECT_EQ(said({"moved", "path=a*", "hash=v2"}),
            "invalidate_dependents /src/a*\n"
            "invalidate_dependents profiles/a*\n"
            "invalidate_prefix profiles/a*\n"
            "invalidate_matching profiles/*:a\\*\n"
            "invalidate_all_of profiles/draft a*\n"
            "invalidate_version schema v2\n"
            "invalidate_tag a* expire\n");
  EXPECT_THAT(said({"moved", "path=", "hash="}),
              AllOf(HasSubstr("invalidate_prefix profiles/{path} LEFT OUT\n"),
                    HasSubstr("invalidate_matching profiles/*:{path} LEFT OUT\n"),
                    HasSubstr("invalidate_version schema {hash} LEFT OUT\n")));
  EXPECT_THAT(emit({"moved", "path=a", "hash=b", "--dry-run"}).out,
              HasSubstr("invalidate_tag a  (expires only)\n"));
}

TEST_F(EmitCommandTest, SaysItAsJson) {
  const ProcessResult result = emit({"cleaned", "--dry-run", "--json"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("event"), "cleaned {}");
  EXPECT_EQ(json.at("actions").at(0).at("target"), "profiles");
  EXPECT_EQ(json.at("actions").at(0).at("action"), "invalidate_namespace");
}

TEST_F(EmitCommandTest, SaysThatNoRuleTakesAnEvent) {
  EXPECT_EQ(emit({"user_logot", "--dry-run"}).out, "user_logot {}: no rule takes it\n");
}

TEST_F(EmitCommandTest, AsksTheStrategiesOfPluginsOnceTheyHaveTheirHost) {
  const PluginFolder plugins;
  plugins.bad("gcc", "takes_events");
  const std::string policy = plugins.folder()
                                 .write("policy.yaml", R"(freshet: 1
plugins: [{path: takes_events.so}]
namespaces:
  profiles: {strategy: takes_events}
events:
  cleaned: [{invalidate_namespace: profiles}]
)")
                                 .string();
  const ProcessResult result = run_process(
      {FRESHET_BINARY, "emit", "--config", policy, "user_logout", "user_id=42", "--dry-run"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "user_logout {user_id: 42}\n"
            "  strategy takes_events of profiles  invalidate_tag 42\n"
            "  strategy takes_events of profiles  refresh profiles/asked-of-the-host\n"
            "  strategy takes_events of profiles  emit cleaned {}\n"
            "cleaned {}\n"
            "  " +
                policy + ":6:14  invalidate_namespace profiles\n");
  EXPECT_THAT(result.err, HasSubstr("plugin takes_events: said to the host"));
}

TEST_F(EmitCommandTest, RefusesWhatItCannotDo) {
  const ProcessResult live = emit({"user_logout"});
  EXPECT_EQ(live.exit_code, 2);
  EXPECT_THAT(live.err, HasSubstr("--dry-run"));
  const ProcessResult field = emit({"user_logout", "42", "--dry-run"});
  EXPECT_EQ(field.exit_code, 2);
  EXPECT_THAT(field.err, HasSubstr("expected NAME=VALUE"));
}

}  // namespace
}  // namespace freshet::test
