// freshet emit.
#include "emit_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cache/event_dispatch.hpp"
#include "config/policy_model.hpp"
#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/logger.hpp"
#include "freshet/random_source.hpp"
#include "freshet/strategy_registry.hpp"
#include "rules/rule_engine.hpp"

namespace freshet::cli {
namespace {

struct EmitOptions {
  std::string config;
  std::string event;
  std::vector<std::string> fields;
  bool dry_run = false;
  bool json = false;
};

/// One line of the answer.
struct Step {
  std::string event;  // the one that is answered, with its fields
  std::string by;     // "freshet.yaml:12:5", or the strategy
  std::string action;
  std::string target;
  std::string problem;  // why it is left out
  std::string later;    // when, if not at once
  Mode mode = Mode::remove;
};

Event event_of(const EmitOptions& options) {
  std::vector<EventField> fields;
  for (const std::string& text : options.fields) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw CLI::ValidationError("FIELD", fmt::format("found \"{}\", expected NAME=VALUE", text));
    fields.push_back({text.substr(0, equals), FieldValue(text.substr(equals + 1))});
  }
  return Event(options.event, std::move(fields));
}

std::string later_of(const rules::Rule* rule) {
  if (rule == nullptr) return {};
  if (rule->debounce)
    return fmt::format("after {} of quiet, at most {}", format_duration(rule->debounce->quiet),
                       format_duration(rule->debounce->at_most));
  if (rule->batch)
    return fmt::format("with up to {} events, within {}", rule->batch->at_most,
                       format_duration(rule->batch->within));
  return {};
}

std::string_view action_of(Target::Kind kind) {
  using rules::ActionKind;
  using rules::word_of;
  switch (kind) {
    case Target::Kind::key:
      return word_of(ActionKind::invalidate_key);
    case Target::Kind::tag:
      return word_of(ActionKind::invalidate_tag);
    case Target::Kind::name_space:
      return word_of(ActionKind::invalidate_namespace);
    case Target::Kind::all:
      return word_of(ActionKind::invalidate_all);
    case Target::Kind::all_of:
      return word_of(ActionKind::invalidate_all_of);
    case Target::Kind::dependents:
      return word_of(ActionKind::invalidate_dependents);
    case Target::Kind::prefix:
      return word_of(ActionKind::invalidate_prefix);
    case Target::Kind::matching:
      return word_of(ActionKind::invalidate_matching);
    case Target::Kind::version:
      return word_of(ActionKind::invalidate_version);
    case Target::Kind::policy_version:
      return "set_policy_version";  // which no rule does
  }
  return "";
}

/// What a strategy may ask for where nothing is cached: no key is hot, no timer comes, and a refresh is noted.
class RehearsalHost final : public StrategyHost {
 public:
  explicit RehearsalHost(std::string by) : by_(std::move(by)) {}

  void start_timer(TimerId, Duration) override {}
  void request_refresh(std::string_view name_space, std::string_view key) override {
    const detail::rt::Lock lock(mutex_);
    refreshes_.push_back({std::string(key), std::string(name_space)});
  }
  std::vector<HotKey> hot_keys(std::size_t) override { return {}; }
  void log(LogLevel level, std::string_view message) noexcept override {
    logger_->log(level, message);
  }

  const std::string& by() const noexcept { return by_; }
  /// What was asked for since the last call.
  std::vector<RefreshRequest> take_refreshes() {
    const detail::rt::Lock lock(mutex_);
    return std::exchange(refreshes_, {});
  }

 private:
  const std::string by_;  // "strategy ttl of profiles"
  const std::shared_ptr<Logger> logger_ = make_stderr_logger();
  detail::rt::Mutex mutex_;
  std::vector<RefreshRequest> refreshes_ FRESHET_GUARDED_BY(mutex_);
};

/// Works out what an event leads to, the events of its rules included, without doing any of it.
class Rehearsal {
 public:
  explicit Rehearsal(config::PolicyModel policy)
      : policy_(std::move(policy)), rules_(policy_.rules) {
    for (const config::BlockModel& block : policy_.blocks) {
      for (const config::StrategyPart& part : block.strategies) {
        auto host = std::make_unique<RehearsalHost>(
            fmt::format("strategy {} of {}", part.type->name(), block.name));
        auto strategy = part.type->make(part.options, {*clock_, *random_});
        strategy->on_attach(*host);
        host->take_refreshes();  // of the start, not of an event
        strategies_.emplace_back(std::move(host), std::move(strategy));
      }
    }
  }

  std::vector<Step> run(const Event& event) {
    std::deque<std::pair<Event, std::size_t>> queue{{event, 0}};
    for (std::size_t taken = 0; !queue.empty() && taken < detail::EventDispatch::kMaxEvents;
         ++taken) {
      const auto [next, depth] = std::move(queue.front());
      queue.pop_front();
      InvalidationPlan plan;
      ask_rules(next, plan);
      ask_strategies(next, plan);
      for (const Event& emitted : plan.events()) {
        if (depth < detail::EventDispatch::kMaxDepth) {
          queue.emplace_back(emitted, depth + 1);
        } else {
          steps_.push_back({rules::event_text(next), "", "emit", rules::event_text(emitted),
                            fmt::format("the depth limit is {}", detail::EventDispatch::kMaxDepth),
                            ""});
        }
      }
    }
    return std::move(steps_);
  }

 private:
  void ask_rules(const Event& event, InvalidationPlan& plan) {
    std::vector<rules::PlannedAction> actions;
    rules_.plan(event, plan, &actions);
    for (rules::PlannedAction& action : actions) {
      steps_.push_back({rules::event_text(event), rules::place_text(action.place),
                        std::string(rules::word_of(action.kind)), std::move(action.target),
                        std::move(action.problem), later_of(action.rule), action.mode});
    }
  }

  void ask_strategies(const Event& event, InvalidationPlan& plan) {
    for (const auto& [host, strategy] : strategies_) {
      InvalidationPlan own;
      strategy->on_event(event, own);
      const auto add = [&, by = &host->by()](std::string_view action, std::string target) {
        steps_.push_back(
            {rules::event_text(event), *by, std::string(action), std::move(target), "", ""});
      };
      for (std::size_t i = 0; i < own.targets().size(); ++i) {
        const Target& target = own.targets()[i];
        add(action_of(target.kind), rules::target_text(target));
        steps_.back().mode = own.modes()[i];
      }
      for (const auto& requests : {own.refreshes(), host->take_refreshes()}) {
        for (const RefreshRequest& refresh : requests)
          add("refresh", refresh.name_space + '/' + refresh.key);
      }
      for (const Event& emitted : own.events()) {
        add("emit", rules::event_text(emitted));
        plan.emit(emitted);
      }
    }
  }

  const std::shared_ptr<Clock> clock_ = make_system_clock();  // strategies refer to both
  const std::shared_ptr<RandomSource> random_ = make_random_source(1);
  const config::PolicyModel policy_;
  const rules::RuleEngine rules_;
  // Each with its host, which outlives it.
  std::vector<std::pair<std::unique_ptr<RehearsalHost>, std::unique_ptr<Strategy>>> strategies_;
  std::vector<Step> steps_;
};

std::string text_of(const Event& event, const std::vector<Step>& steps) {
  if (steps.empty()) return fmt::format("{}: no rule takes it\n", rules::event_text(event));
  std::string text;
  std::string_view told;
  for (const Step& step : steps) {
    if (told != step.event) text += step.event + '\n';
    told = step.event;
    text += fmt::format("  {}  {}{}{}", step.by, step.action, step.target.empty() ? "" : " ",
                        step.target);
    if (step.mode == Mode::expire) text += "  (expires only)";
    if (!step.later.empty()) text += fmt::format("  ({})", step.later);
    if (!step.problem.empty()) text += fmt::format("  LEFT OUT: {}", step.problem);
    text += '\n';
  }
  return text;
}

std::string json_of(const Event& event, const std::vector<Step>& steps) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Step& step : steps) {
    nlohmann::ordered_json one{
        {"event", step.event}, {"by", step.by}, {"action", step.action}, {"target", step.target}};
    if (step.mode == Mode::expire) one["mode"] = "expire";
    if (!step.later.empty()) one["later"] = step.later;
    if (!step.problem.empty()) one["left_out"] = step.problem;
    list.push_back(std::move(one));
  }
  const nlohmann::ordered_json whole{{"event", rules::event_text(event)}, {"actions", list}};
  return whole.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

int emit(const EmitOptions& options) {
  const Event event = event_of(options);
  if (!options.dry_run)
    throw CLI::ValidationError(
        "--dry-run",
        "is needed: this command has a cache of its own, which is empty; it can say what an event "
        "would do, not do it to a running service");
  const auto registry = StrategyRegistry::with_builtins();
  Rehearsal rehearsal(config::read_policy_file(options.config, *registry));
  const std::vector<Step> steps = rehearsal.run(event);
  std::fputs((options.json ? json_of(event, steps) : text_of(event, steps)).c_str(), stdout);
  return 0;
}

}  // namespace

void add_emit_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EmitOptions>();
  CLI::App* command = app.add_subcommand("emit", "Say what an event would invalidate, and why");
  command->add_option("--config", options->config, "The policy")->required()->type_name("FILE");
  command->add_option("event", options->event, "The name of the event")->required();
  command->add_option("fields", options->fields, "Its fields")->type_name("NAME=VALUE");
  command->add_flag("--dry-run", options->dry_run, "Do nothing but say it; has to be given");
  command->add_flag("--json", options->json, "Write JSON to stdout");
  command->callback([options, &exit_code] { exit_code = emit(*options); });
}

}  // namespace freshet::cli
