#include "plugin/strategy_contract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/executor.hpp"
#include "freshet/limits.hpp"
#include "plugin/plugin_strategy.hpp"

namespace freshet::plugin {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kThreads = 4;
constexpr int kRounds = 500;
constexpr Instant kNow{1'000'000s};

class StandingClock final : public Clock {
 public:
  Instant now() const noexcept override { return kNow; }
};

/// Answers nothing and does nothing.
class IdleHost final : public StrategyHost {
 public:
  void start_timer(TimerId, Duration) override {}
  void request_refresh(std::string_view, std::string_view) override {}
  std::vector<HotKey> hot_keys(std::size_t count) override {
    return std::vector<HotKey>(std::min<std::size_t>(count, 1), HotKey{"n", "k", 10, 1});
  }
  void log(LogLevel, std::string_view) noexcept override {}
};

/// Each rule once. Thread-safe.
class Report {
 public:
  void add(std::string rule, std::string found) {
    detail::rt::Lock lock(mutex_);
    const bool known = std::any_of(findings_.begin(), findings_.end(),
                                   [&rule](const auto& other) { return other.rule == rule; });
    if (!known) findings_.push_back({std::move(rule), std::move(found)});
  }
  std::vector<ContractFinding> take() {
    detail::rt::Lock lock(mutex_);
    return std::move(findings_);
  }

 private:
  detail::rt::Mutex mutex_;
  std::vector<ContractFinding> findings_ FRESHET_GUARDED_BY(mutex_);
};

std::string span_text(Instant instant, Instant now) {
  if (instant == kNever) return "never";
  return fmt::format("now {:+} ns", static_cast<double>(instant.time_since_epoch().count()) -
                                        static_cast<double>(now.time_since_epoch().count()));
}

/// An entry, what is to be said of it in a finding, and when it comes.
struct Case {
  std::string name;
  EntryView entry;
  Instant now = kNow;
};

/// Which parts an answer has.
struct Shape {
  bool kept = false;
  bool soft = false;
  bool idle = false;
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// One strategy under the suite. Thread-safe as far as the strategy is.
class Subject {
 public:
  Subject(Strategy& strategy, Report& report) : strategy_(strategy), report_(report) {}

  /// What on_store answers, judged; nullopt if it threw.
  std::optional<Deadlines> store(const Case& c) {
    std::optional<Deadlines> answer;
    guarded("on_store", c.name, [&] { answer = strategy_.on_store(c.entry, c.now); });
    if (answer && answer->hard > c.now) judge_kept(c, *answer);
    return answer;
  }

  void soft_expired(const Case& c, const Deadlines& deadlines) {
    Case stored = c;
    stored.entry.stored_at = c.now;
    stored.entry.deadlines = deadlines;
    const Instant now = deadlines.soft == kNever ? later(c.now, 1s) : deadlines.soft;
    guarded("on_soft_expired", c.name, [&] {
      const ReadDecision decision = strategy_.on_soft_expired(stored.entry, now);
      if (decision > ReadDecision::miss) {
        report_.add("on_soft_expired: a decision is serve, serve_and_refresh or miss",
                    fmt::format("{} for {}", static_cast<int>(decision), c.name));
      }
    });
  }

  void event(const std::string& name, const Event& event) {
    guarded("on_event", name, [&] {
      InvalidationPlan plan;
      strategy_.on_event(event, plan);
      for (const Target& target : plan.targets()) judge_target(name, target);
      for (const RefreshRequest& request : plan.refreshes())
        judge_target(name, Target::key(request.key, request.name_space));
    });
  }

  void timer(TimerId timer, StrategyHost& host) {
    guarded("on_timer", fmt::format("timer {}", timer), [&] { strategy_.on_timer(timer, host); });
  }

  void attach(StrategyHost& host) {
    guarded("on_attach", "a host", [&] { strategy_.on_attach(host); });
  }

  void require(bool holds, const char* rule, const std::string& found) {
    if (!holds) report_.add(rule, found);
  }

 private:
  template <class Call>
  void guarded(const char* function, const std::string& what, Call call) {
    try {
      call();
    } catch (const std::exception& error) {
      report_.add(fmt::format("{}: throws nothing", function),
                  fmt::format("\"{}\" for {}", error.what(), what));
    } catch (...) {
      report_.add(fmt::format("{}: throws nothing", function), fmt::format("for {}", what));
    }
  }

  void judge_kept(const Case& c, const Deadlines& answer) {
    const auto inside = [&](Instant at) {
      return at == kNever || (at >= c.now && at <= answer.hard);
    };
    require(inside(answer.soft), "on_store: soft is never or between now and hard",
            fmt::format("soft {}, hard {} for {}", span_text(answer.soft, c.now),
                        span_text(answer.hard, c.now), c.name));
    require(inside(answer.refresh_at), "on_store: refresh_at is never or between now and hard",
            fmt::format("refresh_at {}, hard {} for {}", span_text(answer.refresh_at, c.now),
                        span_text(answer.hard, c.now), c.name));
    require(answer.idle >= Duration::zero(), "on_store: idle is not below zero",
            fmt::format("{} ns for {}", answer.idle.count(), c.name));
  }

  void judge_target(const std::string& name, const Target& target) {
    const auto fits = [](const std::string& text, std::size_t limit) {
      return !text.empty() && text.size() <= limit;
    };
    const bool good =
        target.kind == Target::Kind::all ||
        (target.kind == Target::Kind::tag && fits(target.name, kMaxTagBytes)) ||
        (target.kind == Target::Kind::name_space && fits(target.space, kMaxNamespaceBytes)) ||
        (target.kind == Target::Kind::key && fits(target.name, kMaxKeyBytes) &&
         fits(target.space, kMaxNamespaceBytes));
    require(good, "on_event: what is added to a plan has a name within the limits",
            fmt::format("\"{}\" in \"{}\" for {}", target.name, target.space, name));
  }

  Strategy& strategy_;
  Report& report_;
};

/// The entries of the suite. Owns what they point to.
class Entries {
 public:
  Entries() : long_key_(kMaxKeyBytes, 'k') {
    for (int i = 0; i < 64; ++i) texts_.push_back(fmt::format("field_{}", i));
    for (const std::string& text : texts_) many_fields_.emplace_back(text, text);
  }

  EntryView ordinary() const {
    return {.name_space = "profiles",
            .key = "user:42",
            .fields = few_fields_,
            .load_time = 20ms,
            .bytes = 64};
  }
  std::vector<Case> strange() const {
    std::vector<Case> cases{{"an empty entry", {}},
                            {"an entry at the end of time", ordinary(), Instant(kNever - 1ns)},
                            {"an entry before time zero", ordinary(), Instant(-1h)}};
    EntryView entry = ordinary();
    entry.key = long_key_;
    entry.fields = many_fields_;
    entry.bytes = UINT64_MAX;
    cases.push_back({"the longest key with 64 fields", entry});
    entry = ordinary();
    entry.fields = empty_fields_;
    cases.push_back({"a field with no name and no value", entry});
    for (const Duration time : {Duration::zero(), Duration::max(), Duration::min()}) {
      entry = ordinary();
      entry.load_time = time;
      cases.push_back({fmt::format("a load time of {} ns", time.count()), entry});
    }
    entry = ordinary();
    entry.requested_ttl = Duration::max();
    cases.push_back({"the longest lifetime", entry});
    return cases;
  }

 private:
  const std::string long_key_;
  std::vector<std::string> texts_;
  std::vector<EntryView::Field> many_fields_;
  const std::vector<EntryView::Field> few_fields_{{"user_id", "42"}};
  const std::vector<EntryView::Field> empty_fields_{{"", ""}};
};

void check_ordinary(Subject& subject, const Entries& entries) {
  const Case c{"an ordinary entry", entries.ordinary()};
  const auto first = subject.store(c);
  if (!first) return;
  subject.require(first->hard > c.now, "on_store: an ordinary entry is kept", "it was not");
  const auto shape = [&c](const Deadlines& d) {
    return Shape{d.hard > c.now, d.soft != kNever, d.idle != Duration::zero()};
  };
  for (int i = 0; i < 20; ++i) {
    const auto again = subject.store(c);
    subject.require(again && shape(*again) == shape(*first),
                    "on_store: the same entry gets an answer of the same shape",
                    "kept, soft or idle came and went");
  }
  subject.soft_expired(c, *first);
}

/// `set` puts a lifetime where this party's word stands.
template <class Set>
void check_lifetimes(Subject& subject, const Entries& entries, const char* party, Set set) {
  for (const Duration asked : {Duration::zero(), Duration(-1s), Duration::min(), Duration(1ns),
                               Duration(1s), Duration(30 * 24h)}) {
    Case c{fmt::format("a lifetime of {} ns from the {}", asked.count(), party),
           entries.ordinary()};
    set(c.entry, asked);
    const auto answer = subject.store(c);
    if (!answer) continue;
    if (asked <= Duration::zero()) {
      subject.require(answer->hard <= c.now,
                      "on_store: an entry with a lifetime of zero or less is not kept", c.name);
    } else {
      subject.require(answer->hard <= c.now + asked,
                      "on_store: a lifetime that caller or loader gave is not exceeded",
                      fmt::format("hard {} for {}", span_text(answer->hard, c.now), c.name));
    }
    subject.soft_expired(c, *answer);
  }
}

void check_strange(Subject& subject, const Entries& entries) {
  for (const Case& c : entries.strange()) {
    const auto answer = subject.store(c);
    if (!answer) continue;
    subject.soft_expired(c, *answer);
    subject.soft_expired(c, Deadlines{.soft = Instant::min(), .hard = Instant::min()});
  }
}

void check_events(Subject& subject) {
  subject.event("an event that nobody knows", Event("an_event_that_nobody_knows"));
  subject.event("an event with no name", Event(""));
  subject.event("an event with an empty field", Event("x", {{"", ""}}));
  std::vector<EventField> fields;
  for (int i = 0; i < 100; ++i)
    fields.push_back({fmt::format("field_{}", i), FieldValue(std::string(10'000, 'x'))});
  subject.event("an event with 100 long fields", Event("x", std::move(fields)));
}

void check_alone(Subject& subject, StrategyHost& host, const Entries& entries) {
  check_ordinary(subject, entries);
  check_lifetimes(subject, entries, "caller",
                  [](EntryView& entry, Duration asked) { entry.requested_ttl = asked; });
  check_lifetimes(subject, entries, "loader",
                  [](EntryView& entry, Duration asked) { entry.loader_ttl = asked; });
  check_strange(subject, entries);
  check_events(subject);
  for (const TimerId timer : {TimerId{0}, TimerId{77}, TimerId{UINT32_MAX}})
    subject.timer(timer, host);
}

/// Lets `kThreads` tasks run at once and waits for them.
void run_together(const std::function<void()>& task) {
  detail::rt::Mutex mutex;
  detail::rt::CondVar changed;
  unsigned waiting = 0;
  unsigned done = 0;
  const auto executor = make_thread_pool_executor(kThreads);
  for (unsigned i = 0; i < kThreads; ++i) {
    executor->post([&] {
      mutex.lock();
      ++waiting;
      changed.notify_all();
      while (waiting < kThreads) changed.wait(mutex);
      mutex.unlock();
      task();
      detail::rt::Lock lock(mutex);
      ++done;
      changed.notify_all();
    });
  }
  detail::rt::Lock lock(mutex);
  while (done < kThreads) changed.wait(mutex);
}

void check_together(Subject& subject, StrategyHost& host, const Entries& entries) {
  run_together([&] {
    const Case c{"an ordinary entry, of several threads at once", entries.ordinary()};
    for (int i = 0; i < kRounds; ++i) {
      const auto answer = subject.store(c);
      if (!answer) return;
      subject.require(answer->hard > c.now, "on_store: an ordinary entry is kept", c.name);
      subject.soft_expired(c, *answer);
      subject.event("an event, of several threads at once", Event("x", {{"id", i}}));
      subject.timer(1, host);
    }
  });
}

void check_one(const MakeStrategy& make, const StrategyCollaborators& with, Report& report) {
  IdleHost host;
  const Entries entries;
  const std::unique_ptr<Strategy> strategy = make(with);
  if (!strategy) return report.add("a strategy is made", "there was none");
  Subject subject(*strategy, report);
  subject.attach(host);
  check_alone(subject, host, entries);
  check_together(subject, host, entries);
  const auto* plugin = dynamic_cast<const PluginStrategy*>(strategy.get());
  if (plugin == nullptr || plugin->failures() == 0) return;
  using Function = PluginStrategy::Function;
  report.add(
      "no call fails",
      fmt::format("on_store failed {} times, on_soft_expired {}, on_event {}, on_timer {}",
                  plugin->failures(Function::on_store), plugin->failures(Function::on_soft_expired),
                  plugin->failures(Function::on_event), plugin->failures(Function::on_timer)));
}

}  // namespace

std::vector<ContractFinding> check_strategy_contract(const MakeStrategy& make) {
  Report report;
  StandingClock clock;
  const auto random = make_random_source(1);
  const StrategyCollaborators with{clock, *random};
  for (int made = 0; made < 2; ++made) {  // a second one, so that what the first left behind shows
    try {
      check_one(make, with, report);
    } catch (const std::exception& error) {
      report.add("a strategy is made", error.what());
    }
  }
  return report.take();
}

}  // namespace freshet::plugin
