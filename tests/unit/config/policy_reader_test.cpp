// What a good policy means, from YAML and from code. What a bad one gets is in golden/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/block_check.hpp"
#include "config/block_table.hpp"
#include "config/policy_model.hpp"
#include "freshet/strategies/manual_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"

namespace freshet::config {
namespace {

using namespace std::chrono_literals;

/// A strategy of a user's own, with a section.
struct AdaptiveOptions {
  Duration min = 1min;
  Duration max = 1h;
  std::string by{};
};

OptionTable<AdaptiveOptions> adaptive_table() {
  OptionTable<AdaptiveOptions> table;
  table.add("min", &AdaptiveOptions::min, duration_kind({.above = 0s}), "shortest")
      .add("max", &AdaptiveOptions::max, duration_kind(), "longest")
      .add("by", &AdaptiveOptions::by, text_kind(64), "field")
      .relate([](const AdaptiveOptions& options, const std::string& path, Findings& findings) {
        if (options.min > options.max)
          findings.add(path_to(path, "min"), "expected no more than max");
      })
      .use_fields([](const AdaptiveOptions& options) {
        return options.by.empty() ? std::vector<KeyFieldUse>{}
                                  : std::vector<KeyFieldUse>{{"by", options.by}};
      });
  return table;
}

class PolicyReaderTest : public ::testing::Test {
 protected:
  PolicyReaderTest() {
    registry_->add<AdaptiveOptions>(
        "adaptive", adaptive_table(),
        [](const AdaptiveOptions&, const auto&) { return std::make_unique<ManualStrategy>(); });
  }

  PolicyModel read(const std::string& yaml) { return read_policy(yaml, "f", *registry_); }
  /// One block, in `namespaces` of its own.
  BlockModel block(const std::string& options, const std::string& defaults = "{}") {
    return read("freshet: 1\ndefaults: " + defaults + "\nnamespaces:\n  b: " + options + "\n")
        .blocks.at(0);
  }
  std::string error_of(const std::string& yaml) {
    try {
      read(yaml);
      return "accepted";
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  static const TtlOptions& ttl(const BlockModel& block) {
    return std::any_cast<const TtlOptions&>(block.strategies.front().options);
  }

  std::shared_ptr<StrategyRegistry> registry_ = StrategyRegistry::with_builtins();
};

TEST_F(PolicyReaderTest, AnEmptyBlockHasTheDocumentedDefaults) {
  const BlockModel made = block("{}");
  EXPECT_EQ(made.name, "b");
  EXPECT_EQ(strategy_text(made), "ttl");
  EXPECT_EQ(ttl(made).ttl, 5min);
  EXPECT_EQ(ttl(made).jitter, 0.0);
  EXPECT_EQ(made.options.capacity.entries, 100'000U);
  EXPECT_EQ(made.options.capacity.bytes, 0U);
  EXPECT_EQ(made.options.eviction, Eviction::s3fifo);
  EXPECT_EQ(made.options.lease, 1min);
  EXPECT_EQ(made.place, (Place{"f", 4, 3}));
  EXPECT_EQ(made.bytes_place.line, 0U);
}

TEST_F(PolicyReaderTest, EveryKeyOfABlockIsRead) {
  const BlockModel made = block(
      "{strategy: ttl, ttl: 1h, ttl_jitter: 10%, capacity: {entries: 7, bytes: 1MiB}, eviction: "
      "lru, "
      "key: 'user:{id}', tags: [users, 'user:{id}'], lease: 2s}");
  EXPECT_EQ(ttl(made).ttl, 1h);
  EXPECT_EQ(ttl(made).jitter, 0.1);
  EXPECT_EQ(made.options.capacity.entries, 7U);
  EXPECT_EQ(made.options.capacity.bytes, 1U << 20);
  EXPECT_EQ(made.options.eviction, Eviction::lru);
  EXPECT_EQ(made.options.key, "user:{id}");
  EXPECT_EQ(made.options.tags, (std::vector<std::string>{"users", "user:{id}"}));
  EXPECT_EQ(made.options.lease, 2s);
  EXPECT_EQ(made.bytes_place, (Place{"f", 4, 78}));
}

TEST_F(PolicyReaderTest, ABlocksOwnKeyWinsOverDefaults) {
  const std::string defaults =
      "{ttl: 7m, ttl_jitter: 5%, eviction: lru, capacity: {entries: 3, bytes: 2kB}}";
  const BlockModel made = block("{ttl: 1m, capacity: {entries: 9}}", defaults);
  EXPECT_EQ(ttl(made).ttl, 1min);
  EXPECT_EQ(ttl(made).jitter, 0.05);
  EXPECT_EQ(made.options.eviction, Eviction::lru);
  EXPECT_EQ(made.options.capacity.entries, 9U);
  EXPECT_EQ(made.options.capacity.bytes, 2000U);  // capacity is won member by member
  EXPECT_EQ(made.bytes_place.line, 2U);           // it was written in defaults
}

TEST_F(PolicyReaderTest, DefaultsNameTheStrategyAndManualTakesNoTtlFromThem) {
  EXPECT_EQ(block("{}", "{strategy: manual, ttl: 7m}").strategies.front().type->name(), "manual");
  const BlockModel made = block("{strategy: manual}", "{ttl: 7m, ttl_jitter: 5%}");
  EXPECT_EQ(strategy_text(made), "manual");
  EXPECT_EQ(made.strategies.front().options.type(), typeid(ManualOptions));
}

TEST_F(PolicyReaderTest, AQuotedValueMeansTheSame) {
  EXPECT_EQ(ttl(block("{ttl: '1h', ttl_jitter: \"10%\"}")).ttl, 1h);
}

TEST_F(PolicyReaderTest, ALifetimeCanBeATableOverAFieldOfTheKey) {
  const BlockModel made = block(
      "{key: '{kind}:{id}', ttl: {by: kind, values: {daily: 24h, static: 7d}, otherwise: 1h}}");
  EXPECT_EQ(ttl(made).table.by, "kind");
  EXPECT_EQ(ttl(made).table.values.at("daily"), 24h);
  EXPECT_EQ(ttl(made).table.values.at("static"), 168h);
  EXPECT_EQ(ttl(made).table.otherwise, 1h);
}

TEST_F(PolicyReaderTest, ADurationReplacesATableOfDefaultsAndTheOtherWayRound) {
  const std::string table = "{by: kind, values: {daily: 24h}, otherwise: 1h}";
  const BlockModel flat = block("{key: '{kind}:{id}', ttl: 2m}", "{ttl: " + table + "}");
  EXPECT_TRUE(ttl(flat).table.by.empty());
  EXPECT_EQ(ttl(flat).ttl, 2min);
  EXPECT_EQ(ttl(block("{key: '{kind}:{id}', ttl: " + table + "}", "{ttl: 2m}")).table.by, "kind");
}

TEST_F(PolicyReaderTest, AStrategyOfOnesOwnHasASection) {
  const BlockModel made =
      block("{strategy: adaptive, adaptive: {min: 2m}}", "{adaptive: {max: 9m}}");
  const auto& options = std::any_cast<const AdaptiveOptions&>(made.strategies.front().options);
  EXPECT_EQ(options.min, 2min);
  EXPECT_EQ(options.max, 9min);
}

TEST_F(PolicyReaderTest, FindingsInASectionHaveItsPath) {
  const std::string head = "freshet: 1\nnamespaces:\n  b: ";
  EXPECT_EQ(error_of(head + "{strategy: adaptive, adaptive: {mim: 2m}}"),
            "f:3:38: namespaces.b.adaptive.mim: unknown key, did you mean \"min\"?");
  EXPECT_EQ(error_of(head + "{strategy: adaptive, adaptive: {min: 2h}}"),
            "f:3:43: namespaces.b.adaptive.min: expected no more than max");
  EXPECT_EQ(
      error_of(head + "{strategy: adaptive, key: 'a:{id}', adaptive: {by: ip}}"),
      "f:3:57: namespaces.b.adaptive.by: \"ip\" is no field of the key, did you mean \"id\"?");
  EXPECT_EQ(error_of(head + "{strategy: adaptive, adaptive: 2m}"),
            "f:3:37: namespaces.b.adaptive: expected a map of options, found \"2m\"");
  EXPECT_EQ(error_of(head + "{strategy: ttl, adaptive: {}}"),
            "f:3:22: namespaces.b.adaptive: not used by strategy \"ttl\", only by \"adaptive\"");
}

TEST_F(PolicyReaderTest, ARelationBrokenOnlyByWhatDefaultsAddIsFound) {
  EXPECT_EQ(error_of("freshet: 1\ndefaults: {strategy: adaptive, adaptive: {max: "
                     "2m}}\nnamespaces:\n  b: {adaptive: {min: 3m}}"),
            "f:4:23: namespaces.b.adaptive.min: expected no more than max");
}

TEST_F(PolicyReaderTest, BlocksKeepTheOrderOfTheFile) {
  const PolicyModel model = read("freshet: 1\nnamespaces: {z: {}, '*': {}, a: {}, 'a*': {}}\n");
  std::vector<std::string> names;
  for (const BlockModel& made : model.blocks) names.push_back(made.name);
  EXPECT_EQ(names, (std::vector<std::string>{"z", "*", "a", "a*"}));
}

TEST_F(PolicyReaderTest, GlobsOfEqualPrefixesThatCannotMeetAreNoTie) {
  EXPECT_EQ(
      read("freshet: 1\nnamespaces: {'*_a': {}, '*_b': {}, 'x*': {}, 'y*': {}}").blocks.size(), 4U);
}

TEST_F(PolicyReaderTest, WhatAFileCanMakeOfItselfIsBounded) {
  std::string many = "freshet: 1\nnamespaces:\n";
  for (std::size_t i = 0; i < kMaxBlocks; ++i) many += "  n" + std::to_string(i) + ": {}\n";
  EXPECT_EQ(read(many).blocks.size(), kMaxBlocks);
  EXPECT_EQ(error_of(many + "  last: {}\n"),
            "f:1003:3: namespaces: expected at most 1_000 blocks, found 1001");

  std::string globs = "freshet: 1\nnamespaces:\n";
  for (std::size_t i = 0; i <= kMaxGlobs; ++i)
    globs += "  '" + std::string(i + 1, 'g') + "*': {}\n";
  EXPECT_EQ(error_of(globs),
            "f:103:3: namespaces: expected at most 100 names with wildcards, found 101");
}

TEST_F(PolicyReaderTest, CodeGoesThroughTheSameValidation) {
  std::vector<CodeBlock> blocks;
  blocks.push_back({"a", {TtlOptions{.ttl = 0s, .jitter = 1.0}}, {}});
  blocks.push_back(
      {"a", {ManualOptions{}}, {.capacity = {.entries = 0}, .key = "u:{id}", .tags = {"{ib}"}}});
  blocks.push_back({"c", {3}, {.lease = -1s}});
  blocks.push_back({"u_*", {TtlOptions{.table = {.by = "kind"}}}, {}});
  blocks.push_back({"u_?", {AdaptiveOptions{.min = 2h}}, {}});
  try {
    policy_from_code(std::move(blocks), *registry_);
    FAIL() << "the policy was accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "namespaces.a: the block is given twice\n"
        "namespaces.u_?: ties with \"u_*\": a namespace could match both, and what stands before "
        "the first "
        "wildcard is equally long\n"
        "namespaces.a.ttl: expected a duration > 0s, found 0s\n"
        "namespaces.a.ttl_jitter: expected a percentage >= 0% and < 100%, found 100%\n"
        "namespaces.a.capacity.entries: expected a count >= 1, found 0\n"
        "namespaces.a.tags[0]: \"ib\" is no field of the key, did you mean \"id\"?\n"
        "namespaces.c: the options are those of no known strategy, expected one of: ttl, manual, "
        "event, predictive, adaptive\n"
        "namespaces.c.lease: expected a duration > 0s, found -1s\n"
        "namespaces.u_*.ttl.by: \"kind\" is no field of the key: the block has no key with fields\n"
        "namespaces.u_?.adaptive.min: expected no more than max");
  }
}

TEST_F(PolicyReaderTest, CodeAndYamlMakeTheSameModel) {
  std::vector<CodeBlock> blocks;
  blocks.push_back({"b", {TtlOptions{.ttl = 1h, .jitter = 0.1}}, {.capacity = {.entries = 7}}});
  const PolicyModel from_code = policy_from_code(std::move(blocks), *registry_);
  const PolicyModel from_yaml =
      read("freshet: 1\nnamespaces: {b: {ttl: 1h, ttl_jitter: 10%, capacity: {entries: 7}}}");
  EXPECT_EQ(policy_text(from_code), policy_text(from_yaml));
}

TEST_F(PolicyReaderTest, APolicyInCodeHasAtLeastOneBlock) {
  EXPECT_THROW(policy_from_code({}, *registry_), ConfigError);
}

TEST_F(PolicyReaderTest, WhatWasUnderstoodReadsBackToTheSame) {
  const std::string yaml =
      "freshet: 1\ndefaults: {ttl: 1m30s, capacity: {bytes: 3GiB}}\nnamespaces:\n"
      "  \"odd \\\" name: #\\n\": {ttl_jitter: 2.5%}\n"
      "  reports: {key: '{kind}:{{x}}', tags: ['a, b', '{kind}'], ttl: {by: kind, values: {'a: b': "
      "1w}, otherwise: 1ns}}\n"
      "  own: {strategy: adaptive, adaptive: {min: 1s}, eviction: lru}\n"
      "  '*': {strategy: manual}\n";
  const std::string understood = policy_text(read(yaml));
  EXPECT_NE(understood.find("ttl: {by: \"kind\", values: {\"a: b\": 7d}, otherwise: 1ns}"),
            std::string::npos)
      << understood;
  EXPECT_NE(understood.find("capacity: {entries: 100_000, bytes: 3GiB}"), std::string::npos)
      << understood;
  EXPECT_EQ(policy_text(read(understood)), understood);
}

TEST_F(PolicyReaderTest, AsJsonItHasNumbersWhereThereAreCounts) {
  const auto json = nlohmann::json::parse(
      policy_json(read("freshet: 1\nnamespaces: {b: {tags: ['1'], capacity: {entries: 1_000}}}")));
  const auto& made = json.at("namespaces").at("b");
  EXPECT_EQ(made.at("strategy"), "ttl");
  EXPECT_EQ(made.at("ttl"), "5m");
  EXPECT_EQ(made.at("capacity").at("entries"), 1000);
  EXPECT_EQ(made.at("tags"), nlohmann::json::parse(R"(["1"])"));
}

TEST_F(PolicyReaderTest, TheShippedPolicyReadsAndShowsEveryKey) {
  const std::filesystem::path file =
      std::filesystem::path(FRESHET_SOURCE_DIR) / "config/freshet.yaml";
  const auto builtins = StrategyRegistry::with_builtins();
  const PolicyModel model = read_policy_file(file, *builtins);
  EXPECT_EQ(model.blocks.size(), 7U);

  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  std::vector<std::string> keys = block_table().names();
  for (const char* key : {"strategy",
                          "entries",
                          "bytes",
                          "by",
                          "values",
                          "otherwise",
                          "plugins",
                          "events",
                          "fields",
                          "when",
                          "debounce",
                          "batch",
                          "do",
                          "entities",
                          "keys",
                          "tags",
                          "namespaces",
                          "prefixes",
                          "patterns",
                          "dependents",
                          "per_entry",
                          "in_all",
                          "overflow",
                          "mode",
                          "invalidate_all_of",
                          "invalidate_dependents",
                          "invalidate_prefix",
                          "invalidate_matching",
                          "invalidate_version",
                          "invalidate_key",
                          "invalidate_tag",
                          "invalidate_namespace",
                          "invalidate_all",
                          "invalidate_entity",
                          "refresh",
                          "emit",
                          "rewarm",
                          "user_logout"}) {
    keys.push_back(key);
  }
  for (const StrategyType& type : builtins->types()) {
    for (const OptionRow& row : type.rows()) {
      keys.push_back(row.name.substr(row.name.rfind('.') + 1));
    }
  }
  for (const OptionRow& row : warm_table().rows())
    keys.push_back(row.name.substr(row.name.rfind('.') + 1));
  for (const OptionRow& row : observation_table().rows())
    keys.push_back(row.name.substr(row.name.rfind('.') + 1));
  for (const std::string& key : keys) EXPECT_NE(text.find(key + ":"), std::string::npos) << key;
}

}  // namespace
}  // namespace freshet::config
