// A plugin's schema: what it accepts of a policy, what it tells the plugin, and what it refuses to be.
#include "plugin/plugin_schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/document.hpp"
#include "freshet/errors.hpp"

namespace freshet::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "span": {"type": "string", "format": "duration", "minimum": "1s", "default": "5m",
             "description": "how long"},
    "size": {"type": "string", "format": "bytes", "maximum": "1MiB"},
    "share": {"type": "string", "format": "percentage", "default": "10%"},
    "beta": {"type": "number", "exclusiveMinimum": 0, "maximum": 10, "default": 1},
    "offset": {"type": "integer", "minimum": -5, "exclusiveMaximum": 5},
    "mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast"},
    "by": {"type": "string"},
    "on": {"type": "boolean", "default": false}
  },
  "required": ["by", "mode"],
  "additionalProperties": false
})";

class PluginSchemaTest : public ::testing::Test {
 protected:
  /// Findings of a section, as text, place first.
  std::vector<std::string> findings_of(const std::string& yaml) {
    Findings findings;
    const auto document = config::read_document(yaml, "f.yaml", findings);
    Findings judged;
    options_ = schema_.defaults;
    schema_.table.list().read_section(*document, "p", &options_, findings);
    schema_.table.validate(options_, "", judged);
    std::vector<std::string> texts;
    for (const Finding& finding : findings.all()) texts.push_back(finding.text());
    for (const Finding& finding : judged.all()) texts.push_back(finding.text());
    return texts;
  }
  static std::string refusal_of(const std::string& schema) {
    try {
      PluginSchema::parse(schema);
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }
  static std::string refusal_of_property(const std::string& property) {
    return refusal_of(R"({"type": "object", "properties": {"p": )" + property + "}}");
  }

  const PluginSchema schema_ = PluginSchema::parse(kSchema);
  OptionValues options_;
};

TEST_F(PluginSchemaTest, DefaultsReachThePluginAsNumbers) {
  EXPECT_EQ(schema_.defaults.json(),
            R"({"beta":1.0,"mode":"fast","on":false,"share":0.1,"span":300000000000})");
}

TEST_F(PluginSchemaTest, WhatAPolicySaysReachesThePluginAsNumbers) {
  EXPECT_THAT(findings_of("span: 1h45m\nsize: 2KiB\nshare: 25%\nbeta: 0.5\noffset: -3\nmode: slow\n"
                          "by: a \"quoted\" text\non: true\n"),
              ElementsAre());
  EXPECT_EQ(options_.json(),
            R"({"beta":0.5,"by":"a \"quoted\" text","mode":"slow","offset":-3,"on":true,)"
            R"("share":0.25,"size":2048,"span":6300000000000})");
}

TEST_F(PluginSchemaTest, EachMistakeIsAFindingInItsPlace) {
  EXPECT_THAT(findings_of("spam: 1s\nspan: 5\nmode: fsat\n"),
              ElementsAre(HasSubstr("f.yaml:1:1: p.spam: unknown key, did you mean \"span\"?"),
                          HasSubstr("f.yaml:2:7: p.span: expected a duration such as 1h45m"),
                          HasSubstr("f.yaml:3:7: p.mode: unknown word \"fsat\", did you mean "
                                    "\"fast\"?")));
  EXPECT_THAT(findings_of("beta: x\noffset: 1.5\non: maybe\nby: [a]\n"),
              ElementsAre(HasSubstr("f.yaml:1:7: p.beta: expected a number, found \"x\""),
                          HasSubstr("f.yaml:2:9: p.offset: expected a whole number, found"),
                          HasSubstr("f.yaml:4:5: p.by: expected a text, found a list"),
                          HasSubstr("f.yaml:3:5: p.on: expected true or false")));
}

TEST_F(PluginSchemaTest, BoundsHold) {
  EXPECT_THAT(findings_of("span: 999ms\nsize: 2MiB\nbeta: 0\noffset: 5\n"),
              ElementsAre("span: expected a duration >= 1s, found 999ms",
                          "size: expected a size <= 1MiB, found 2MiB",
                          "beta: expected a number > 0 and <= 10, found 0",
                          "offset: expected a whole number >= -5 and < 5, found 5"));
  EXPECT_THAT(findings_of("span: 1s\nsize: 1MiB\nbeta: 10\noffset: -5\n"), ElementsAre());
}

TEST_F(PluginSchemaTest, WhatIsRequiredAndHasNoDefaultMustBeThere) {
  EXPECT_THAT(schema_.required, ElementsAre("by"));
  Findings findings;
  schema_.check_required(schema_.defaults, "p", findings);
  ASSERT_EQ(findings.all().size(), 1U);
  EXPECT_EQ(findings.all()[0].text(), "p.by: missing, the plugin requires it");
}

TEST_F(PluginSchemaTest, WhatIsWrittenReadsBackToTheSame) {
  std::string yaml;
  for (const auto& [name, text] : schema_.table.list().texts(&schema_.defaults))
    yaml += name + ": " + text + "\n";
  EXPECT_THAT(findings_of(yaml), ElementsAre());
  EXPECT_EQ(options_.json(), schema_.defaults.json());
}

TEST_F(PluginSchemaTest, ItHasRowsForAReferencePage) {
  const std::vector<OptionRow> rows = schema_.table.list().rows(&schema_.defaults, "p.");
  ASSERT_EQ(rows.size(), 8U);
  EXPECT_EQ(rows[0].name, "p.span");
  EXPECT_EQ(rows[0].default_text, "5m");
  EXPECT_EQ(rows[0].range, ">= 1s");
  EXPECT_EQ(rows[0].doc, "how long");
}

TEST_F(PluginSchemaTest, AnythingThatIsNotUnderstoodIsRefused) {
  EXPECT_THAT(refusal_of("{"), HasSubstr("options_schema: "));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("expected an object"));
  EXPECT_THAT(refusal_of(R"({"type": "object", "allOf": []})"),
              HasSubstr("\"allOf\" is not supported"));
  EXPECT_THAT(refusal_of(R"({"type": "object", "additionalProperties": true})"),
              HasSubstr("expected false"));
  EXPECT_THAT(refusal_of(R"({"type": "object", "required": ["x"]})"),
              HasSubstr("\"x\" is no property"));
  EXPECT_THAT(refusal_of_property(R"({"type": "array"})"),
              HasSubstr("properties.p: type: expected"));
  EXPECT_THAT(refusal_of_property(R"({"type": "string", "format": "date"})"),
              HasSubstr("expected duration, bytes or percentage"));
  EXPECT_THAT(refusal_of_property(R"({"type": "string", "minimum": 1})"),
              HasSubstr("minimum is for numbers"));
  EXPECT_THAT(refusal_of_property(R"({"type": "integer", "default": "x"})"),
              HasSubstr("properties.p.default: expected a whole number"));
  EXPECT_THAT(refusal_of_property(R"({"type": "integer", "minimum": 2, "default": 1})"),
              HasSubstr("properties.p.default: expected a whole number >= 2, found 1"));
  EXPECT_THAT(refusal_of_property(R"({"type": "integer", "minimum": [2]})"),
              HasSubstr("properties.p.minimum: expected a whole number, found a list"));
}

TEST_F(PluginSchemaTest, WhatIsNoJsonIsRefusedWithoutQuotingItsBytes) {
  EXPECT_EQ(refusal_of("{\"a\x1b\x7f\xff"), "options_schema: this is not JSON, byte 4");
  EXPECT_EQ(refusal_of(R"({"type": "object", "properties": {"a\u001b": 1}})"),
            "options_schema: properties.a\\x1b: expected an object");
}

TEST_F(PluginSchemaTest, ASchemaIsFlatAndOfReadableSize) {
  const auto repeat = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const std::string deep = repeat("[", 30'000) + repeat("]", 30'000);
  EXPECT_EQ(refusal_of_property(R"({"type": "string", "default": )" + deep + "}"),
            "options_schema: nested deeper than 8");
  EXPECT_THAT(refusal_of_property(R"({"type": "string", "default": [[1]]})"),
              HasSubstr("properties.p.default: expected a text, found a list"));
  EXPECT_EQ(refusal_of("{" + repeat(R"("a": 1,)", 2'001) + R"("a": 1})"),
            "options_schema: more than 2000 keys");
  const std::string words = repeat(R"("w",)", 64);
  EXPECT_THAT(refusal_of_property(R"({"type": "string", "enum": [)" + words + R"("w"]})"),
              HasSubstr("properties.p: enum: expected at most 64 words of at most 64 bytes"));
}

}  // namespace
}  // namespace freshet::plugin
