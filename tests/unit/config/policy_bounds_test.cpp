// What bounds the work that a policy of a few KiB can make: findings, words compared, fields, patterns, texts.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/document.hpp"
#include "config/policy_model.hpp"
#include "freshet/limits.hpp"
#include "strategy/key_template.hpp"

namespace freshet::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHead = "freshet: 1\nnamespaces: {a: {}}\n";

class PolicyBoundsTest : public ::testing::Test {
 protected:
  static std::vector<std::string> findings_of(std::string_view yaml) {
    static const auto registry = StrategyRegistry::with_builtins();
    try {
      read_policy(yaml, "f.yaml", *registry);
      return {};
    } catch (const ConfigError& error) {
      std::vector<std::string> texts;
      for (const Finding& finding : error.findings()) texts.push_back(finding.text());
      return texts;
    }
  }
  /// `format` of 0, 1, 2…
  static std::string numbered(const std::string& format, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += fmt::format(fmt::runtime(format), i);
    return text;
  }
};

TEST_F(PolicyBoundsTest, AfterAHundredFindingsReadingStops) {
  const std::string yaml = std::string(kHead) + numbered("k{}: 1\n", kMaxFindings + 20);
  const auto findings = findings_of(yaml);
  ASSERT_EQ(findings.size(), kMaxFindings + 1);
  EXPECT_THAT(findings.front(), HasSubstr("f.yaml:3:1: k0: unknown key"));
  EXPECT_EQ(findings.back(),
            "f.yaml:103:1: there is more: reading stopped here, after 100 findings");
  EXPECT_EQ(findings_of(std::string(kHead) + numbered("k{}: 1\n", kMaxFindings)).size(),
            kMaxFindings);
}

TEST_F(PolicyBoundsTest, ATemplateHasAtMost64Fields) {
  EXPECT_TRUE(parse_template(numbered("{{f{}}}", kMaxTemplateFields)).value);
  EXPECT_EQ(parse_template(numbered("{{f{}}}", kMaxTemplateFields + 1)).problem,
            "it has more than 64 fields");
}

TEST_F(PolicyBoundsTest, ARuleDeclaresAtMost64Fields) {
  const auto rule = [](std::size_t fields) {
    return fmt::format(
        "{}events: {{e: [{{fields: [{}], do: [{{invalidate_tag: '{{x}}{{f0}}'}}]}}]}}", kHead,
        numbered("f{},", fields));
  };
  EXPECT_THAT(findings_of(rule(65)),
              ElementsAre(HasSubstr("expected at most 64 fields, found 65")));
  EXPECT_THAT(findings_of(rule(64)), ElementsAre(HasSubstr("\"x\" is no declared field")));
}

TEST_F(PolicyBoundsTest, AnEntityHasAtMost64FieldsOverAllOfItsParts) {
  const auto entity = [](std::size_t fields) {
    return fmt::format("{}entities: {{n: {{tags: [{}]}}}}", kHead, numbered("'{{f{}}}',", fields));
  };
  EXPECT_THAT(findings_of(entity(65)),
              ElementsAre(HasSubstr("expected at most 64 fields over all of its parts, found 65")));
  EXPECT_TRUE(findings_of(entity(64)).empty());
}

TEST_F(PolicyBoundsTest, APatternThatCouldNeverBeUsedIsAFinding) {
  const auto pattern = [](std::size_t bytes) {
    return fmt::format("{}events: {{e: [{{invalidate_matching: 'a/{}{{x}}'}}]}}", kHead,
                       std::string(bytes, '?'));
  };
  EXPECT_THAT(findings_of(pattern(kMaxPatternBytes + 1)),
              ElementsAre(HasSubstr("expected a pattern of at most 512 bytes, found 513")));
  EXPECT_TRUE(findings_of(pattern(kMaxPatternBytes)).empty());
}

TEST_F(PolicyBoundsTest, TooManyTagsInDefaultsAreSaidOnceAndGoIntoNoBlock) {
  const std::string yaml =
      fmt::format("freshet: 1\ndefaults: {{tags: [{}]}}\nnamespaces: {{a: {{}}, b: {{}}}}\n",
                  numbered("t{},", 65));
  EXPECT_THAT(
      findings_of(yaml),
      ElementsAre(AllOf(HasSubstr("f.yaml:2:"), HasSubstr("expected at most 64 texts, found 65"))));
}

TEST_F(PolicyBoundsTest, AWordComparedWithManyIsToldTheFirstAndHowManyMore) {
  std::string blocks = "freshet: 1\nnamespaces: {" + numbered("block_{}: {{}},", 70) + "}\n";
  const auto findings = findings_of(blocks + "events: {e: [{invalidate_namespace: elsewhere}]}");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings.front(),
              AllOf(HasSubstr("block_63 and 6 more"), Not(HasSubstr("block_64"))));
}

TEST_F(PolicyBoundsTest, DefaultsThatWouldGrowWithEveryBlockAreAFinding) {
  const auto policy = [](std::size_t blocks) {
    return fmt::format("freshet: 1\ndefaults: {{tags: [{}]}}\nnamespaces: {{{}}}\n",
                       numbered("'" + std::string(500, 't') + "{}',", 60),
                       numbered("b{}: {{}},", blocks));
  };
  EXPECT_THAT(findings_of(policy(100)),
              ElementsAre("f.yaml:2:11: defaults: expected at most 2_097_152 bytes for all blocks "
                          "together, found 30_110 for each of 100"));
  EXPECT_TRUE(findings_of(policy(69)).empty());
}

TEST_F(PolicyBoundsTest, ANamespaceThatCouldNeverBeIsAFinding) {
  const auto rule = [](std::size_t bytes) {
    return fmt::format(
        "freshet: 1\nnamespaces: {{'*': {{}}}}\nevents: {{e: [{{invalidate_namespace: '{}'}}]}}",
        std::string(bytes, 'n'));
  };
  EXPECT_THAT(findings_of(rule(kMaxNamespaceBytes + 1)),
              ElementsAre(HasSubstr("expected a namespace of at most 512 bytes, found 513")));
  EXPECT_TRUE(findings_of(rule(kMaxNamespaceBytes)).empty());
}

}  // namespace
}  // namespace freshet::config
