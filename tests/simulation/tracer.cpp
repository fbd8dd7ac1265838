#include "simulation/tracer.hpp"

#include <fmt/format.h>

#include "simulation/runtime/arena.hpp"
#include "simulation/runtime/machine.hpp"
#include "support/engine_access.hpp"

namespace freshet::simulation {
namespace {

constexpr std::int64_t kBegan = 3'600'000'000'000;  // of virtual time, in nanoseconds

bool matters(const MetricInfo& metric) {
  for (const std::string_view beginning :
       {"refused_", "not_kept_", "removed_", "shared_loads", "refreshes", "stale_serves",
        "label_drifts", "bans_widened"}) {
    if (metric.name.substr(0, beginning.size()) == beginning) return true;
  }
  return false;
}

}  // namespace

void Tracer::begin(bool on) {
  on_ = on;
  invalidator_ = nullptr;
  before_ = {};
  lines_.clear();
}

Tracer::Counts Tracer::look() const {
  Counts counts;
  NamespaceStatistics sum;
  for (const auto& block : testing::EngineAccess::blocks(*invalidator_))
    block->counters().add_to(sum);
  for (const MetricInfo& metric : metric_table()) counts.metrics.push_back(sum.*metric.value);
  const detail::Freshness& freshness = testing::EngineAccess::freshness(*invalidator_);
  counts.revision = freshness.revision().value;
  counts.published = freshness.published().value;
  return counts;
}

std::string Tracer::changes() {
  if (invalidator_ == nullptr) return {};
  Counts now = look();
  before_.metrics.resize(now.metrics.size());
  std::string text;
  for (std::size_t i = 0; i < now.metrics.size(); ++i) {
    const MetricInfo& metric = metric_table()[i];
    if (now.metrics[i] != before_.metrics[i] && matters(metric))
      text += fmt::format(" +{} {}", now.metrics[i] - before_.metrics[i], metric.name);
  }
  if (now.revision != before_.revision || now.published != before_.published)
    text += fmt::format(" revision {}, published {}", now.revision, now.published);
  before_ = std::move(now);
  return text;
}

void Tracer::say(std::string_view text) {
  if (!on_) return;
  const Quiet quiet;
  const ArenaPause pause;
  const Machine& machine = Machine::here();
  const std::string changed = changes();
  lines_.push_back(fmt::format("{:>9} us  {:<12} {}{}{}", (machine.peek_now() - kBegan) / 1000,
                               machine.thread_name(Machine::current_id()), text,
                               changed.empty() ? "" : "   |", changed));
}

}  // namespace freshet::simulation
