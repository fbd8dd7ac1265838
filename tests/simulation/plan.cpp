#include "simulation/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <numeric>
#include <span>

namespace freshet::simulation {
namespace {

using testing::history::Step;
using What = Step::What;

What draw_what(const Weights& weights, Random& random) {
  const std::pair<unsigned, What> all[] = {
      {weights.get, What::get},
      {weights.load, What::load},
      {weights.get_many, What::get_many},
      {weights.get_by_policy_version, What::get_by_policy_version},
      {weights.put, What::put},
      {weights.put_by_lease, What::put_by_lease},
      {weights.label, What::label},
      {weights.invalidate, What::invalidate},
      {weights.transact, What::transact},
      {weights.mutate, What::mutate},
      {weights.bypass, What::bypass},
      {weights.emit, What::emit},
      {weights.sweep, What::sweep},
      {weights.pass_time, What::pass_time},
      {weights.visit, What::visit},
      {weights.grow, What::grow},
      {weights.start, What::start},
      {weights.cancel, What::cancel}};
  unsigned sum = 0;
  for (const auto& [weight, what] : all) sum += weight;
  unsigned left = random.below(sum);
  for (const auto& [weight, what] : all) {
    if (left < weight) return what;
    left -= weight;
  }
  return What::get;
}

Step draw_step(const Workload& workload, const std::vector<std::uint8_t>& calls, Random& random) {
  Step step{.what = draw_what(workload.weights, random), .seed = random.next()};
  step.key = static_cast<std::uint8_t>(
      workload.keys[random.below(static_cast<std::uint32_t>(workload.keys.size()))]);
  if (!calls.empty()) step.call = calls[random.below(static_cast<std::uint32_t>(calls.size()))];
  // An event removes.
  if (step.what != What::emit && random.below(3) == 0) step.mode = Mode::expire;
  if (workload.most_micros > 0) step.micros = random.below(workload.most_micros);
  return step;
}

Step draw_step(const ScriptStep& script, const std::vector<std::uint8_t>& calls, Random& random) {
  Step step{.what = script.what, .key = script.key, .seed = random.next()};
  if (!calls.empty()) step.call = calls[script.call];
  return step;
}

std::vector<std::size_t> numbers_to(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view cut(std::string_view& rest, char at) {
  const std::size_t end = rest.find(at);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

}  // namespace

Plan make_plan(const Workload& workload, const std::vector<std::uint8_t>& calls,
               std::uint64_t seed) {
  Random random(seed * 0x9E37'79B9'7F4A'7C15U + 1);
  Plan plan{.faults = workload.faults, .schedule_seed = seed};
  // With few stripes everything shares places, and more is refused than must be; with many the judge may be strict.
  plan.stripes = random.below(4) == 0 ? 2 : kStripesForAll;
  if (random.below(2) == 0) plan.faults = {.timers = workload.faults.timers};
  if (plan.faults.timers > 0) plan.faults.timers = random.below(plan.faults.timers + 1);
  for (std::uint32_t i = random.below(workload.most_before + 1); i > 0; --i)
    plan.before.push_back(draw_step(workload, calls, random));
  for (const Script& script : workload.scripts) {
    auto& steps = plan.threads.emplace_back();
    for (const ScriptStep& step : script) steps.push_back(draw_step(step, calls, random));
  }
  plan.threads.resize(
      std::max<std::size_t>(2 + random.below(workload.most_threads - 1), plan.threads.size()));
  for (auto& steps : std::span(plan.threads).subspan(workload.scripts.size())) {
    for (std::uint32_t i = 1 + random.below(workload.most_steps); i > 0; --i)
      steps.push_back(draw_step(workload, calls, random));
  }
  return plan;
}

Trim Trim::whole(const Plan& plan) {
  Trim trim;
  trim.before = numbers_to(plan.before.size());
  for (const auto& steps : plan.threads) trim.threads.push_back(numbers_to(steps.size()));
  return trim;
}

Plan trimmed(const Plan& plan, const Trim& trim) {
  Plan kept{.stripes = plan.stripes,
            .schedule_seed = trim.schedule_seed.value_or(plan.schedule_seed)};
  kept.faults = plan.faults;
  if (!trim.faults) kept.faults = {.timers = plan.faults.timers};
  for (const std::size_t i : trim.before) {
    if (i < plan.before.size()) kept.before.push_back(plan.before[i]);
  }
  kept.threads.resize(plan.threads.size());
  for (std::size_t thread = 0; thread < plan.threads.size() && thread < trim.threads.size();
       ++thread) {
    for (const std::size_t i : trim.threads[thread]) {
      if (i < plan.threads[thread].size()) kept.threads[thread].push_back(plan.threads[thread][i]);
    }
  }
  return kept;
}

std::size_t Trim::size() const noexcept {
  std::size_t steps = before.size();
  for (const auto& thread : threads) steps += thread.size();
  return steps;
}

std::string Trim::text() const {
  std::string text = fmt::format("b:{}", fmt::join(before, ","));
  for (std::size_t i = 0; i < threads.size(); ++i)
    text += fmt::format("/{}:{}", i, fmt::join(threads[i], ","));
  if (!faults) text += "/f";
  if (schedule_seed) text += fmt::format("/s:{}", *schedule_seed);
  return text;
}

std::optional<Trim> Trim::from_text(std::string_view text) {
  Trim trim;
  while (!text.empty()) {
    std::string_view part = cut(text, '/');
    const std::string_view name = cut(part, ':');
    if (name == "f") {
      trim.faults = false;
    } else if (name == "s") {
      if (!(trim.schedule_seed = number_of(part))) return std::nullopt;
    } else {
      std::vector<std::size_t> numbers;
      while (!part.empty()) {
        const auto number = number_of(cut(part, ','));
        if (!number) return std::nullopt;
        numbers.push_back(*number);
      }
      const auto thread = number_of(name);
      if (name == "b") {
        trim.before = std::move(numbers);
      } else if (thread && *thread < 16) {
        if (trim.threads.size() <= *thread) trim.threads.resize(*thread + 1);
        trim.threads[*thread] = std::move(numbers);
      } else {
        return std::nullopt;
      }
    }
  }
  return trim;
}

}  // namespace freshet::simulation
