// Where a value came from, whether it was stale and why, how old it was and for how long it is good: told by every way of reading.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "support/cache_fixture.hpp"
#include "support/pause_point.hpp"

namespace freshet::testing {
namespace {

enum class Way { get, get_many, get_or_load, bulk_load, memoized };
enum class State {
  cached,
  loaded,
  joined,
  soft,
  expired,
  load_failed,
  load_late,
  absent,
  made_absent
};

constexpr const char* kWays[] = {"get", "get_many", "get_or_load", "bulk_load", "memoized"};
constexpr const char* kStates[] = {"cached",      "loaded",    "joined", "soft",       "expired",
                                   "load_failed", "load_late", "absent", "made_absent"};

/// What a handle is to say.
struct Seen {
  bool value = false;
  bool absent = false;
  Origin origin = Origin::none;
  Staleness staleness = Staleness::fresh;
  Duration age{};
  Duration remaining{};
  friend bool operator==(const Seen&, const Seen&) = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << (seen.value    ? "a value"
             : seen.absent ? "absent"
                           : "nothing")
         << ", origin " << static_cast<int>(seen.origin) << ", staleness "
         << static_cast<int>(seen.staleness) << ", age " << seen.age / 1s << " s, remaining "
         << seen.remaining / 1s << " s";
  }
};

Seen seen(const Handle<int>& handle) {
  return {static_cast<bool>(handle), handle.absent(), handle.origin(),
          handle.staleness(),        handle.age(),    handle.remaining()};
}

class ProvenanceTest : public CacheFixture,
                       public ::testing::WithParamInterface<std::tuple<Way, State>> {
 protected:
  ProvenanceTest() {
    use(R"(
freshet: 1
namespaces:
  p: {ttl: 1h, soft_ttl: 30m, stale_if_error: 24h, negative_ttl: 10m}
)");
    view_.emplace(invalidator_->cache<int>("p"));
  }
  void TearDown() override {
    executor_->run_ready();                          // refreshes
    invalidator_->close({.wait = Duration::max()});  // and a load that was late
    CacheFixture::TearDown();
  }

  static bool loads(Way way) { return way != Way::get && way != Way::get_many; }

  Handle<int> read(Way way, const EntryOptions& options = {}) {
    const std::vector<std::string> keys{"k:1"};
    switch (way) {
      case Way::get:
        return view_->get("k:1");
      case Way::get_many:
        return view_->get_many(keys)[0];
      case Way::get_or_load:
        return view_->get_or_load(
            "k:1", [this] { return origin_(); }, options);
      case Way::bulk_load: {
        const auto load = [this](std::span<const std::string_view>) {
          return std::vector<std::optional<int>>{origin_()};
        };
        return view_->get_many(keys, load)[0];
      }
      case Way::memoized: {
        const auto load = [this](LoadContext& context, int) {
          const std::optional<int> value = origin_();
          if (!value) context.absent();
          return value.value_or(0);
        };
        return view_->memoize("k:{}", load, options)(1);
      }
    }
    return {};
  }

  /// Reads while another call loads the key.
  Handle<int> read_beside_a_load(Way way) {
    std::promise<void> begun;
    std::promise<void> answer;
    std::thread other([&] {
      view_->get_or_load("k:1", [&] {
        begun.set_value();
        answer.get_future().wait();
        return 1;
      });
    });
    begun.get_future().wait();
    Handle<int> handle;
    {
      const PausePoint waits("waits_for_a_load", [&] { answer.set_value(); });
      handle = read(way);
      EXPECT_EQ(waits.reached(), loads(way));
      if (!waits.reached()) answer.set_value();
      other.join();
    }
    return handle;
  }

  /// Reads, with a second's patience, while the origin says nothing.
  Handle<int> read_what_is_late(Way way) {
    std::promise<int> answer;
    const auto late = std::make_shared<std::future<int>>(answer.get_future());
    origin_ = [late] { return late->get(); };
    auto reading = std::async(
        std::launch::async, [&] { return read(way, {.load_timeout = LoadTimeouts{.soft = 1s}}); });
    clock_->await_waiters(1);
    clock_->advance(1s);
    Handle<int> handle = reading.get();
    answer.set_value(3);
    return handle;
  }

  Handle<int> read_in(State state, Way way) {
    switch (state) {
      case State::cached:
        view_->put("k:1", 1);
        clock_->advance(10min);
        return read(way);
      case State::loaded:
        return read(way);
      case State::joined:
        return read_beside_a_load(way);
      case State::soft:
        view_->put("k:1", 1);
        clock_->advance(40min);
        return read(way);
      case State::expired:
        view_->put("k:1", 1);
        clock_->advance(10min);
        view_->invalidate("k:1", {.mode = Mode::expire});
        return read(way);
      case State::load_failed:
        view_->put("k:1", 1);
        clock_->advance(2h);
        origin_ = []() -> std::optional<int> { throw std::runtime_error("down"); };
        return read(way);
      case State::load_late:
        view_->put("k:1", 1);
        clock_->advance(2h);
        return loads(way) ? read_what_is_late(way) : read(way);
      case State::absent:
        view_->get_or_load("k:1", [] { return std::optional<int>(); });
        clock_->advance(1min);
        return read(way);
      case State::made_absent:
        origin_ = [] { return std::nullopt; };
        return read(way);
    }
    return {};
  }

  static Seen expected(State state, Way way) {
    const Seen just_loaded{true, false, Origin::loaded, Staleness::fresh, 0s, 1h};
    const Seen nothing{};  // what is not served without a loader, and what only a loader can make
    switch (state) {
      case State::cached:
        return {true, false, Origin::l1, Staleness::fresh, 10min, 50min};
      case State::loaded:
      case State::joined:
        return loads(way) ? just_loaded : nothing;
      case State::soft:
        return {true, false, Origin::l1, Staleness::soft_deadline, 40min, 20min};
      case State::expired:
        return {true, false, Origin::l1, Staleness::expired, 10min, 50min};
      case State::load_failed:
        if (!loads(way)) return nothing;
        return {true, false, Origin::l1, Staleness::load_failed, 2h, -1h};
      case State::load_late:
        if (!loads(way)) return nothing;
        return {true, false, Origin::l1, Staleness::load_late, 2h + 1s, -1h - 1s};
      case State::absent:
        // A memoized function returns a value, and so is called where there is none.
        if (way == Way::memoized) return just_loaded;
        return {false, true, Origin::l1, Staleness::fresh, 1min, 9min};
      case State::made_absent:
        // Nor is it ever answered with nothing: what it made is said to stand for nothing, and not to be kept for long.
        if (way == Way::memoized) return {true, false, Origin::loaded, Staleness::fresh, 0s, 10min};
        return loads(way) ? Seen{.absent = true, .origin = Origin::loaded, .remaining = 10min}
                          : nothing;
    }
    return {};
  }

  std::optional<Cache<int>> view_;
  std::function<std::optional<int>()> origin_ = [] { return 2; };
};

TEST_P(ProvenanceTest, IsTold) {
  const auto [way, state] = GetParam();
  // A bulk load is one call for many keys, of which nobody knows which one is late: it has no load_timeout.
  if (way == Way::bulk_load && state == State::load_late) return;
  const Handle<int> handle = read_in(state, way);
  EXPECT_EQ(seen(handle), expected(state, way));
  EXPECT_EQ(handle.stale(), handle.staleness() != Staleness::fresh);
}

INSTANTIATE_TEST_SUITE_P(
    All, ProvenanceTest,
    ::testing::Combine(
        ::testing::Values(Way::get, Way::get_many, Way::get_or_load, Way::bulk_load, Way::memoized),
        ::testing::Values(State::cached, State::loaded, State::joined, State::soft, State::expired,
                          State::load_failed, State::load_late, State::absent, State::made_absent)),
    [](const auto& one) {
      return std::string(kWays[static_cast<int>(std::get<0>(one.param))]) + "_" +
             kStates[static_cast<int>(std::get<1>(one.param))];
    });

}  // namespace
}  // namespace freshet::testing
