#include "peers/report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "peers/goals.hpp"
#include "peers/stream.hpp"
#include "replay/text_table.hpp"

namespace freshet::bench {
namespace {

using Row = std::vector<std::string>;

std::string number(std::optional<double> value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : "-";
}

std::string_view title_of(Workload workload) {
  switch (workload) {
    case Workload::a100k:
      return "a100k: reads, 100,000 keys, all resident";
    case Workload::a1m:
      return "a1m: reads, a million keys, all resident";
    case Workload::b:
      return "b: get or insert, room for 100,000 of a million keys";
    case Workload::c:
      return "c: 75 % get, 25 % put, room for 100,000 of a million keys";
    case Workload::hot:
      return "hot: reads of one key";
    case Workload::get_many:
      return "get_many: a1m by 32 keys at once, for a key";
    case Workload::singles:
      return "singles: the same keys one after the other, for a key";
    case Workload::erase:
      return "erase: 100,000 of a million keys";
  }
  return "";
}

Row row_of(const Results& results, const std::string& subject, Workload workload) {
  const auto cells = [&](unsigned threads) -> std::pair<std::string, std::string> {
    return {number(results.nanoseconds(subject, workload, threads), 1),
            number(results.times(subject, kReference, workload, threads), 2)};
  };
  const auto [one, one_times] = cells(1);
  const auto [two, two_times] = cells(2);
  Row row{subject, one, one_times, two, two_times};
  const auto figure = [&](unsigned threads, Results::Figure which) {
    return results.figure(subject, workload, threads, which);
  };
  if (workload == Workload::b || workload == Workload::c)
    row.push_back(number(figure(1, &Measured::hit_ratio), 4));
  if (workload == Workload::b) {
    for (const unsigned threads : {1U, 2U}) {
      row.push_back(fmt::format("{} {} {}", number(figure(threads, &Measured::p50), 0),
                                number(figure(threads, &Measured::p99), 0),
                                number(figure(threads, &Measured::p999), 0)));
    }
  }
  return row;
}

std::string workload_table(const Results& results, Workload workload) {
  Row head{std::string(title_of(workload)), "1 thread, ns", "of visit", "2 threads, ns",
           "of visit"};
  if (workload == Workload::b || workload == Workload::c) head.emplace_back("hits");
  if (workload == Workload::b) {
    head.emplace_back("p50 p99 p99.9, 1");
    head.emplace_back("2 threads");
  }
  std::vector<Row> rows{head};
  for (const std::string& subject : results.subjects) {
    if (results.nanoseconds(subject, workload, 1) || results.nanoseconds(subject, workload, 2))
      rows.push_back(row_of(results, subject, workload));
  }
  return replay::text_table(rows) + '\n';
}

std::string memory_table(const Memory& memory) {
  std::vector<Row> rows{{"memory: bytes of an entry beyond key and value, a million entries", ""}};
  for (const Memory::OfSubject& subject : memory.subjects)
    rows.push_back({subject.name, number(subject.bytes, 1)});
  const auto tagged = [&](const char* values, const TaggedMemory& figures) {
    rows.push_back(
        {fmt::format("freshet, one tag on all, {}", values), number(figures.one_tag, 1)});
    rows.push_back({"  each further tag on all, named by put", number(figures.per_label, 2)});
    rows.push_back({"  named by get_or_load", number(figures.loaded, 2)});
    rows.push_back({"  named by its loader", number(figures.by_loader, 2)});
  };
  tagged("64 bytes in place", memory.in_place);
  tagged("strings of 64 bytes", memory.strings);
  return replay::text_table(rows) + '\n';
}

std::string expiry_table(const std::vector<Expiry>& rounds) {
  std::vector<Row> rows{{"expiry: a million entries within one second; another thread's operations",
                         "longest before, us", "meanwhile, us", "over 1 ms", "of", "preempted",
                         "gone after, s"}};
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const Expiry& round = rounds[i];
    rows.push_back({fmt::format("round {}", i + 1), number(round.longest_before, 0),
                    number(round.longest_during, 0), replay::grouped(round.over_a_millisecond),
                    replay::grouped(round.operations), replay::grouped(round.preempted),
                    round.seconds_until_gone < 0 ? "never" : number(round.seconds_until_gone, 1)});
  }
  return replay::text_table(rows) + '\n';
}

std::string goals_table(const std::vector<Goal>& goals) {
  std::vector<Row> rows{{"to reach", "", "measured", ""}};
  for (const Goal& goal : goals) {
    rows.push_back({goal.text,
                    fmt::format("{} {:g}", goal.at_least ? "at least" : "at most", goal.target),
                    number(goal.measured, goal.target == 0   ? 4
                                          : goal.target < 10 ? 2
                                                             : 1),
                    !goal.measured   ? "not measured"
                    : goal.reached() ? "reached"
                                     : "missed"});
  }
  return replay::text_table(rows);
}

nlohmann::json json_of(std::optional<double> value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json json_of(const Results& results, const std::string& subject, Workload workload,
                       unsigned threads) {
  const auto figure = [&](Results::Figure which) {
    return json_of(results.figure(subject, workload, threads, which));
  };
  return {{"subject", subject},
          {"workload", name_of(workload)},
          {"threads", threads},
          {"nanoseconds", figure(&Measured::nanoseconds)},
          {"times_of_visit", json_of(results.times(subject, kReference, workload, threads))},
          {"wall_nanoseconds", figure(&Measured::wall_nanoseconds)},
          {"clean_share", figure(&Measured::clean_share)},
          {"hit_ratio", figure(&Measured::hit_ratio)},
          {"p50", figure(&Measured::p50)},
          {"p99", figure(&Measured::p99)},
          {"p999", figure(&Measured::p999)}};
}

nlohmann::json json_of(const TaggedMemory& memory) {
  return {{"one_tag", memory.one_tag},
          {"label", memory.per_label},
          {"label_of_call", memory.loaded},
          {"label_of_loader", memory.by_loader}};
}

nlohmann::json json_of(const Memory& memory) {
  nlohmann::json subjects = nlohmann::json::object();
  for (const Memory::OfSubject& subject : memory.subjects) subjects[subject.name] = subject.bytes;
  return {{"beyond_key_and_value", subjects},
          {"in_place", json_of(memory.in_place)},
          {"strings", json_of(memory.strings)}};
}

nlohmann::json json_of(const Expiry& round) {
  return {{"longest_before_us", round.longest_before},
          {"longest_during_us", round.longest_during},
          {"over_a_millisecond", round.over_a_millisecond},
          {"operations", round.operations},
          {"preempted", round.preempted},
          {"seconds_until_gone", round.seconds_until_gone}};
}

}  // namespace

std::string text_report(const Results& results) {
  std::string text;
  for (const Workload workload : kWorkloads) {
    if (results.has(workload)) text += workload_table(results, workload);
  }
  if (results.memory) text += memory_table(*results.memory);
  if (!results.expiry.empty()) text += expiry_table(results.expiry);
  return text + goals_table(goals_of(results));
}

std::string json_report(const Results& results) {
  nlohmann::json report{{"measured", nlohmann::json::array()}, {"goals", nlohmann::json::array()}};
  for (const Workload workload : kWorkloads) {
    for (const std::string& subject : results.subjects) {
      for (unsigned threads = 1; threads <= kMostThreads; ++threads) {
        if (results.nanoseconds(subject, workload, threads))
          report["measured"].push_back(json_of(results, subject, workload, threads));
      }
    }
  }
  if (results.memory) report["memory"] = json_of(*results.memory);
  for (const Expiry& round : results.expiry) report["expiry"].push_back(json_of(round));
  for (const Goal& goal : goals_of(results)) {
    report["goals"].push_back(
        {{"text", goal.text},
         {"bound", goal.at_least ? "at least" : "at most"},
         {"target", goal.target},
         {"measured", json_of(goal.measured)},
         {"reached", goal.measured ? nlohmann::json(goal.reached()) : nlohmann::json(nullptr)}});
  }
  return report.dump(2) + '\n';
}

}  // namespace freshet::bench
