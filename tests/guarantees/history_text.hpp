// What a history test says: of a violation, with what happened around it; and how often what happened.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "freshet/freshet.hpp"
#include "guarantees/history_checker.hpp"

namespace freshet::testing::history {

inline std::string name_of(Fault fault) {
  switch (fault) {
    case Fault::torn:
      return "the value of another key";
    case Fault::over_budget:
      return "more loads in the background than the budget allows";
    case Fault::stale:
      return "G1: stale";
    case Fault::stale_part:
      return "G1: made of something stale";
    case Fault::stale_label:
      return "G1: stale by a label that was added late";
    case Fault::held_off:
      return "G1: kept though it was loaded too soon after a call";
    case Fault::old_version:
      return "G1: an old version";
    case Fault::not_said:
      return "G1: stale, and does not say so";
    case Fault::third_load:
      return "G2: a third load at once";
    case Fault::needless_load:
      return "G2: a second load at once that nothing forced";
    case Fault::lost:
      return "G3: lost";
    case Fault::refused_put:
      return "G3: a put that nothing overlapped was refused";
    case Fault::removed:
      return "G3: removed by what only expires";
    case Fault::past_deadline:
      return "G4: past its deadline";
    case Fault::unseen:
      return "G7: back after it was replaced";
    case Fault::older_birth:
      return "G7: in the place of what was born after it";
    case Fault::dirty:
      return "G6: made in a transaction or past the cache, for its caller alone";
  }
  return {};
}

inline std::string span_of(const Operation& operation) {
  return "[" + std::to_string(operation.start) + ", " + std::to_string(operation.end) + "]";
}

inline std::string text_of(const Operation& operation, const History& history) {
  constexpr std::array kActs{"read", "load", "put", "lease", "label", "invalidate"};
  constexpr std::array kOrigins{"nothing", "a hit", "l2", "a load"};
  constexpr std::array kStaleness{"", ", past its soft deadline", ", expired", ", load failed"};
  std::string text = kActs[static_cast<std::size_t>(operation.act)];
  text += " " + span_of(operation);
  if (operation.act == Act::invalidate) {
    text += " " + history.names[operation.reach];
    return text + (operation.mode == Mode::expire ? ", expire" : "");
  }
  text += " key " + std::to_string(operation.key);
  if (operation.act == Act::read) {
    text += std::string(": ") + kOrigins[static_cast<std::size_t>(operation.origin)] +
            kStaleness[static_cast<std::size_t>(operation.staleness)];
  }
  if (operation.act == Act::label) text += " with late label " + std::to_string(operation.reach);
  if (operation.value != 0)
    text += ", value of " + std::to_string(history.made(operation.value).read_at);
  return text;
}

inline std::string text_of(const Made& made, const History& history) {
  std::string text = "asked for at " + std::to_string(made.birth_from) +
                     ", read from the origin at " + std::to_string(made.read_at);
  for (const Part& part : made.parts) {
    if (part.kind == Part::Kind::none) continue;
    text += ", of key " + std::to_string(part.key);
    text += part.value == 0
                ? " without a value at " + std::to_string(part.since)
                : " with the value of " + std::to_string(history.made(part.value).read_at);
    if (part.kind == Part::Kind::stale_value) text += " (stale)";
  }
  return text;
}

inline std::string text_of(const Violation& violation, const History& history) {
  return name_of(violation.fault) + ": " + text_of(violation.operation, history) + "; " +
         text_of(violation.made, history) +
         (violation.by.empty() ? "" : "; against " + violation.by);
}

/// What happened from shortly before the value was made to the end of the read, hits left out.
inline std::string around(const Violation& violation, const History& history) {
  constexpr Stamp kBefore = 30;
  constexpr std::size_t kLines = 80;
  const Stamp first =
      violation.made.birth_from == 0 ? violation.operation.start : violation.made.birth_from;
  const Stamp from = first > kBefore ? first - kBefore : 0;
  std::map<Stamp, std::string> lines;
  for (std::size_t log = 0; log < history.logs.size(); ++log) {
    for (const Operation& operation : history.logs[log].operations) {
      if (operation.end < from || operation.start > violation.operation.end) continue;
      if (operation.act == Act::read && operation.origin == Origin::l1) continue;
      lines[operation.start] = "\n  " + std::to_string(log) + " " + text_of(operation, history);
    }
  }
  std::string text;
  std::size_t count = 0;
  for (const auto& [start, line] : lines) {
    if (++count <= kLines) text += line;
  }
  return text;
}

/// How often things happened that the test is about.
class Coverage {
 public:
  void add(const History& history, const Statistics& statistics) {
    for (const Log& log : history.logs) {
      for (const Operation& operation : log.operations) add(operation, history);
      for (const Made& made : log.made) {
        for (const Part& part : made.parts) {
          captured += part.kind != Part::Kind::none ? 1 : 0;
          captured_stale += part.kind == Part::Kind::stale_value ? 1 : 0;
        }
      }
    }
    evictions += statistics.total.removed_capacity;
    shared += statistics.total.shared_loads;
    refreshes += statistics.total.refreshes;
    refused += statistics.total.refused_invalidated + statistics.total.refused_key_changed;
    versions_refused += statistics.total.refused_version;
  }

  std::uint64_t operations = 0, hits = 0, misses = 0, loads = 0, shared = 0, refreshes = 0,
                served_expired = 0, captured = 0, captured_stale = 0, evictions = 0, refused = 0,
                versions_refused = 0;
  std::map<std::string, std::uint64_t> calls;  // by name and mode

 private:
  void add(const Operation& operation, const History& history) {
    ++operations;
    if (operation.act == Act::load) ++loads;
    if (operation.act == Act::invalidate)
      ++calls[history.names[operation.reach] + (operation.mode == Mode::expire ? ", expire" : "")];
    if (operation.act != Act::read) return;
    ++(operation.origin == Origin::l1 ? hits : misses);
    served_expired += operation.staleness == Staleness::expired ? 1 : 0;
  }
};

}  // namespace freshet::testing::history
