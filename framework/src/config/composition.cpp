#include "config/composition.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/block_table.hpp"

namespace freshet::config {
namespace {

constexpr std::string_view kHybrid = "hybrid";
constexpr std::string_view kTtl = "ttl";
constexpr std::string_view kEvent = "event";
constexpr std::string_view kPredictive = "predictive";
constexpr std::string_view kManual = "manual";

bool has(const Composition& composition, std::string_view name) {
  return std::any_of(composition.begin(), composition.end(),
                     [name](const StrategyType* type) { return type->name() == name; });
}

// Adds one strategy, or the three that hybrid stands for.
bool add_named(const ConfigValue& value, const std::string& path, const StrategyRegistry& registry,
               Findings& findings, Composition& composition) {
  if (!value.is_scalar()) {
    findings.add(value.place, path,
                 fmt::format("expected the name of a strategy, found {}", describe(value)));
    return false;
  }
  if (value.text == kHybrid) {
    for (std::string_view name : {kTtl, kEvent, kPredictive}) {
      if (const StrategyType* type = registry.find(name)) composition.push_back(type);
    }
    return true;
  }
  const StrategyType* type = registry.find(value.text);
  if (type == nullptr) {
    findings.add(value.place, path,
                 fmt::format("unknown strategy {}{}", describe(value),
                             did_you_mean(value.text, strategy_words(registry))));
    return false;
  }
  composition.push_back(type);
  return true;
}

}  // namespace

std::vector<std::string> strategy_words(const StrategyRegistry& registry) {
  std::vector<std::string> words = registry.names();
  words.emplace_back(kHybrid);
  return words;
}

bool is_composition_word(std::string_view word) noexcept { return word == kHybrid; }

Composition read_composition(const ConfigValue& value, const std::string& path,
                             const StrategyRegistry& registry, Findings& findings) {
  Composition composition;
  bool good = true;
  if (!value.is_list()) {
    good = add_named(value, path, registry, findings, composition);
  } else if (value.items.empty()) {
    findings.add(value.place, path, "expected the names of strategies, found an empty list");
    good = false;
  }
  for (const ConfigValue& item : value.items) {
    good = add_named(item, path, registry, findings, composition) && good;
  }
  if (const std::string problem = composition_problem(composition); good && !problem.empty()) {
    findings.add(value.place, path, problem);
    good = false;
  }
  return good ? composition : Composition{};
}

std::string composition_problem(const Composition& composition) {
  for (std::size_t i = 0; i < composition.size(); ++i) {
    if (std::find(composition.begin() + static_cast<std::ptrdiff_t>(i) + 1, composition.end(),
                  composition[i]) != composition.end()) {
      return fmt::format("names {} twice", in_quotes(composition[i]->name()));
    }
  }
  if (composition.size() > 1 && has(composition, kManual)) {
    return "\"manual\" means nothing but explicit calls and composes with no other strategy";
  }
  return {};
}

void complete_composition(Composition& composition, const ConfigValue& own,
                          const StrategyRegistry& registry) {
  if (const StrategyType* ttl = registry.find(kTtl); ttl != nullptr && !has(composition, kTtl)) {
    const bool own_ttl =
        std::any_of(own.members.begin(), own.members.end(),
                    [ttl](const auto& member) { return ttl->owns_key(member.key); });
    if (has(composition, kPredictive) || (has(composition, kEvent) && own_ttl)) {
      composition.push_back(ttl);
    }
  }
  std::stable_sort(composition.begin(), composition.end(),
                   [](const StrategyType* a, const StrategyType* b) {
                     return composition_rank(*a) < composition_rank(*b);
                   });
}

int composition_rank(const StrategyType& type) {
  if (type.name() == kTtl) return 0;
  return type.name() == kPredictive ? 2 : 1;
}

}  // namespace freshet::config
