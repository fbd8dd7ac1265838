// RuleEngine: what the rules of an event say should happen, worked out without doing it.
//
// An index from the event's name to its rules: an event costs what its own rules cost, however many others there are.
// An action that needs a field which the event has not is left out and says so; the other actions stand.
// Immutable, so any number of threads may plan at once.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/block_resolver.hpp"
#include "freshet/event.hpp"
#include "freshet/invalidation_plan.hpp"
#include "rules/rule_model.hpp"

namespace freshet::rules {

/// One action as it came out, for whoever asks what an event would do and why.
struct PlannedAction {
  Place place{};  // of the action
  ActionKind kind{};
  std::string target{};  // "profiles/user:42", "user_logout {user_id: 42}"; empty for everything
  Mode mode = Mode::remove;
  std::string problem{};       // why it is left out; empty if it is not
  const Rule* rule = nullptr;  // belongs to the engine; null for an entity invalidated from code
};

/// Whether the action adds a target to a plan, rather than a refresh or an event.
bool adds_target(const PlannedAction& action) noexcept;

/// "profiles/user:42", "prompt v3"; empty for everything.
std::string target_text(const Target& target);

/// `user_logout {user_id: 42}`
std::string event_text(const Event& event);

/// "freshet.yaml:12:5"; "in code" for what was given in code.
std::string place_text(const Place& place);

class RuleEngine {
 public:
  explicit RuleEngine(RuleSet set);
  RuleEngine(const RuleEngine&) = delete;
  RuleEngine& operator=(const RuleEngine&) = delete;

  /// The rules of an event, in the order of the policy.
  std::span<const Rule* const> rules_of(std::string_view event) const noexcept;
  bool holds(const Rule& rule, const Event& event) const noexcept;

  /// Adds what one rule does, whatever its conditions. The n-th target that is added comes from the n-th action in
  /// `explained` for which adds_target() is true.
  void expand(const Rule& rule, const Event& event, InvalidationPlan& plan,
              std::vector<PlannedAction>& explained) const;

  /// Adds what all rules of the event do whose conditions hold.
  void plan(const Event& event, InvalidationPlan& plan,
            std::vector<PlannedAction>* explanation = nullptr) const;

  /// The parts of an entity. Null: there is none of that name.
  const Entity* entity(std::string_view name) const noexcept;
  std::vector<std::string> entity_names() const;
  void expand(const Entity& entity, const Event& fields, InvalidationPlan& plan,
              std::vector<PlannedAction>& explained) const;

  const RuleSet& rules() const noexcept { return set_; }

  /// Where the prefixes of keys end in a namespace; nullopt if no block serves it.
  std::optional<char> separator_of(std::string_view name_space) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  const RuleSet set_;
  const config::BlockResolver separators_;  // name to index in set_.separators
  std::unordered_map<std::string, std::vector<const Rule*>, Hash, std::equal_to<>> by_event_;
};

}  // namespace freshet::rules
