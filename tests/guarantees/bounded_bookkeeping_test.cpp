// G5: after any history, what is kept for labels, bans, leases and revisions is within a constant of what entries and loads
// need.
//
// Churn: every operation brings names that were never seen before, through every call that takes names. Once warm, memory
// must stay flat however long it goes on; when all is invalidated, every index must be empty. FRESHET_CHURN_OPERATIONS sets
// how long it goes on (a million by default; 100,000,000 at night).
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "support/cache_fixture.hpp"
#include "support/sanitizers.hpp"

namespace freshet::testing {
namespace {

constexpr bool kMeasures = !kSanitized;  // a sanitizer's allocator keeps what is freed

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  main: {strategy: ttl, ttl: 20s, capacity: {entries: 200}}
  forever: {strategy: manual, capacity: {entries: 100}, labels: {per_entry: 16}}
  soft: {strategy: ttl, ttl: 20s, soft_ttl: 5s, capacity: {entries: 50}}
  held: {strategy: ttl, ttl: 20s, hold_off: 2s, capacity: {entries: 50}}
  "ns_*": {strategy: ttl, ttl: 20s, capacity: {entries: 100}}
)";

constexpr std::uint64_t kRounds = 40;       // samples
constexpr std::uint64_t kWarmRounds = 24;   // by then as many versions as are remembered were set
constexpr std::uint64_t kCallsPerStep = 5;  // on average
constexpr std::uint64_t kTick = 50;         // steps between two moves of the clock

std::uint64_t operations() {
  const char* asked = std::getenv("FRESHET_CHURN_OPERATIONS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1'000'000;
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

struct Sample {
  std::uint64_t allocated;
  std::uint64_t resident;
};

class BoundedBookkeepingTest : public CacheFixture {
 protected:
  BoundedBookkeepingTest() {
    use(kPolicy);
    main_.emplace(invalidator_->cache<std::string>("main"));
    forever_.emplace(invalidator_->cache<std::string>("forever"));
    soft_.emplace(invalidator_->cache<std::string>("soft"));
    held_.emplace(invalidator_->cache<std::string>("held"));
    handled_.emplace(invalidator_->register_event_handler([](const Event&) {}));
    main_->bind_loader([](std::string_view) { return std::string("again"); });
  }

  static std::string name(std::string_view stem, std::uint64_t i) {
    return std::string(stem).append(std::to_string(i));
  }
  static std::string value() { return "value"; }

  // A step of churn. Each kind of name is new each time; what is invalidated was made a few steps ago.
  void step(std::uint64_t i);
  void puts(std::uint64_t i);
  void loads(std::uint64_t i);
  void invalidations(std::uint64_t i);
  void dependencies(std::uint64_t i);
  void versions(std::uint64_t i);
  void namespaces(std::uint64_t i);
  void leases(std::uint64_t i);
  void strange(std::uint64_t i);
  void tick();
  Sample sample();
  void run_rounds(std::uint64_t count, std::vector<Sample>& samples);

  std::optional<Cache<std::string>> main_, forever_, soft_, held_;
  std::vector<Lease> held_leases_;
  std::optional<Connection> handled_;  // so that events are not warned of
};

void BoundedBookkeepingTest::step(std::uint64_t i) {
  switch (i % 8) {
    case 0:
      return puts(i);
    case 1:
      return loads(i);
    case 2:
      return invalidations(i);
    case 3:
      return dependencies(i);
    case 4:
      return versions(i);
    case 5:
      return namespaces(i);
    case 6:
      return leases(i);
    default:
      return strange(i);
  }
}

void BoundedBookkeepingTest::puts(std::uint64_t i) {
  main_->put(name("p", i), value(),
             {.tags = {name("tag", i), "shared"}, .depends_on = {name("table", i)}});
  soft_->put(name("p", i), value(), {.tags = {name("tag", i)}});
  forever_->put(name("p", i), value(), {.ttl = 3s});
  invalidator_->tag(name("p", i), "main", {name("late", i)});
  invalidator_->add_dependency(name("p", i), "main", name("file", i));
}

void BoundedBookkeepingTest::loads(std::uint64_t i) {
  main_->get_or_load(name("l", i), [&](LoadContext& load) {
    load.tag(name("loaded", i)).depends_on(name("row", i)).version(name("model", i), "v1");
    main_->get(name("p", i - 1));                                 // captured: there
    main_->get(name("absent", i));                                // captured: not there
    forever_->get_or_load(name("n", i), [] { return value(); });  // nested
    return value();
  });
  held_->get_or_load(name("l", i), [] { return value(); }, {.tags = {name("h", i)}});
  const std::vector<std::string> keys{name("b", i), name("c", i), name("p", i - 1)};
  main_->get_many(keys,
                  [](std::span<const std::string_view> missing) {
                    return std::vector<std::optional<std::string>>(missing.size(), value());
                  },
                  {.tags = {name("bulk", i)}});
}

void BoundedBookkeepingTest::invalidations(std::uint64_t i) {
  const InvalidateOptions how{.mode = i % 3 == 0 ? Mode::expire : Mode::remove};
  switch ((i / 8) % 12) {
    case 0:
      return void(invalidator_->invalidate(name("p", i - 2), "main", how));
    case 1:
      return void(invalidator_->invalidate_tag(name("tag", i - 2), how));
    case 2:
      return void(invalidator_->invalidate_dependents(name("table", i - 2), how));
    case 3:
      return void(invalidator_->invalidate_prefix(name("prefix", i), "main", how));
    case 4:
      return void(invalidator_->invalidate_matching(name("*", i), "main", how));
    case 5:
      return void(invalidator_->invalidate_all_of({name("tag", i), name("late", i)}, how));
    case 6:
      return void(invalidator_->invalidate_tag_in(name("tag", i - 2), "main", how));
    case 7:
      return void(invalidator_->invalidate_dependents_of_key(name("p", i), "main", how));
    case 8:
      return void(invalidator_->invalidate_tag(name("nobody's", i), how));
    case 9:
      return void(invalidator_->invalidate_many(
          {Target::key(name("p", i - 2), "main"), Target::tag(name("many", i)),
           Target::prefix(name("many", i), "soft"), Target::new_version(name("many", i)),
           Target::dependents(name("many", i)), Target::key(name("bad", i), "nowhere")}));
    case 10:
      return void(invalidator_->invalidate_if(
          "main", [&](const EntryDescription& entry) { return entry.key == name("p", i - 2); }));
    default:
      return void(invalidator_->invalidate(name("never", i), "main", how));
  }
}

void BoundedBookkeepingTest::dependencies(std::uint64_t i) {
  // A cycle of three, over two namespaces.
  main_->put(name("x", i), value(), {.depends_on = {name("forever/y", i)}});
  forever_->put(name("y", i), value(), {.depends_on = {name("soft/z", i)}});
  soft_->put(name("z", i), value(), {.depends_on = {name("main/x", i)}});
  main_->put(name("self", i), value(), {.depends_on = {name("self", i)}});
  // A hub that others depend on and that depends on something else each time: its edges are lost one by one.
  main_->put("hub", value(), {.depends_on = {name("spoke", i)}});
  main_->put(name("rim", i), value(), {.depends_on = {"hub"}});
  // Chains of ten.
  const bool first = (i / 8) % 10 == 0;
  forever_->put(name("chain", i), value(),
                {.depends_on = {first ? name("start", i) : name("chain", i - 8)}});
  invalidator_->invalidate(name("y", i - 80), "forever");
}

void BoundedBookkeepingTest::versions(std::uint64_t i) {
  main_->put(name("v", i), value(), {.versions = {{name("prompt", i), "1"}}});
  main_->put(name("w", i), value(), {.versions = {{"prompt", name("hash", i)}}});
  if ((i / 8) % 4 == 0) invalidator_->invalidate_version(name("prompt", i), "2");
  if ((i / 8) % 4 == 1) invalidator_->bump_version(name("entity", i));
  if ((i / 8) % 4 == 2) invalidator_->set_policy_version("main", name("policy", i));
  main_->at_version(name("policy", i - 8)).get(name("v", i));
}

void BoundedBookkeepingTest::namespaces(std::uint64_t i) {
  const auto cache = invalidator_->cache<std::string>(name("ns_", i));
  cache.put("k", value(), {.depends_on = {name("ns_", i / 64 * 64) + "/k"}});
  cache.scoped(name("scope", i)).put("k", value(), {.tags = {name("scoped", i)}});
  if ((i / 8) % 4 == 0) invalidator_->invalidate_namespace(name("ns_", i - 16));
  if ((i / 8) % 4 == 1) invalidator_->invalidate_prefix("k", name("ns_", i));
  if ((i / 8) % 4 == 2) invalidator_->set_policy_version(name("ns_", i), "1");
}

void BoundedBookkeepingTest::leases(std::uint64_t i) {
  held_leases_.push_back(invalidator_->cache<std::string>(name("ns_", i)).lease("k"));
  if (held_leases_.size() > 32) held_leases_.clear();  // never used
  const Lease lease = main_->lease(name("leased", i));
  if ((i / 8) % 2 == 0) invalidator_->invalidate_tag(name("under", i));
  main_->put(name("leased", i), value(), lease, {.tags = {name("under", i)}});
  held_->put(name("leased", i), value(), held_->lease(name("leased", i)));
}

void BoundedBookkeepingTest::strange(std::uint64_t i) {
  // One entry that everybody names otherwise.
  forever_->get_or_load("hot", [] { return value(); }, {.tags = {name("drift", i)}});
  invalidator_->tag("hot", "forever", {name("more", i)});
  try {
    main_->get_or_load(name("fails", i), [&](LoadContext& load) -> std::string {
      load.tag(name("failed", i));
      main_->get(name("p", i - 7));
      throw std::runtime_error("no");
    });
  } catch (const std::runtime_error&) {
  }
  try {
    invalidator_->invalidate_matching(name("[", i), "main");
  } catch (const Error&) {
  }
  invalidator_->emit(name("event", i), {{"id", static_cast<std::int64_t>(i)}});
  main_->get_or_load(name("brief", i),
                     [](LoadContext& load) {
                       load.do_not_keep();
                       return value();
                     },
                     {.tags = {name("brief", i)}});
  soft_->get(name("p", i - 7));
}

void BoundedBookkeepingTest::tick() {
  clock_->advance(200ms);
  executor_->run_ready();
}

Sample BoundedBookkeepingTest::sample() {
  return {static_cast<std::uint64_t>(mallinfo2().uordblks), resident_bytes()};
}

void BoundedBookkeepingTest::run_rounds(std::uint64_t count, std::vector<Sample>& samples) {
  const bool tells = count > 1'000'000;
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t i = 1000;  // names go back a few steps
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    for (std::uint64_t done = 0; done < count / kCallsPerStep / kRounds; ++done, ++i) {
      step(i);
      if (i % kTick == 0) tick();
    }
    tick();
    samples.push_back(sample());
    if (!tells) continue;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const double calls = static_cast<double>(kCallsPerStep * i);
    std::cout << kCallsPerStep * i << " operations, "
              << static_cast<std::uint64_t>(calls / took.count()) << "/s, allocated "
              << samples.back().allocated / 1024 << " KiB, resident "
              << samples.back().resident / 1024 << " KiB" << std::endl;
  }
}

TEST_F(BoundedBookkeepingTest, ChurnOfEveryKindOfNameLeavesMemoryFlatAndNothingBehind) {
  std::vector<Sample> samples;
  samples.reserve(kRounds);
  run_rounds(operations(), samples);
  if (kMeasures) {
    Sample warm{};
    Sample after{};
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      Sample& highest = round < kWarmRounds ? warm : after;
      highest.allocated = std::max(highest.allocated, samples[round].allocated);
      highest.resident = std::max(highest.resident, samples[round].resident);
    }
    RecordProperty("allocated_warm", std::to_string(warm.allocated));
    RecordProperty("allocated_after", std::to_string(after.allocated));
    EXPECT_LE(after.allocated, warm.allocated + warm.allocated / 50) << "allocated, within 2 %";
    EXPECT_LE(after.resident, warm.resident + warm.resident / 50) << "resident, within 2 %";
  }
  EXPECT_LE(invalidator_->hot_keys(1'000'000).size(), 10'000u);

  invalidator_->invalidate_all();
  main_.reset();
  forever_.reset();
  soft_.reset();
  held_.reset();
  held_leases_.clear();
  clock_->advance(1min);
  executor_->run_ready();
  invalidator_->settle();
  const NamespaceStatistics total = invalidator_->stats().total;
  EXPECT_EQ(total.entries, 0u);
  EXPECT_EQ(total.tags, 0u);
  EXPECT_EQ(total.resources, 0u);
  EXPECT_EQ(total.bans, 0u);
  detail::Freshness& freshness = EngineAccess::freshness(*invalidator_);
  EXPECT_EQ(freshness.live_labels(detail::LabelKind::key), 0u);
  EXPECT_EQ(freshness.live_labels(detail::LabelKind::version), 0u);
  EXPECT_EQ(freshness.live_labels(detail::LabelKind::name_space), 1u) << "that of the bound loader";
  EXPECT_EQ(freshness.live_labels(), 1u);
  EXPECT_EQ(freshness.graph().size(), 0u);
  // What was set by invalidate_version is remembered, up to a number.
  EXPECT_LE(freshness.versions().size(), detail::Freshness::kMaxVersionedDependencies);
  EXPECT_EQ(EngineAccess::engine(*invalidator_).flights().size(), 0u);
}

}  // namespace
}  // namespace freshet::testing
