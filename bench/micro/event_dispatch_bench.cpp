// What an event costs, by how many rules there are of which one takes it: the same, within 1.5 times.
//
//   freshet_bench --benchmark_filter=EventDispatch
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "rules/rule_engine.hpp"

namespace {

using namespace freshet;

// In structs, since a policy's file may not hold as many.
rules::RuleSet rules_of(int count) {
  rules::RuleSet set;
  for (int i = 0; i < count; ++i) {
    rules::Action action;
    action.kind = rules::ActionKind::invalidate_tag;
    action.name = *rules::FieldTemplate::parse("user:{user_id}").value;
    rules::Rule rule;
    rule.event = fmt::format("event_{}", i);
    rule.actions.push_back(std::move(action));
    set.rules.push_back(std::move(rule));
  }
  return set;
}

void BM_EventDispatchPlan(benchmark::State& state) {
  const rules::RuleEngine engine(rules_of(static_cast<int>(state.range(0))));
  const Event event("event_7", {{"user_id", 42}});
  for (auto _ : state) {
    InvalidationPlan plan;
    engine.plan(event, plan);
    benchmark::DoNotOptimize(plan);
  }
}
BENCHMARK(BM_EventDispatchPlan)->Arg(10)->Arg(10'000);

// All of emit, with as many rules as a policy's file may hold.
void BM_EventDispatchEmit(benchmark::State& state) {
  std::string yaml = "freshet: 1\nnamespaces: {profiles: {strategy: manual}}\nevents:\n";
  for (int i = 0; i < state.range(0); ++i)
    yaml += fmt::format("  e{}: [{{invalidate_tag: \"user:{{id}}\"}}]\n", i);
  Components components;
  const auto clock = std::make_shared<testing::ManualClock>();
  components.clock = clock;
  components.executor = std::make_shared<testing::ManualExecutor>(clock);
  CacheInvalidator invalidator = CacheInvalidator::from_yaml(yaml, components);
  const Event event("e7", {{"id", 42}});
  for (auto _ : state) benchmark::DoNotOptimize(invalidator.emit(event));
}
BENCHMARK(BM_EventDispatchEmit)->Arg(10)->Arg(3'000);

}  // namespace
