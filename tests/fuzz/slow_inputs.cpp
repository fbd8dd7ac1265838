// freshet_slow_inputs: how long the worst texts of 64 KiB take that we could think of, each kind by itself.
//
// Prints milliseconds per input, of processor time and the least of three runs, and exits 1 if one takes more than 100.
// From a release build: `./dev fuzz --slow-inputs`. With a word, only the inputs whose name has it.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"
#include "config/glob.hpp"
#include "config/policy_model.hpp"
#include "freshet/limits.hpp"
#include "freshet/value_grammar.hpp"
#include "freshness/key_glob.hpp"
#include "plugin/plugin_schema.hpp"
#include "rules/field_template.hpp"
#include "rules/rule_engine.hpp"
#include "support/temp_folder.hpp"
#include "trace/trace_reader.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kBytes = 64 * 1024;
constexpr double kMaxMilliseconds = 100;

struct Input {
  std::string name;
  std::function<void()> run;
};

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// `head`, as many of the texts that `item` makes of 0, 1, 2… as fit, and `tail`.
template <class Item>
std::string filled(std::string_view head, Item item, std::string_view tail = {},
                   std::size_t bytes = kBytes) {
  std::string text(head);
  for (std::size_t i = 0;; ++i) {
    const std::string next = item(i);
    if (text.size() + next.size() + tail.size() > bytes) break;
    text += next;
  }
  return text.append(tail);
}

void read_policy(const std::string& yaml) {
  static const auto registry = StrategyRegistry::with_builtins();
  try {
    const auto model = config::read_policy(yaml, "slow.yaml", *registry);
    if (config::policy_text(model).empty()) std::abort();
  } catch (const ConfigError& error) {
    if (error.findings().empty()) std::abort();
  }
}

constexpr std::string_view kHead = "freshet: 1\nnamespaces: {a: {}}\n";

// --- policies ---------------------------------------------------------------------------------------------------------

void add_yaml(std::vector<Input>& inputs) {
  const auto add = [&inputs](const char* name, std::string yaml) {
    inputs.push_back(
        {fmt::format("policy: {}", name), [yaml = std::move(yaml)] { read_policy(yaml); }});
  };
  const auto same = [](std::string_view text) {
    return [text = std::string(text)](std::size_t) { return text; };
  };
  add("lists in lists", repeat("[", kBytes));
  add("maps in maps", repeat("{", kBytes));
  add("lists in blocks", repeat("- ", kBytes / 2));
  add("complex keys", repeat("? ", kBytes / 2));
  add("keys of keys", repeat("a: ", kBytes / 3));
  add("keys of flow keys", "{" + repeat("a: ", kBytes / 3 - 1));
  add("deeper and deeper", filled("", [](std::size_t i) { return std::string(i, ' ') + "a:\n"; }));
  add("aliases of aliases", "a0: &a0 [x]\n" + filled("", [](std::size_t i) {
                              return fmt::format("a{}: &a{} [*a{}, *a{}]\n", i + 1, i + 1, i, i);
                            }));
  add("anchors", filled(
                     "[", [](std::size_t i) { return fmt::format("&a{} 1,", i); }, "]"));
  add("tags", filled("[", same("!t 1,"), "]"));
  add("long tag", "! " + repeat("!", kBytes - 2));
  add("directives",
      filled(
          "", [](std::size_t i) { return fmt::format("%TAG !{}! x\n", i); }, "--- a"));
  add("comments", repeat("#\n", kBytes / 2));
  add("one comment", repeat("#", kBytes));
  add("line ends", repeat("\n", kBytes));
  add("carriage returns", repeat("\r", kBytes));
  add("blanks", repeat(" ", kBytes));
  add("one plain text", repeat("a ", kBytes / 2));
  add("one plain text of lines", repeat("a\n", kBytes / 2));
  add("one quoted text", '"' + repeat("\\u00e9", kBytes / 6 - 1) + '"');
  add("one quoted text of lines", '"' + repeat("\n", kBytes - 2) + '"');
  add("one single-quoted text", '\'' + repeat("''", kBytes / 2 - 1) + '\'');
  add("an open quote", "a: \"" + repeat("x", kBytes - 4));
  add("a folded text", "a: >\n" + repeat(" x\n", kBytes / 3 - 3));
  add("a literal text of empty lines", "a: |\n x\n" + repeat("\n", kBytes - 9));
  add("colons", repeat(":", kBytes));
  add("commas", "[" + repeat(",", kBytes - 1));
  add("dashes", repeat("-", kBytes));
  add("documents", repeat("---\n", kBytes / 4));
  add("lists of one", filled("[", same("[1],"), "]"));
  add("pairs in a list", filled("[", same("a: b,"), "]"));
  add("open simple keys", filled("[", same("a,"), "]"));
  add("wide characters", filled("a: ", same("\xf0\x9f\x8c\x8a")));
  add("unknown keys", filled(kHead, [](std::size_t i) { return fmt::format("k{}: 1\n", i); }));
  add("the same key", filled(kHead, same("b: 1\n")));
  add("duplicate long keys", filled("", [](std::size_t) { return repeat("k", 900) + ": 1\n"; }));
}

void add_blocks(std::vector<Input>& inputs) {
  const auto add = [&inputs](const char* name, std::string yaml) {
    inputs.push_back(
        {fmt::format("policy: {}", name), [yaml = std::move(yaml)] { read_policy(yaml); }});
  };
  constexpr std::string_view kBlocks = "freshet: 1\nnamespaces:\n";
  const auto block = [](std::size_t i) { return fmt::format(" b{}: {{}}\n", i); };
  // As many blocks as there may be, and comments behind them.
  const auto many = [&block](std::string_view head, std::size_t bytes) {
    return filled(
        head, [&block](std::size_t i) { return i < 1000 ? block(i) : std::string("#\n"); }, {},
        bytes);
  };
  add("blocks", many(kBlocks, kBytes));
  add("more blocks than allowed", filled(kBlocks, block));
  add("globs", filled(kBlocks, [](std::size_t i) {
        return i < 100 ? fmt::format(" '{}{}{}': {{}}\n", '*', repeat("?*", 150), i)
                       : std::string(" #\n");
      }));
  add("globs that tie", filled(kBlocks, [](std::size_t i) {
        return i < 100 ? fmt::format(" '*{}*{}': {{}}\n", i, repeat("a?", 200))
                       : std::string("#\n");
      }));
  add("findings in each block", filled(kBlocks, [](std::size_t i) {
        return i < 1000 ? fmt::format(" b{}: {{ttl: 5, foo: 1, key: '{{'}}\n", i)
                        : std::string("#\n");
      }));
  add("wrong names of strategies", filled(kBlocks, [](std::size_t i) {
        return i < 1000 ? fmt::format(" b{}: {{strategy: [hybrd, evnt]}}\n", i)
                        : std::string("#\n");
      }));
  const std::string fields = filled(
      "", [](std::size_t i) { return fmt::format("{{f{}}}:", i); }, {}, 50'000);
  add("a key of many fields", "freshet: 1\nnamespaces: {a: {key: '" + fields + "'}}\n");
  const std::string fewer = filled(
      "", [](std::size_t i) { return fmt::format("{{f{}}}:", i); }, {}, 40'000);
  add("a key of many fields for all blocks",
      many("freshet: 1\ndefaults: {key: '" + fewer + "'}\nnamespaces:\n", 55'000));
  const auto long_field = [](std::size_t i) {
    return fmt::format("{{{}{}}}:", std::string(55, 'f'), i);
  };
  const std::string legal = filled("", long_field, {}, 3'700);
  const std::string tag = filled("", long_field, {}, 1'000);
  add("a legal key of many fields for all blocks",
      many("freshet: 1\ndefaults: {key: '" + legal + "'}\nnamespaces:\n", 14'000));
  add("legal tags of many fields for all blocks",
      many("freshet: 1\ndefaults: {key: '" + legal + "', tags: [" + repeat("'" + tag + "',", 50) +
               "]}\nnamespaces:\n",
           kBytes));
  add("tags of many characters for all blocks",
      many("freshet: 1\ndefaults: {tags: [" + repeat("'" + std::string(1'000, 'x') + "',", 54) +
               "]}\nnamespaces:\n",
           kBytes));
  add("many tags", "freshet: 1\nnamespaces: {a: {tags: [" + repeat("t,", kBytes / 2 - 50) + "]}}");
}

void add_rules(std::vector<Input>& inputs) {
  const auto add = [&inputs](const char* name, std::string yaml) {
    inputs.push_back(
        {fmt::format("rules: {}", name), [yaml = std::move(yaml)] { read_policy(yaml); }});
  };
  const std::string head(kHead);
  const auto number = [](const char* format) {
    return [format](std::size_t i) { return fmt::format(fmt::runtime(format), i); };
  };
  add("one rule of many actions",
      filled(head + "events: {e: [", number("{{invalidate_tag: t{}}},"), "]}"));
  add("many events", filled(head + "events: {", number("e{}: [{{invalidate_all: true}}],"), "}"));
  add("many wrong actions", filled(head + "events: {e: [", number("{{x{}: 1}},"), "]}"));
  add("many unserved namespaces",
      filled(head + "events: {e: [", number("{{invalidate_namespace: x{}}},"), "]}"));
  std::string blocks = "freshet: 1\nnamespaces: {";
  for (std::size_t i = 0; i < 1000; ++i) blocks += fmt::format("b{}: {{}},", i);
  add("unserved namespaces beside many blocks",
      filled(blocks + "}\nevents: {e: [", number("{{invalidate_namespace: x{}}},"), "]}"));
  std::string globs = "freshet: 1\nnamespaces: {";
  for (std::size_t i = 0; i < 100; ++i) globs += fmt::format("'{}*a*b*c*d*': {{}},", i);
  add("templates of namespaces beside many globs",
      filled(globs + "}\nevents: {e: [", number("{{invalidate_namespace: '{{x}}q{}{{y}}z'}},"),
             "]}"));
  add("one template of many fields",
      head + "events: {e: [{invalidate_tag: '" + repeat("{a}", kBytes / 3 - 30) + "'}]}");
  add("one template of many undeclared fields",
      head + "events: {e: [{fields: [b], do: [{invalidate_tag: '" +
          filled("", number("{{f{}}}"), {}, kBytes - 200) + "'}]}]}");
  add("many declared and undeclared fields",
      head + "events: {e: [{fields: [" + filled("", number("d{},"), {}, kBytes / 2 - 100) +
          "], do: [{invalidate_tag: '" + filled("", number("{{f{}}}"), {}, kBytes / 2 - 100) +
          "'}]}]}");
  add("one pattern of many fields",
      head + "events: {e: [{invalidate_matching: 'a/" + repeat("{a}", kBytes / 3 - 30) + "'}]}");
  add("one long pattern",
      head + "events: {e: [{invalidate_matching: 'a/" + repeat("?", kBytes - 100) + "'}]}");
  add("one long pattern of many fields",
      head + "events: {e: [{invalidate_matching: 'a/" + repeat("?{a}", kBytes / 4 - 30) + "'}]}");
  add("an entity of many fields",
      head + "entities: {n: {tags: ['" + filled("", number("{{f{}}}"), {}, kBytes - 200) + "']}}");
  add("uses of an entity of many fields",
      filled(head + "entities: {n: {tags: ['" + filled("", number("{{f{}}}"), {}, kBytes / 2) +
                 "']}}\nevents: {e: [",
             number("{{invalidate_entity: {{name: n}}}},"), "]}"));
  add("wrong uses of an entity of many fields",
      head + "entities: {n: {tags: ['" + filled("", number("{{f{}}}"), {}, kBytes / 2) +
          "']}}\nevents: {e: [{invalidate_entity: {name: n, " +
          filled("", number("x{}: 1,"), {}, kBytes / 2 - 200) + "}}]}");
  std::string entities = head + "entities: {";
  for (std::size_t i = 0; i < 1500; ++i) entities += fmt::format("n{}: {{tags: [a]}},", i);
  add("unknown entities beside many",
      filled(entities + "}\nevents: {e: [", number("{{invalidate_entity: {{name: x{}}}}},"), "]}"));
  add("long templates of namespaces beside long names",
      filled(
          filled(
              "freshet: 1\nnamespaces: {",
              [](std::size_t i) { return fmt::format("{}{}: {{}},", std::string(500, 'a'), i); },
              "}\nevents: {e: [", kBytes / 2),
          [](std::size_t) {
            return fmt::format("{{invalidate_namespace: '{{x}}{}b{{y}}'}},", std::string(250, 'a'));
          },
          "]}"));
  add("many conditions", filled(head + "events: {e: [{do: [{invalidate_all: true}], when: [",
                                number("{{field: f{}, is: x}},"), "]}]}"));
  add("many empty actions", filled(head + "events: {e: [", number("{{}},"), "]}"));
  add("many limits",
      filled(head + "events: {",
             number("e{}: {{max_per_second: 1, do: [{{invalidate_all: true}}]}},"), "}"));
  add("long names",
      filled(
          head + "events: {",
          [](std::size_t i) { return fmt::format("{}{}: 1,", repeat("n", 200), i); }, "}"));
}

// --- everything else --------------------------------------------------------------------------------------------------

void add_plans(std::vector<Input>& inputs) {
  const auto add = [&inputs](const char* name, const std::string& yaml, Event event) {
    static const auto registry = StrategyRegistry::with_builtins();
    auto model =
        std::make_shared<config::PolicyModel>(config::read_policy(yaml, "p.yaml", *registry));
    auto engine = std::make_shared<rules::RuleEngine>(std::move(model->rules));
    inputs.push_back({fmt::format("event: {}", name), [engine, event = std::move(event)] {
                        InvalidationPlan plan;
                        std::vector<rules::PlannedAction> told;
                        engine->plan(event, plan, &told);
                        if (told.empty()) std::abort();
                      }});
  };
  std::vector<EventField> fields;
  for (std::size_t i = 0; i < 6'000; ++i) fields.push_back({fmt::format("f{}", i), "v"});
  add("many fields",
      fmt::format("{}events: {{e: [{{invalidate_tag: '{}'}}]}}", kHead, repeat("{f5999}", 16)),
      Event("e", fields));
  add("many fields for the longest template",
      fmt::format("{}events: {{e: [{{invalidate_tag: '{}'}}]}}", kHead, repeat("{f}", 64)),
      Event("e", {{"f", repeat("*", kBytes / 64)}}));
  add("a field of stars",
      fmt::format("{}events: {{e: [{{invalidate_matching: 'a/{{f}}'}}]}}", kHead),
      Event("e", {{"f", repeat("*", kBytes)}}));
}

void add_globs(std::vector<Input>& inputs) {
  const auto add = [&inputs](const char* name, std::string pattern, std::string key) {
    inputs.push_back(
        {fmt::format("key glob: {}", name), [pattern = std::move(pattern), key = std::move(key)] {
           const auto glob = detail::KeyGlob::parse(pattern);
           if (glob && glob->matches(key) && pattern.empty()) std::abort();
         }});
  };
  add("stars, 64 KiB of key", repeat("*a", kMaxPatternBytes / 2), repeat("a", kBytes));
  add("any bytes, 64 KiB of key", "*" + repeat("?", kMaxPatternBytes - 1), repeat("a", kBytes));
  add("sets", "*" + repeat("[!a]", kMaxPatternBytes / 4), repeat("b", kBytes));
  add("64 KiB of stars", repeat("*", kBytes), repeat("a", kMaxKeyBytes));
  add("64 KiB of pattern", repeat("*a", kBytes / 2), repeat("a", kMaxKeyBytes));
  add("64 KiB of ranges", repeat("[\x01-\xff]", kBytes / 5), repeat("a", kMaxKeyBytes));
  add("an open bracket", "[" + repeat("a-z", kBytes / 3), "a");

  const auto add_block = [&inputs](const char* name, std::string a, std::string b) {
    inputs.push_back({fmt::format("block glob: {}", name), [a = std::move(a), b = std::move(b)] {
                        if (config::globs_meet(a, b) && a.empty()) std::abort();
                      }});
  };
  add_block("stars, 64 KiB of name", repeat("*a", kMaxNamespaceBytes / 2 - 1) + "*b",
            repeat("a", kBytes));
  add_block("stars and question marks", "*" + repeat("a", kMaxNamespaceBytes - 2) + "b",
            repeat("?", kBytes));
}

void add_small(std::vector<Input>& inputs) {
  const auto add_value = [&inputs](const char* name, std::string text) {
    inputs.push_back({fmt::format("values: {}", name), [text = std::move(text)] {
                        const bool none = !parse_duration(text).value && !parse_bytes(text).value &&
                                          !parse_percentage(text).value && !parse_count(text).value;
                        if (!none || format_text(text).empty()) std::abort();
                      }});
  };
  add_value("digits", repeat("9", kBytes));
  add_value("underscores", repeat("1_", kBytes / 2));
  add_value("units", repeat("1h", kBytes / 2));
  add_value("decimals", "1." + repeat("0", kBytes));
  add_value("control characters", repeat("\x01", kBytes));

  const auto add_template = [&inputs](const char* name, std::string text, std::string key) {
    inputs.push_back(
        {fmt::format("template: {}", name), [text = std::move(text), key = std::move(key)] {
           const auto parsed = KeyTemplate::parse(text);
           std::vector<EntryView::Field> fields;
           if (parsed.value && parsed.value->match(key, fields) && text.empty()) std::abort();
           if (rules::FieldTemplate::parse(text).problem == text) std::abort();
         }});
  };
  add_template("many fields", filled("", [](std::size_t i) { return fmt::format("{{f{}}}:", i); }),
               "a");
  add_template("a text sought everywhere", "{a}" + repeat("x", kMaxKeyBytes / 2) + "y{b}",
               repeat("x", kBytes));
  add_template("an open brace", repeat("{{", kBytes / 2 - 1) + "{", "a");
  add_template("a long wrong name", "{" + repeat("-", kBytes - 2) + "}", "a");

  const auto add_schema = [&inputs](const char* name, std::string json) {
    inputs.push_back({fmt::format("plugin schema: {}", name), [json = std::move(json)] {
                        try {
                          if (plugin::PluginSchema::parse(json).defaults.json().empty())
                            std::abort();
                        } catch (const Error&) {
                        }
                      }});
  };
  const std::string object = R"({"type": "object", "properties": {)";
  const auto property = [](std::size_t i) {
    return fmt::format(R"("p{}": {{"type": "boolean"}},)", i);
  };
  add_schema("lists in lists", repeat("[", kBytes / 2) + repeat("]", kBytes / 2));
  add_schema("a default of lists in lists", object + R"("p": {"type": "string", "default": )" +
                                                repeat("[", 32'000) + repeat("]", 32'000) + "}}}");
  add_schema("properties", filled(object, property, R"("p": {"type": "boolean"}}})"));
  add_schema("keys",
             filled(
                 "{", [](std::size_t i) { return fmt::format(R"("{}":1,)", i); }, R"("a": 1})"));
  add_schema("words", filled(
                          object + R"("p": {"type": "string", "enum": [)",
                          [](std::size_t i) { return fmt::format(R"("w{}",)", i); }, R"("w"]}}})"));
  add_schema("required", filled(
                             object + R"("p": {"type": "boolean"}}, "required": [)",
                             [](std::size_t) { return R"("p",)"; }, R"("p"]})"));
}

void add_traces(std::vector<Input>& inputs) {
  static const test::TempFolder folder;
  const auto add = [&inputs](const char* name, const std::string& text) {
    const auto file = folder.write(fmt::format("{}.csv", inputs.size()), text);
    inputs.push_back({fmt::format("trace: {}", name), [file] {
                        try {
                          trace::TraceReader reader(file);
                          trace::TraceRow row;
                          while (reader.next(row)) {
                          }
                        } catch (const trace::TraceError&) {
                        }
                      }});
  };
  add("rows", filled("", [](std::size_t) { return "1,k,1,get,1,a|b\n"; }));
  add("tags", "1,k,1,get,1," + repeat("a|", kBytes / 2 - 20) + "a\n");
  add("columns", repeat(",", kBytes - 1) + "\n");
  add("comments", repeat("#\n", kBytes / 2));
  add("digits", repeat("9", kBytes - 20) + ",k,1,get,1,\n");
}

/// Of processor time, so that a busy machine does not count.
double milliseconds_used() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

double least_of_three(const std::function<void()>& run) {
  double least = 0;
  for (int i = 0; i < 3; ++i) {
    const double began = milliseconds_used();
    run();
    const double took = milliseconds_used() - began;
    least = i == 0 ? took : std::min(least, took);
    if (least > 10 * kMaxMilliseconds) break;
  }
  return least;
}

int run(std::string_view word) {
  std::vector<Input> inputs;
  add_yaml(inputs);
  add_blocks(inputs);
  add_rules(inputs);
  add_plans(inputs);
  add_globs(inputs);
  add_small(inputs);
  add_traces(inputs);
  std::size_t slow = 0;
  for (const Input& input : inputs) {
    if (input.name.find(word) == std::string::npos) continue;
    const double took = least_of_three(input.run);
    fmt::print("{:9.2f} ms  {}{}\n", took, input.name, took > kMaxMilliseconds ? "  TOO LONG" : "");
    std::fflush(stdout);
    if (took > kMaxMilliseconds) ++slow;
  }
  if (slow > 0) fmt::print("{} inputs take longer than {} ms\n", slow, kMaxMilliseconds);
  return slow > 0 ? 1 : 0;
}

}  // namespace
}  // namespace freshet::fuzz

int main(int count, char** words) { return freshet::fuzz::run(count > 1 ? words[1] : ""); }
