#include "freshet/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace freshet {
namespace {

constexpr std::array kTable{
#define FRESHET_METRIC(name, kind, unit, help) \
  MetricInfo{#name, MetricKind::kind, unit, help, &NamespaceStatistics::name},
#include "freshet/detail/metrics.inc"
#undef FRESHET_METRIC
};

using Columns = std::vector<const NamespaceStatistics*>;

// What column headings, and the names in JSON, call the whole.
constexpr std::string_view kTotal = "total";

bool shown(const MetricInfo& metric, const Columns& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const auto* column) { return column->*metric.value != 0; });
}

std::size_t width_of(const NamespaceStatistics& column, std::string_view heading) {
  std::size_t width =
      std::max({heading.size(), column.strategy.size(), std::string_view("0.0000").size()});
  for (const MetricInfo& metric : kTable)
    width = std::max(width, fmt::formatted_size("{}", column.*metric.value));
  for (const StrategyStatistics& strategy : column.strategies) {
    for (const StrategyCounter& counter : strategy.counters)
      width = std::max(width, fmt::formatted_size("{}", counter.value));
  }
  return width;
}

// Rows of what strategies count: "early_refresh.failures".
using StrategyRow = std::pair<std::string, std::string>;  // strategy and counter; "" for failures

// A counter's name may be any bytes; a row is one line.
std::string name_of(const StrategyRow& row) {
  std::string name = fmt::format("{}.{}", row.first, row.second.empty() ? "failures" : row.second);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
  return name;
}

// Every row that is not zero; the sum has each strategy of a block.
std::vector<StrategyRow> strategy_rows(const NamespaceStatistics& total) {
  std::vector<StrategyRow> rows;
  for (const StrategyStatistics& strategy : total.strategies) {
    if (strategy.failures != 0) rows.emplace_back(strategy.name, "");
    for (const StrategyCounter& counter : strategy.counters)
      if (counter.value != 0) rows.emplace_back(strategy.name, counter.name);
  }
  return rows;
}

std::uint64_t value_of(const NamespaceStatistics& column, const StrategyRow& row) {
  for (const StrategyStatistics& strategy : column.strategies) {
    if (strategy.name != row.first) continue;
    if (row.second.empty()) return strategy.failures;
    for (const StrategyCounter& counter : strategy.counters)
      if (counter.name == row.second) return counter.value;
  }
  return 0;
}

nlohmann::ordered_json to_json(const std::vector<StrategyStatistics>& strategies) {
  auto json = nlohmann::ordered_json::object();
  for (const StrategyStatistics& strategy : strategies) {
    auto counters = nlohmann::ordered_json::object();
    for (const StrategyCounter& counter : strategy.counters) counters[counter.name] = counter.value;
    json[strategy.name] = {{"failures", strategy.failures}, {"counters", std::move(counters)}};
  }
  return json;
}

nlohmann::ordered_json to_json(const NamespaceStatistics& statistics) {
  nlohmann::ordered_json json;
  if (!statistics.strategy.empty()) json["strategy"] = statistics.strategy;
  for (const MetricInfo& metric : kTable) json[std::string(metric.name)] = statistics.*metric.value;
  json["strategies"] = to_json(statistics.strategies);
  json["hit_ratio"] = statistics.hit_ratio();
  json["invalidation_rate"] = {{"last_minute", statistics.invalidation_rate.last_minute},
                               {"last_hour", statistics.invalidation_rate.last_hour}};
  return json;
}

nlohmann::ordered_json to_json(const Warning& warning) {
  nlohmann::ordered_json json{{"kind", name_of(warning.kind)}};
  if (!warning.name_space.empty()) json["namespace"] = warning.name_space;
  if (!warning.tag.empty()) json["tag"] = warning.tag;
  json["value"] = warning.value;
  json["threshold"] = warning.threshold;
  json["text"] = warning.text();
  return json;
}

}  // namespace

std::span<const MetricInfo> metric_table() noexcept { return kTable; }

std::string Statistics::text() const {
  Columns columns{&total};
  for (const NamespaceStatistics& column : namespaces) columns.push_back(&column);

  std::size_t name_width = std::string_view("hit_ratio").size();
  for (const MetricInfo& metric : kTable) {
    if (shown(metric, columns)) name_width = std::max(name_width, metric.name.size());
  }

  const std::vector<StrategyRow> own_rows = strategy_rows(total);
  for (const StrategyRow& own : own_rows) name_width = std::max(name_width, name_of(own).size());

  std::string text;
  auto out = std::back_inserter(text);
  const auto row = [&](std::string_view name, const auto& cell) {
    fmt::format_to(out, "{:<{}}", name, name_width);
    for (const NamespaceStatistics* column : columns) {
      const std::string_view heading = column == &total ? kTotal : std::string_view(column->name);
      fmt::format_to(out, "  {:>{}}", cell(*column), width_of(*column, heading));
    }
    text += '\n';
  };
  row("",
      [&](const auto& column) { return &column == &total ? std::string(kTotal) : column.name; });
  row("strategy", [](const auto& column) { return column.strategy; });
  row("hit_ratio", [](const auto& column) { return fmt::format("{:.4f}", column.hit_ratio()); });
  for (const MetricInfo& metric : kTable) {
    if (shown(metric, columns))
      row(metric.name, [&](const auto& column) { return column.*metric.value; });
  }
  for (const StrategyRow& own : own_rows)
    row(name_of(own), [&](const auto& column) { return value_of(column, own); });
  const auto rate_row = [&](std::string_view name, std::uint64_t Rate::*window) {
    if (total.invalidation_rate.*window == 0) return;
    row(name, [&](const auto& column) { return column.invalidation_rate.*window; });
  };
  rate_row("invalidations_last_minute", &Rate::last_minute);
  rate_row("invalidations_last_hour", &Rate::last_hour);
  for (const Warning& warning : warnings) text += "warning: " + warning.text() + '\n';
  text.pop_back();  // the caller ends the last line
  return text;
}

std::string Statistics::json() const {
  nlohmann::ordered_json json;
  json[std::string(kTotal)] = to_json(total);
  nlohmann::ordered_json& rows = json["namespaces"] = nlohmann::ordered_json::object();
  for (const NamespaceStatistics& statistics : namespaces)
    rows[statistics.name] = to_json(statistics);
  nlohmann::ordered_json& list = json["warnings"] = nlohmann::ordered_json::array();
  for (const Warning& warning : warnings) list.push_back(to_json(warning));
  // Names may be any bytes: what is not UTF-8 is replaced rather than thrown at whoever asked.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace freshet
