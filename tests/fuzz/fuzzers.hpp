// The fuzzers: for each kind of text that comes from outside, a function that reads it and says what must hold of the answer.
//
// libFuzzer calls them with inputs of its own (`./dev fuzz`), and every test run with those kept in corpus/NAME. One that
// finds its belief broken throws BrokenBelief, which libFuzzer takes for a crash and a test for a failure.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace freshet::fuzz {

/// Not an Error of the library: nothing that catches those catches this.
class BrokenBelief : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& belief) {
  if (!holds) throw BrokenBelief(belief);
}

/// Splits at the first `mark`; all of it and nothing if there is none.
inline std::pair<std::string_view, std::string_view> split_at(std::string_view text,
                                                              std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + mark.size())};
}

void fuzz_policy(std::string_view input);         // a policy, as `freshet check` reads it
void fuzz_rules(std::string_view input);          // its events and entities, with an event
void fuzz_template(std::string_view input);       // templates, with fields and keys
void fuzz_values(std::string_view input);         // durations, sizes, percentages, counts, texts
void fuzz_schedule(std::string_view input);       // times of the calendar, with an instant
void fuzz_key_glob(std::string_view input);       // patterns over keys
void fuzz_block_glob(std::string_view input);     // patterns in the names of blocks
void fuzz_plugin_schema(std::string_view input);  // the schema of a plugin, with options
void fuzz_trace(std::string_view input);          // traces, plain and packed
void fuzz_names(std::string_view input);          // what callers name: keys, tags, scopes and so on

struct Fuzzer {
  std::string_view name;  // of its corpus, too
  void (*run)(std::string_view input);
};

inline constexpr std::array kFuzzers{
    Fuzzer{"policy", fuzz_policy},         Fuzzer{"rules", fuzz_rules},
    Fuzzer{"template", fuzz_template},     Fuzzer{"values", fuzz_values},
    Fuzzer{"schedule", fuzz_schedule},     Fuzzer{"key_glob", fuzz_key_glob},
    Fuzzer{"block_glob", fuzz_block_glob}, Fuzzer{"plugin_schema", fuzz_plugin_schema},
    Fuzzer{"trace", fuzz_trace},           Fuzzer{"names", fuzz_names},
};

}  // namespace freshet::fuzz
