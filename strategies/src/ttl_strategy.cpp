// TtlStrategy and the options it reads.
#include "freshet/strategies/ttl_strategy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace freshet {
namespace {

constexpr std::size_t kMaxTableValues = 256;

const Range<Duration> kPositive{.above = Duration::zero()};

/// The map form of `ttl`, read member by member into a fresh table. Without a field, which is
/// reported, there is none.
class TableReader {
 public:
  TableReader(const ConfigValue& map, const std::string& path, Findings& findings)
      : map_(map), path_(path), findings_(findings) {}

  TtlTable read() {
    report_unknown();
    if (const ConfigValue* by = required("by")) read_field(*by);
    if (const ConfigValue* values = required("values")) read_values(*values);
    if (const ConfigValue* otherwise = required("otherwise")) {
      duration_.read(*otherwise, path_to(path_, "otherwise"), table_.otherwise, findings_);
    }
    return std::move(table_);
  }

 private:
  void report_unknown() {
    const std::vector<std::string> known{"by", "values", "otherwise"};
    for (const ConfigValue::Member& member : map_.members) {
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      findings_.add(member.place, path_to(path_, member.key),
                    "unknown key" + did_you_mean(member.key, known));
    }
  }

  const ConfigValue* required(std::string_view key) {
    const ConfigValue::Member* member = map_.find(key);
    if (member != nullptr) return &member->value;
    findings_.add(map_.place, path_to(path_, key),
                  "missing, a table of lifetimes has by, values and otherwise");
    return nullptr;
  }

  void read_field(const ConfigValue& by) {
    if (by.is_scalar() && !by.text.empty()) {
      table_.by = by.text;
    } else {
      findings_.add(by.place, path_to(path_, "by"),
                    fmt::format("expected a field of the key, found {}", describe(by)));
    }
  }

  void read_values(const ConfigValue& values) {
    const std::string path = path_to(path_, "values");
    if (!values.is_map()) {
      findings_.add(values.place, path,
                    fmt::format("expected a map of durations, found {}", describe(values)));
      return;
    }
    for (const ConfigValue::Member& member : values.members) {
      Duration lifetime{};
      if (duration_.read(member.value, path_to(path, member.key), lifetime, findings_))
        table_.values.emplace(member.key, lifetime);
    }
  }

  const ConfigValue& map_;
  const std::string& path_;
  Findings& findings_;
  TtlTable table_;
  OptionKind<Duration> duration_ = duration_kind();
};

/// {until: 06:00 Europe/Rome}
bool read_until(const ConfigValue& map, const std::string& path, TtlOptions& into,
                Findings& findings) {
  const ConfigValue& value = map.find("until")->value;
  const std::string at = path_to(path, "until");
  for (const ConfigValue::Member& member : map.members) {
    if (member.key != "until")
      findings.add(member.place, path_to(path, member.key), "not beside until, which says it all");
  }
  Parsed<Schedule> read = Schedule::parse(value.is_scalar() ? value.text : std::string());
  if (read.value && read.value->interval()) read = {.problem = "an interval is a ttl as it is"};
  if (!read.value) {
    findings.add(value.place, at,
                 fmt::format("expected a time such as 06:00 Europe/Rome, found {}: {}",
                             describe(value), read.problem));
    return false;
  }
  into.until = std::move(read.value);
  into.table = {};
  return true;
}

bool read_lifetime(const ConfigValue& value, const std::string& path, TtlOptions& into,
                   Findings& findings) {
  const TtlOptions defaults;
  if (value.is_map() && value.find("until") != nullptr)
    return read_until(value, path, into, findings);
  if (value.is_map()) {
    TtlTable table = TableReader(value, path, findings).read();
    if (table.by.empty()) return false;
    into.ttl = defaults.ttl;
    into.until.reset();
    into.table = std::move(table);
    return true;
  }
  if (!value.is_scalar()) {
    findings.add(
        value.place, path,
        fmt::format(
            "expected a duration such as 1h45m, or a map of by, values and otherwise, or of until, "
            "found {}",
            describe(value)));
    return false;
  }
  into.table = defaults.table;
  into.until.reset();
  return duration_kind().read(value, path, into.ttl, findings);
}

void check_lifetime(const TtlOptions& options, const std::string& path, Findings& findings) {
  const OptionKind<Duration> duration = duration_kind(kPositive);
  duration.check(options.ttl, path, findings);
  if (options.until && options.until->interval())
    findings.add(path_to(path, "until"), "expected a time of the calendar, found an interval");
  const TtlTable& table = options.table;
  if (table.by.empty()) {
    if (!table.values.empty())
      findings.add(path_to(path, "by"), "expected a field of the key, found an empty name");
    return;
  }
  if (table.values.size() > kMaxTableValues) {
    findings.add(path_to(path, "values"), fmt::format("expected at most {} values, found {}",
                                                      kMaxTableValues, table.values.size()));
    return;
  }
  for (const auto& [value, lifetime] : table.values) {
    duration.check(lifetime, path_to(path_to(path, "values"), value), findings);
  }
  duration.check(table.otherwise, path_to(path, "otherwise"), findings);
}

std::string lifetime_text(const TtlOptions& options) {
  if (options.until) return fmt::format("{{until: {}}}", format_text(options.until->text()));
  const TtlTable& table = options.table;
  if (table.by.empty()) return format_duration(options.ttl);
  std::string values;
  for (const auto& [value, lifetime] : table.values) {
    values += fmt::format("{}{}: {}", values.empty() ? "" : ", ", format_text(value),
                          format_duration(lifetime));
  }
  return fmt::format("{{by: {}, values: {{{}}}, otherwise: {}}}", format_text(table.by), values,
                     format_duration(table.otherwise));
}

OptionKind<TtlOptions> lifetime_kind() {
  return {
      .type = "duration, table or until",
      .range = duration_kind(kPositive).range,
      .read = read_lifetime,
      .check = check_lifetime,
      .text = lifetime_text,
  };
}

}  // namespace

TtlStrategy::TtlStrategy(TtlOptions options, const StrategyCollaborators& with)
    : options_(std::move(options)), clock_(with.clock), random_(with.random) {}

Deadlines TtlStrategy::on_store(const EntryView& entry, Instant now) {
  Duration lifetime =
      entry.requested_ttl ? *entry.requested_ttl : with_jitter(policy_lifetime(entry));
  if (entry.loader_ttl) lifetime = std::min(lifetime, *entry.loader_ttl);
  Deadlines deadlines{.hard = later(now, std::max(lifetime, Duration::zero()))};
  // A lifetime that caller, loader or jitter made shorter than soft_ttl has no soft part.
  const bool soft = options_.soft_ttl > Duration::zero() && options_.soft_ttl < lifetime;
  if (soft) deadlines.soft = later(now, options_.soft_ttl);
  deadlines.idle = options_.idle_ttl;
  return deadlines;
}

ReadDecision TtlStrategy::on_soft_expired(const EntryView&, Instant) {
  return ReadDecision::serve_and_refresh;
}

Duration TtlStrategy::policy_lifetime(const EntryView& entry) const {
  if (options_.function) {
    if (const auto lifetime = options_.function(entry)) return *lifetime;
  }
  if (options_.until) {
    const WallTime now = clock_.wall_now();
    const WallTime then = options_.until->next(now);
    return then == kNoWallTime ? Duration::max() : then - now;
  }
  if (options_.table.by.empty()) return options_.ttl;
  const auto field = entry.field(options_.table.by);
  const auto at = field ? options_.table.values.find(*field) : options_.table.values.end();
  return at == options_.table.values.end() ? options_.table.otherwise : at->second;
}

Duration TtlStrategy::with_jitter(Duration lifetime) const {
  if (options_.jitter <= 0.0 || lifetime <= Duration::zero()) return lifetime;
  const double cut = static_cast<double>(lifetime.count()) * options_.jitter * random_.uniform();
  return lifetime - Duration(static_cast<Duration::rep>(cut));
}

OptionTable<TtlOptions> ttl_option_table() {
  OptionTable<TtlOptions> table;
  table.add("ttl", lifetime_kind(),
            "how long an entry is good for; or by, a field of the key, with values, a duration for "
            "each value of the "
            "field, and otherwise, the duration for all others; or until, a time of day or cron "
            "expression with a time zone, until which it is good");
  table.add("ttl_jitter", &TtlOptions::jitter, percentage_kind({.at_least = 0.0, .below = 1.0}),
            "share of its lifetime by which an entry may end early, drawn per entry");
  table.add("soft_ttl", &TtlOptions::soft_ttl, duration_kind({.at_least = Duration::zero()}),
            "age from which an entry is refreshed in the background while its old value is served; "
            "0s: off");
  table.add("idle_ttl", &TtlOptions::idle_ttl, duration_kind({.at_least = Duration::zero()}),
            "an entry that nobody reads for so long expires, whatever is left of its ttl; 0s: off");
  table.relate([](const TtlOptions& options, const std::string& path, Findings& findings) {
    if (options.soft_ttl > Duration::zero() && options.table.by.empty() && !options.until &&
        options.soft_ttl >= options.ttl) {
      findings.add(path_to(path, "soft_ttl"),
                   fmt::format("expected less than ttl, {}, found {}", format_duration(options.ttl),
                               format_duration(options.soft_ttl)));
    }
  });
  table.use_fields([](const TtlOptions& options) {
    std::vector<KeyFieldUse> uses;
    if (!options.table.by.empty()) uses.push_back({"ttl.by", options.table.by});
    return uses;
  });
  return table;
}

std::unique_ptr<Strategy> make_ttl_strategy(const TtlOptions& options,
                                            const StrategyCollaborators& with) {
  return std::make_unique<TtlStrategy>(options, with);
}

}  // namespace freshet
