// Templates: what they say, what they take apart, what they put together.
#include "strategy/key_template.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

std::string problem_of(std::string_view text) { return KeyTemplate::parse(text).problem; }

/// `a=1 b=2`, or `no`.
std::string match(std::string_view pattern, std::string_view key) {
  const Parsed<KeyTemplate> parsed = KeyTemplate::parse(pattern);
  if (!parsed.value) return parsed.problem;
  std::vector<EntryView::Field> fields{{"left", "over"}};
  if (!parsed.value->match(key, fields)) return fields.empty() ? "no" : "no, but fields";
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += ' ';
    text.append(name).append("=").append(value);
  }
  return text;
}

TEST(KeyTemplateTest, FieldsAreWhatStandsBetweenTheTexts) {
  EXPECT_EQ(match("user:{id}", "user:42"), "id=42");
  EXPECT_EQ(match("{kind}:{id}", "daily:7:8"), "kind=daily id=7:8");
  EXPECT_EQ(match("{a}-{b}.json", "x-y.json"), "a=x b=y");
  EXPECT_EQ(match("{whole}", "anything at all"), "whole=anything at all");
  EXPECT_EQ(match("config", "config"), "");
}

TEST(KeyTemplateTest, OtherKeysDoNotMatch) {
  EXPECT_EQ(match("user:{id}", "users:42"), "no");
  EXPECT_EQ(match("user:{id}", "user:"), "no");  // a field takes at least one character
  EXPECT_EQ(match("{a}:b", ":b"), "no");
  EXPECT_EQ(match("{a}:{b}", ":b"), "no");
  EXPECT_EQ(match("{a}-{b}", "x"), "no");
  EXPECT_EQ(match("{a}.json", "x.json5"), "no");
  EXPECT_EQ(match("config", "config2"), "no");
  EXPECT_EQ(match("config", ""), "no");
}

TEST(KeyTemplateTest, AFieldEndsAtTheFirstPlaceItCan) {
  EXPECT_EQ(match("{a}:{b}", "::x"), "a=: b=x");  // it takes at least one character
  EXPECT_EQ(match("{a}:{b}", "::"), "no");
  EXPECT_EQ(match("{a}:{b}", "x::y"), "a=x b=:y");
  EXPECT_EQ(match("{a}ab{b}", "aabab"), "a=a b=ab");
}

TEST(KeyTemplateTest, TextAtTheEndStandsAtTheEndOfTheKey) {
  EXPECT_EQ(match("{a}:x", "1:x:x"), "a=1:x");
  EXPECT_EQ(match("{a}:{b}:x", "1:2:x:x"), "a=1 b=2:x");
  EXPECT_EQ(match("a{b}a", "a"), "no");  // the two texts do not share a character
  EXPECT_EQ(match("a{b}a", "aa"), "no");
  EXPECT_EQ(match("a{b}a", "aba"), "b=b");
}

TEST(KeyTemplateTest, DoubledBracesAreText) {
  EXPECT_EQ(match("{{x}}:{id}", "{x}:4"), "id=4");
  EXPECT_EQ(match("{id}}}", "4}"), "id=4");
}

TEST(KeyTemplateTest, MistakesAreNamed) {
  EXPECT_EQ(problem_of("user:{"), "a brace is not closed");
  EXPECT_EQ(problem_of("user:{id"), "a brace is not closed");
  EXPECT_EQ(problem_of("user:{}"), "a field has no name");
  EXPECT_EQ(problem_of("user}"), "a brace closes what was not opened, write }} for a brace");
  EXPECT_EQ(problem_of("{a}{b}"), "nothing stands between the fields \"a\" and \"b\"");
  EXPECT_EQ(problem_of("{a}:{a}"), "the field \"a\" stands twice");
  EXPECT_EQ(problem_of("{a b}"), "\"a b\" is no name of a field: letters, digits and '_'");
}

TEST(KeyTemplateTest, TagsArePutTogetherFromFields) {
  const std::vector<EntryView::Field> fields{{"team", "5"}, {"user", "42"}};
  EXPECT_EQ(TagTemplate::parse("user:{user}").value->expand(fields), "user:42");
  EXPECT_EQ(TagTemplate::parse("{user}{team}{user}").value->expand(fields), "42542");
  EXPECT_EQ(TagTemplate::parse("{{user}}").value->expand(fields), "{user}");
  EXPECT_EQ(TagTemplate::parse("users").value->expand(fields), "users");
}

TEST(KeyTemplateTest, TagsMayUseOnlyFieldsOfTheKey) {
  const KeyTemplate key = *KeyTemplate::parse("{team}:{user_id}").value;
  EXPECT_EQ(field_problem(key, "team"), std::nullopt);
  EXPECT_EQ(field_problem(key, "usr_id"),
            "\"usr_id\" is no field of the key, did you mean \"user_id\"?");
  EXPECT_EQ(field_problem(*KeyTemplate::parse("config").value, "x"),
            "\"x\" is no field of the key: the block has no key with fields");
}

}  // namespace
}  // namespace freshet
