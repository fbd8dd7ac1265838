// EntryReport as text and as JSON.
#include "freshet/entry_report.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>

#include "freshet/value_grammar.hpp"

namespace freshet {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t milliseconds(Duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

/// To the millisecond: nobody reads the nanoseconds of an hour.
std::string shown(Duration span) {
  return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(span));
}
std::string shown(std::uint64_t bytes) { return fmt::format("{}", bytes); }

Json to_json(const Spread<std::uint64_t>& spread) {
  return {{"count", spread.count},
          {"p50", spread.p50},
          {"p90", spread.p90},
          {"p99", spread.p99},
          {"max", spread.max}};
}

Json to_json(const Spread<Duration>& spread) {
  return to_json(
      Spread<std::uint64_t>{.count = spread.count,
                            .p50 = static_cast<std::uint64_t>(milliseconds(spread.p50)),
                            .p90 = static_cast<std::uint64_t>(milliseconds(spread.p90)),
                            .p99 = static_cast<std::uint64_t>(milliseconds(spread.p99)),
                            .max = static_cast<std::uint64_t>(milliseconds(spread.max))});
}

Json to_json(const BlockEntries& block) {
  Json next = Json::array();
  for (const ExpiringEntry& entry : block.next) {
    next.push_back(
        {{"namespace", entry.name_space}, {"key", entry.key}, {"in_ms", milliseconds(entry.in)}});
  }
  return {{"entries", block.entries},
          {"bytes", block.bytes},
          {"values_have_sizes", block.values_have_sizes},
          {"looked_at", block.looked_at},
          {"sampled", block.sampled},
          {"size", to_json(block.size)},
          {"age_ms", to_json(block.age)},
          {"remaining_ms", to_json(block.remaining)},
          {"next", std::move(next)},
          {"next_complete", block.next_complete}};
}

template <class T>
void add_row(std::string& text, std::string_view name, const Spread<T>& spread) {
  if (spread.count == 0) return;
  fmt::format_to(std::back_inserter(text), "  {:<10}  {:>12}  {:>12}  {:>12}  {:>12}\n", name,
                 shown(spread.p50), shown(spread.p90), shown(spread.p99), shown(spread.max));
}

void add_block(std::string& text, const BlockEntries& block) {
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{}: {} entries, {} bytes{}", block.name, block.entries, block.bytes,
                 block.entries == 0 || block.values_have_sizes ? "" : " of keys (no SizeOf)");
  if (block.sampled) fmt::format_to(out, "; by a sample of {}", block.looked_at);
  text += '\n';
  if (block.looked_at == 0) return;
  fmt::format_to(out, "  {:<10}  {:>12}  {:>12}  {:>12}  {:>12}\n", "", "p50", "p90", "p99", "max");
  add_row(text, "size", block.size);
  add_row(text, "age", block.age);
  add_row(text, "remaining", block.remaining);
  if (const std::uint64_t never = block.looked_at - block.remaining.count; never != 0)
    fmt::format_to(out, "  {} of {} have no deadline\n", never, block.looked_at);
  for (const ExpiringEntry& entry : block.next)
    fmt::format_to(out, "  expires in {:<12}  {}  {}\n", shown(entry.in), entry.name_space,
                   entry.key);
  if (!block.next_complete) text += "  there may be nearer ones: many were read since\n";
}

}  // namespace

std::string EntryReport::text() const {
  std::string text;
  for (const BlockEntries& block : namespaces) add_block(text, block);
  if (!text.empty()) text.pop_back();  // the caller ends the last line
  return text;
}

std::string EntryReport::json() const {
  Json json;
  Json& rows = json["namespaces"] = Json::object();
  for (const BlockEntries& block : namespaces) rows[block.name] = to_json(block);
  // Names may be any bytes: what is not UTF-8 is replaced rather than thrown at whoever asked.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace freshet
