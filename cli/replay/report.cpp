#include "replay/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "freshet/value_grammar.hpp"
#include "replay/text_table.hpp"

namespace freshet::replay {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kJsonIndent = 2;

/// Calls `row(name, text, json)` for every figure, in the order of display.
template <class Row>
void for_each_figure(const Figures& figures, const Row& row) {
  const auto count = [&](std::string_view name, std::uint64_t value) {
    row(name, grouped(value), Json(value));
  };
  const auto ratio = [&](std::string_view name, double value) {
    row(name, percent(value), Json(value));
  };
  count("requests", figures.requests);
  count("hits", figures.hits);
  count("misses", figures.misses);
  ratio("hit_ratio", figures.hit_ratio());
  count("stale_serves", figures.stale_serves);
  ratio("stale_ratio", figures.stale_ratio());
  count("loads", figures.loads);
  count("refreshes", figures.refreshes);
  count("invalidations", figures.invalidations);
  count("entries_invalidated", figures.entries_invalidated);
  count("evictions", figures.evictions);
}

Json json_of(const Figures& figures) {
  Json json = Json::object();
  for_each_figure(figures, [&](std::string_view name, const std::string&, Json value) {
    json[std::string(name)] = std::move(value);
  });
  return json;
}

Json json_of(const PolicyResult& result) {
  Json json = json_of(result.figures);
  json["namespaces"] = {{result.name_space, json_of(result.figures)}};
  json["policy"] = result.policy;
  json["writes"] = name_of(result.writes);
  return json;
}

Json json_of(const std::vector<HotKey>& keys) {
  Json json = Json::array();
  for (const HotKey& key : keys) {
    json.push_back({{"namespace", key.name_space},
                    {"key", key.key},
                    {"accesses", key.accesses},
                    {"error", key.error}});
  }
  return json;
}

std::string hot_keys_text(const std::vector<HotKey>& keys, std::uint64_t reads) {
  if (keys.empty()) return "\nNo key was read.\n";
  std::vector<std::vector<std::string>> rows{
      {"hot key", "namespace", "accesses", "share", "error"}};
  for (const HotKey& key : keys) {
    const double share =
        reads == 0 ? 0.0 : static_cast<double>(key.accesses) / static_cast<double>(reads);
    rows.push_back(
        {key.key, key.name_space, grouped(key.accesses), percent(share), grouped(key.error)});
  }
  return fmt::format(
      "\n{}\nAccesses are reads, hits and misses; at most `error` of them are too many.\n",
      text_table(rows));
}

std::string_view explained(Writes writes) {
  if (writes == Writes::event) return "event (each emits origin_write to the policy's rules)";
  return writes == Writes::put ? "put (stored through the cache; a delete invalidates)"
                               : "silent (the cache is not told; only time helps)";
}

}  // namespace

std::string replay_text(const PolicyResult& result, Duration tick) {
  std::vector<std::vector<std::string>> rows{{"", result.name_space, "in all"}};
  for_each_figure(result.figures, [&](std::string_view name, const std::string& text, const Json&) {
    rows.push_back({std::string(name), text, text});
  });
  return fmt::format(
      "policy  {}\nwrites  {}\ntick    {} per row without a time\n\n{}\nRatios are shares of hits "
      "+ misses.\n{}{}",
      result.policy, explained(result.writes), format_duration(tick), text_table(rows),
      result.hot_keys ? hot_keys_text(*result.hot_keys, result.figures.reads()) : "",
      result.entries ? "\n" + result.entries->text() + '\n' : "");
}

std::string replay_json(const PolicyResult& result, Duration tick) {
  Json json = json_of(result);
  json["tick"] = format_duration(tick);
  if (result.hot_keys) json["hot_keys"] = json_of(*result.hot_keys);
  if (result.entries) json["entries"] = Json::parse(result.entries->json());
  return json.dump(kJsonIndent, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string compare_text(const std::vector<PolicyResult>& results, Duration tick) {
  std::vector<std::vector<std::string>> rows{
      {"policy", "writes", "reads", "hit ratio", "stale ratio", "loads"}};
  for (const PolicyResult& result : results) {
    rows.push_back({result.name, std::string(name_of(result.writes)),
                    grouped(result.figures.reads()), percent(result.figures.hit_ratio()),
                    percent(result.figures.stale_ratio()), grouped(result.figures.loads)});
  }
  return fmt::format("{}\nRatios are shares of reads. Rows without a time: {} apart.\n",
                     text_table(rows), format_duration(tick));
}

std::string compare_json(const std::vector<PolicyResult>& results, Duration tick) {
  Json policies = Json::array();
  for (const PolicyResult& result : results) {
    Json json = {{"name", result.name}};
    json.update(json_of(result));
    policies.push_back(std::move(json));
  }
  const Json json = {{"tick", format_duration(tick)}, {"policies", std::move(policies)}};
  return json.dump(kJsonIndent, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace freshet::replay
