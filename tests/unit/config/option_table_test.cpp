// One table, and all that follows from it.
#include "freshet/option_table.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace freshet {
namespace {

using namespace std::chrono_literals;

enum class Colour : std::uint8_t { red = 3, green = 7 };

struct Inner {
  std::uint64_t depth = 2;
};

struct Sample {
  Duration span = 5min;
  double share = 0.25;
  std::uint64_t count = 1000;
  std::uint64_t bytes = 1024;
  bool on = true;
  std::string text = "a \"b\"";
  Colour colour = Colour::green;
  std::vector<std::string> list{"x"};
  Inner inner{};
};

OptionTable<Sample> sample_table() {
  OptionTable<Inner> inner;
  inner.add("depth", &Inner::depth, count_kind({.at_most = 9}), "how deep");
  OptionTable<Sample> table;
  table.add("span", &Sample::span, duration_kind({.above = 0s, .at_most = 1h}), "how long")
      .add("share", &Sample::share, percentage_kind({.at_least = 0.0, .below = 1.0}), "how much")
      .add("count", &Sample::count, count_kind({.at_least = 1}), "how many")
      .add("bytes", &Sample::bytes, bytes_kind(), "how big")
      .add("on", &Sample::on, boolean_kind(), "whether")
      .add("text", &Sample::text, text_kind(8), "what")
      .add("colour", &Sample::colour,
           word_kind<Colour>({{"red", Colour::red}, {"green", Colour::green}}), "which")
      .add("list", &Sample::list, texts_kind(2, 4), "all of them")
      .add_section("inner", &Sample::inner, inner)
      .relate([](const Sample& sample, const std::string& path, Findings& findings) {
        if (sample.on && sample.count > 5000)
          findings.add(path_to(path, "on"), "too many to be on");
      });
  return table;
}

ConfigValue scalar(std::string text, std::size_t line = 1) {
  ConfigValue value;
  value.kind = ConfigValue::Kind::scalar;
  value.text = std::move(text);
  value.place = {"f", line, 1};
  return value;
}

ConfigValue map(std::vector<std::pair<std::string, ConfigValue>> members) {
  ConfigValue value;
  value.kind = ConfigValue::Kind::map;
  value.place = {"f", 9, 9};
  for (auto& [key, member] : members) value.members.push_back({key, member.place, member});
  return value;
}

ConfigValue list(std::vector<ConfigValue> items) {
  ConfigValue value;
  value.kind = ConfigValue::Kind::list;
  value.items = std::move(items);
  return value;
}

std::vector<std::string> texts(const Findings& findings) {
  std::vector<std::string> texts;
  for (const Finding& finding : findings.all()) texts.push_back(finding.text());
  return texts;
}

TEST(OptionTableTest, EveryKindIsReadIntoItsMember) {
  Sample sample;
  Findings findings;
  sample_table().read(map({{"span", scalar("90s")},
                           {"share", scalar("50%")},
                           {"count", scalar("7")},
                           {"bytes", scalar("2KiB")},
                           {"on", scalar("false")},
                           {"text", scalar("hello")},
                           {"colour", scalar("red")},
                           {"list", list({scalar("a"), scalar("b")})},
                           {"inner", map({{"depth", scalar("4")}})}}),
                      "p", sample, findings);
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(sample.span, 90s);
  EXPECT_EQ(sample.share, 0.5);
  EXPECT_EQ(sample.count, 7U);
  EXPECT_EQ(sample.bytes, 2048U);
  EXPECT_FALSE(sample.on);
  EXPECT_EQ(sample.text, "hello");
  EXPECT_EQ(sample.colour, Colour::red);
  EXPECT_EQ(sample.list, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(sample.inner.depth, 4U);
}

TEST(OptionTableTest, WhatIsNotWrittenKeepsItsValueAndUnknownKeysAreTheCallers) {
  Sample sample;
  sample.count = 77;
  Findings findings;
  sample_table().read(map({{"colour_", scalar("red")}, {"on", scalar("false")}}), "p", sample,
                      findings);
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(sample.count, 77U);
  EXPECT_FALSE(sample.on);
}

TEST(OptionTableTest, AValueThatCannotBeReadLeavesTheMemberAlone) {
  Sample sample;
  Findings findings;
  sample_table().read(
      map({{"span", scalar("soon", 2)}, {"colour", scalar("rde", 3)}, {"list", list({map({})})}}),
      "p", sample, findings);
  EXPECT_EQ(sample.span, 5min);
  EXPECT_EQ(sample.colour, Colour::green);
  EXPECT_EQ(sample.list, std::vector<std::string>{"x"});
  EXPECT_EQ(findings.all().size(), 3U);
  EXPECT_EQ(texts(findings)[1], "f:3:1: p.colour: unknown word \"rde\", did you mean \"red\"?");
}

TEST(OptionTableTest, ASectionKnowsAllItsKeys) {
  Sample sample;
  Findings findings;
  sample_table().read(map({{"inner", map({{"dept", scalar("4", 5)}})}}), "p", sample, findings);
  EXPECT_EQ(texts(findings),
            std::vector<std::string>{"f:5:1: p.inner.dept: unknown key, did you mean \"depth\"?"});
}

TEST(OptionTableTest, AStructFilledInCodeIsJudgedByTheSameRanges) {
  Sample bad;
  bad.span = 0s;
  bad.share = std::numeric_limits<double>::quiet_NaN();
  bad.count = 0;
  bad.text = "123456789";
  bad.colour = static_cast<Colour>(4);
  bad.list = {"a", "12345"};
  bad.inner.depth = 10;
  Findings findings;
  sample_table().validate(bad, "p", findings);
  EXPECT_EQ(texts(findings),
            (std::vector<std::string>{
                "p.span: expected a duration > 0s and <= 1h, found 0s",
                "p.share: expected a percentage >= 0% and < 100%, found nan%",
                "p.count: expected a count >= 1, found 0",
                "p.text: expected a text of at most 8 bytes, found 9",
                "p.colour: expected one of: red, green, found an enumerator of value 4",
                "p.list[1]: expected a text of at most 4 bytes, found 5",
                "p.inner.depth: expected a count <= 9, found 10",
            }));
}

TEST(OptionTableTest, RelationsAreJudgedToo) {
  Sample bad;
  bad.count = 5001;
  Findings findings;
  sample_table().validate(bad, "p", findings);
  EXPECT_EQ(texts(findings), std::vector<std::string>{"p.on: too many to be on"});
}

TEST(OptionTableTest, DefaultsAreValid) {
  Findings findings;
  sample_table().validate(Sample{}, "p", findings);
  EXPECT_TRUE(findings.empty());
}

TEST(OptionTableTest, TheReferencePageHasARowPerOption) {
  const std::vector<OptionRow> rows = sample_table().rows();
  ASSERT_EQ(rows.size(), 9U);
  const auto row = [&rows](std::size_t i) {
    return rows[i].name + "|" + rows[i].type + "|" + rows[i].default_text + "|" + rows[i].range +
           "|" + rows[i].doc;
  };
  EXPECT_EQ(row(0), "span|duration|5m|> 0s and <= 1h|how long");
  EXPECT_EQ(row(1), "share|percentage|25%|>= 0% and < 100%|how much");
  EXPECT_EQ(row(2), "count|count|1_000|>= 1|how many");
  EXPECT_EQ(row(3), "bytes|size|1KiB||how big");
  EXPECT_EQ(row(4), "on|boolean|true||whether");
  EXPECT_EQ(row(5), R"(text|text|"a \"b\""|at most 8 bytes|what)");
  EXPECT_EQ(row(6), "colour|word|green|red, green|which");
  EXPECT_EQ(row(7), R"(list|list of texts|["x"]|at most 2 of 4 bytes|all of them)");
  EXPECT_EQ(row(8), "inner.depth|count|2|<= 9|how deep");
}

TEST(OptionTableTest, AnOptionGivenTwiceIsAMistakeOfTheTable) {
  OptionTable<Inner> table;
  table.add("depth", &Inner::depth, count_kind(), "");
  EXPECT_THROW(table.add("depth", &Inner::depth, count_kind(), ""), Error);
}

}  // namespace
}  // namespace freshet
