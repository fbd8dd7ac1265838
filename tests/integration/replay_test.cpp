// freshet replay and freshet compare, the programs, against a naive model of what they must
// measure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/naive_replay.hpp"
#include "support/pack.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace freshet::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Traffic with everything that matters: skew, writes, deletes, row lifetimes of all kinds, several
/// rows per millisecond.
std::vector<NaiveRow> random_rows(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  std::vector<NaiveRow> rows;
  std::int64_t now = 0;
  while (rows.size() < count) {
    now += static_cast<std::int64_t>(below(3) * below(20));
    const std::uint64_t rank = below(1 + below(1 + below(600)));
    const std::uint64_t kind = below(20);
    const std::string op = kind < 15 ? "get" : kind < 19 ? "set" : "delete";
    const std::uint64_t life = below(8);
    const std::int64_t ttl = life < 4    ? -1
                             : life == 4 ? 0
                                         : static_cast<std::int64_t>(below(60) * below(1000));
    rows.push_back({now, "key:" + std::to_string(rank), op, ttl});
  }
  return rows;
}

std::string text_of(const std::vector<NaiveRow>& rows) {
  std::string text = "# a comment\n";
  for (const NaiveRow& row : rows) {
    text += std::to_string(row.time) + "," + row.key + ",10," + row.op + "," +
            std::to_string(row.ttl) + ",all|some\n";
  }
  return text;
}

std::string policy_text(const std::string& eviction, std::size_t capacity, const std::string& ttl) {
  const std::string strategy = ttl.empty() ? "manual" : "ttl\n    ttl: " + ttl;
  return "freshet: 1\nnamespaces:\n  things:\n    strategy: " + strategy +
         "\n    eviction: " + eviction + "\n    capacity: {entries: " + std::to_string(capacity) +
         "}\n";
}

class ReplayTest : public ::testing::Test {
 protected:
  ProcessResult freshet(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{FRESHET_BINARY};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_process(command);
  }

  nlohmann::json json_of(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const ProcessResult result = freshet(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return nlohmann::json::parse(result.out);
  }

  std::string file(std::string_view name, std::string_view content) {
    return folder_.write(name, content).string();
  }

  TempFolder folder_;
};

void expect_figures(const nlohmann::json& json, const NaiveFigures& want) {
  const double reads = static_cast<double>(want.hits + want.misses);
  EXPECT_EQ(json.at("requests"), want.requests);
  EXPECT_EQ(json.at("hits"), want.hits);
  EXPECT_EQ(json.at("misses"), want.misses);
  EXPECT_DOUBLE_EQ(json.at("hit_ratio"), static_cast<double>(want.hits) / reads);
  EXPECT_EQ(json.at("stale_serves"), want.stale_serves);
  EXPECT_DOUBLE_EQ(json.at("stale_ratio"), static_cast<double>(want.stale_serves) / reads);
  EXPECT_EQ(json.at("loads"), want.misses);
  EXPECT_EQ(json.at("refreshes"), 0);
  EXPECT_EQ(json.at("invalidations"), want.invalidations);
  EXPECT_EQ(json.at("entries_invalidated"), want.entries_invalidated);
  EXPECT_EQ(json.at("evictions"), want.evictions);
}

// --- Figures
// ---------------------------------------------------------------------------------------------------------

struct ModelCase {
  std::string eviction;
  std::size_t capacity;
  std::string ttl;
  std::int64_t ttl_ms;
  std::string writes;
};

void PrintTo(const ModelCase& c, std::ostream* out) {
  *out << c.eviction << " " << c.capacity << " ttl " << c.ttl << " writes " << c.writes;
}

const std::string kOriginRule =
    "events:\n  origin_write: [{invalidate_key: {namespace: \"{namespace}\", key: \"{key}\"}}]\n";

class ReplayModelTest : public ReplayTest, public ::testing::WithParamInterface<ModelCase> {};

TEST_P(ReplayModelTest, MeasuresWhatTheModelMeasures) {
  const ModelCase& c = GetParam();
  const std::vector<NaiveRow> rows = random_rows(c.capacity, 20'000);
  std::unique_ptr<NaiveEviction> eviction = std::make_unique<NaiveLru>();
  if (c.eviction == "sieve") eviction = std::make_unique<NaiveSieve>();
  if (c.eviction == "s3fifo") eviction = std::make_unique<NaiveS3Fifo>(NaiveRoom{c.capacity});
  const NaiveFigures want = NaiveReplay(*eviction, c.capacity, c.ttl_ms, c.writes).run(rows);
  ASSERT_GT(want.evictions, 100u) << "a trace that fills the cache was wanted";
  ASSERT_GT(want.hits, 100u);
  ASSERT_EQ(want.stale_serves > 0, c.writes == "silent");

  const nlohmann::json json =
      json_of({"replay", "--config",
               file("policy.yaml", policy_text(c.eviction, c.capacity, c.ttl) + kOriginRule),
               "--trace", file("trace.csv", text_of(rows)), "--writes", c.writes});
  expect_figures(json, want);
  EXPECT_EQ(json.at("writes"), c.writes);
}

INSTANTIATE_TEST_SUITE_P(
    Policies, ReplayModelTest,
    ::testing::Values(
        ModelCase{"lru", 10, "10s", 10'000, "silent"}, ModelCase{"lru", 100, "10s", 10'000, "put"},
        ModelCase{"lru", 50, "", -1, "put"}, ModelCase{"lru", 1, "1m", 60'000, "put"},
        ModelCase{"lru", 50, "", -1, "event"}, ModelCase{"lru", 100, "10s", 10'000, "event"},
        ModelCase{"sieve", 50, "", -1, "event"}, ModelCase{"sieve", 10, "10s", 10'000, "silent"},
        ModelCase{"sieve", 100, "10s", 10'000, "put"}, ModelCase{"s3fifo", 50, "", -1, "event"},
        ModelCase{"s3fifo", 150, "1m", 60'000, "event"},
        ModelCase{"s3fifo", 10, "10s", 10'000, "silent"},
        ModelCase{"s3fifo", 100, "10s", 10'000, "put"}, ModelCase{"s3fifo", 50, "", -1, "put"},
        ModelCase{"s3fifo", 150, "1m", 60'000, "put"}));

// --- Input
// -----------------------------------------------------------------------------------------------------------

TEST_F(ReplayTest, PackedAndPlainTracesGiveTheSame) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const std::string text = text_of(random_rows(3, 5'000));
  const nlohmann::json plain =
      json_of({"replay", "--config", policy, "--trace", file("plain.zst", text)});
  EXPECT_GT(plain.at("hits"), 0);
  EXPECT_EQ(json_of({"replay", "--config", policy, "--trace", file("gzip", gzip(text))}), plain);
  EXPECT_EQ(json_of({"replay", "--config", policy, "--trace", file("zstd", zstd(text))}), plain);
}

TEST_F(ReplayTest, TheTimesOfASecondFileGoOnFromTheEndOfTheFirst) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const std::string first = file("1.csv", "0,a,1,get,-1,\n6000,b,1,get,-1,\n");
  const std::string late = file("2.csv", "0,a,1,get,-1,\n3999,a,1,get,-1,\n4000,a,1,get,-1,\n");
  const nlohmann::json json = json_of({"replay", "--config", policy, "--trace", first, late});
  EXPECT_EQ(json.at("hits"), 2);  // a is good until 10,000
  EXPECT_EQ(json.at("misses"), 3);
}

TEST_F(ReplayTest, RowsWithoutATimeAreATickApart) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const std::string trace = file("trace.csv", "-1,a,1,get,-1,\n-1,a,1,get,-1,\n-1,a,1,get,-1,\n");
  const nlohmann::json still = json_of({"replay", "--config", policy, "--trace", trace});
  EXPECT_EQ(still.at("hits"), 2);
  EXPECT_EQ(still.at("tick"), "0s");
  const nlohmann::json moving =
      json_of({"replay", "--config", policy, "--trace", trace, "--tick", "5s"});
  EXPECT_EQ(moving.at("hits"), 1);  // after 5 s; at 10 s it is gone
  EXPECT_EQ(moving.at("tick"), "5s");
}

TEST_F(ReplayTest, ListsTheMostReadKeysWithTheNumberOfTheirReads) {
  const std::vector<std::string> command{
      "replay",
      "--config",
      file("policy.yaml", policy_text("lru", 2, "")),
      "--trace",
      file("trace.csv",
           "0,a,1,get,-1,\n1,b,1,get,-1,\n2,b,1,get,-1,\n3,c,1,get,-1,\n4,c,1,set,-1,\n5,b,1,get,-"
           "1,\n6,c,1,get,-1,\n"),
      "--hot-keys",
      "2"};
  const nlohmann::json hot = json_of(command).at("hot_keys");
  EXPECT_EQ(hot, nlohmann::json::parse(
                     R"([{"namespace": "things", "key": "b", "accesses": 3, "error": 0},
                         {"namespace": "things", "key": "c", "accesses": 2, "error": 0}])"));
  const ProcessResult text = freshet(command);
  EXPECT_THAT(text.out, HasSubstr("hot key"));
  EXPECT_THAT(text.out, HasSubstr("50.00 %"));
}

TEST_F(ReplayTest, HotKeysAndEntriesAreInTheJsonWheneverAskedForAndNeverOtherwise) {
  const std::string policy = file("policy.yaml", policy_text("lru", 2, ""));
  const std::string writes = file("writes.csv", "0,a,1,set,-1,\n");
  std::vector<std::string> command{"replay", "--config", policy, "--trace", writes};
  const nlohmann::json plain = json_of(command);
  EXPECT_FALSE(plain.contains("hot_keys"));
  EXPECT_FALSE(plain.contains("entries"));
  EXPECT_THAT(freshet(command).out, ::testing::Not(HasSubstr("No key was read")));
  command.insert(command.end(), {"--hot-keys", "2", "--entries"});
  const nlohmann::json asked = json_of(command);
  EXPECT_EQ(asked.at("hot_keys"), nlohmann::json::array());
  EXPECT_EQ(asked.at("entries").at("namespaces").at("things").at("entries"), 0);
  EXPECT_THAT(freshet(command).out, HasSubstr("No key was read."));
}

TEST_F(ReplayTest, ShowsWhatTheCacheHoldsAtTheEnd) {
  const std::vector<std::string> command{
      "replay",
      "--config",
      file("policy.yaml", policy_text("lru", 2, "10s")),
      "--trace",
      file("trace.csv", "0,a,100,get,-1,\n1000,b,200,get,-1,\n4000,b,200,get,-1,\n"),
      "--entries"};
  const nlohmann::json things = json_of(command).at("entries").at("namespaces").at("things");
  EXPECT_EQ(things.at("entries"), 2);
  EXPECT_EQ(things.at("age_ms").at("max"), 4'000);
  EXPECT_EQ(things.at("next").at(0),
            nlohmann::json::parse(R"({"namespace": "things", "key": "a", "in_ms": 6000})"));
  EXPECT_THAT(freshet(command).out, HasSubstr("expires in 6s"));
}

TEST_F(ReplayTest, ABrokenLineEndsTheRunWithItsNumber) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const std::string trace =
      file("trace.csv", "# comment\n0,a,1,get,-1,\n0,b,1,read,-1,\n0,c,1,get,-1,\n");
  const ProcessResult result = freshet({"replay", "--config", policy, "--trace", trace});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "freshet: " + trace + ":3: op: found \"read\", expected get, set or delete\n");
}

TEST_F(ReplayTest, AMissingTraceEndsTheRunBeforeItBegins) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const std::string broken = file("broken.csv", "nonsense\n");
  const std::string missing = (folder_.path() / "missing.csv").string();
  const ProcessResult result = freshet({"replay", "--config", policy, "--trace", broken, missing});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "freshet: " + missing + ": cannot be opened: No such file or directory\n");
}

TEST_F(ReplayTest, ABadPolicyEndsTheRunWithItsFindings) {
  const std::string policy =
      file("policy.yaml", "freshet: 1\nnamespaces:\n  things: {startegy: ttl}\n");
  const ProcessResult result =
      freshet({"replay", "--config", policy, "--trace", file("t.csv", "")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith(policy + ":3:12: "));
  EXPECT_THAT(result.err, HasSubstr("startegy"));
}

// --- Arguments
// -------------------------------------------------------------------------------------------------------

TEST_F(ReplayTest, TheNamespaceMayBeLeftOutForOneBlockThatIsNoGlob) {
  const std::string trace = file("trace.csv", "0,a,1,get,-1,\n");
  const std::string two = file(
      "two.yaml", "freshet: 1\nnamespaces:\n  a: {strategy: manual}\n  b: {strategy: manual}\n");
  const std::string glob =
      file("glob.yaml", "freshet: 1\nnamespaces:\n  \"user_*\": {strategy: manual}\n");

  const ProcessResult of_two = freshet({"replay", "--config", two, "--trace", trace});
  EXPECT_EQ(of_two.exit_code, 2);
  EXPECT_EQ(of_two.err, "freshet: --namespace is needed: the policy has the blocks a, b\n");
  const ProcessResult of_glob = freshet({"replay", "--config", glob, "--trace", trace});
  EXPECT_EQ(of_glob.exit_code, 2);
  EXPECT_EQ(of_glob.err, "freshet: --namespace is needed: the policy has the block user_*\n");

  const nlohmann::json b =
      json_of({"replay", "--config", two, "--trace", trace, "--namespace", "b"});
  EXPECT_TRUE(b.at("namespaces").contains("b"));
  const nlohmann::json user =
      json_of({"replay", "--config", glob, "--trace", trace, "--namespace", "user_7"});
  EXPECT_TRUE(user.at("namespaces").contains("user_7"));
  const ProcessResult unknown =
      freshet({"replay", "--config", two, "--trace", trace, "--namespace", "c"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, StartsWith("freshet: "));
}

TEST_F(ReplayTest, RefusesArgumentsThatMakeNoSense) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const std::string trace = file("trace.csv", "0,a,1,get,-1,\n");
  const auto refusal = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"replay", "--config", policy, "--trace", trace};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = freshet(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("freshet: "));
    return result.err;
  };
  EXPECT_THAT(refusal({"--writes", "loud"}), HasSubstr("expected silent, event or put"));
  EXPECT_THAT(refusal({"--tick", "fast"}), HasSubstr("--tick: found \"fast\": "));
  EXPECT_THAT(refusal({"--colour"}), HasSubstr("--colour"));
  EXPECT_EQ(freshet({"replay", "--trace", trace}).exit_code, 2);
  EXPECT_EQ(freshet({}).exit_code, 2);
  EXPECT_EQ(freshet({"replays"}).exit_code, 2);
}

TEST_F(ReplayTest, WritesAsEventsNeedARuleThatTakesThem) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, ""));
  const std::string trace = file("trace.csv", "0,a,1,get,-1,\n1,a,1,set,-1,\n");
  const ProcessResult result =
      freshet({"replay", "--config", policy, "--trace", trace, "--writes", "event"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("nothing in the policy takes the event origin_write"));
}

TEST_F(ReplayTest, SaysItsVersion) {
  const ProcessResult result = freshet({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith("freshet 0."));
}

// --- Output
// ----------------------------------------------------------------------------------------------------------

/// Four gets, three of them hits; without news of the set two hits are stale. A set and a delete.
constexpr std::string_view kSmallTrace =
    "0,a,1,get,-1,\n1,a,1,get,-1,\n2,a,1,set,-1,\n3,a,1,get,-1,\n4,b,-1,delete,-1,\n5,a,1,get,-1,"
    "\n";

TEST_F(ReplayTest, JsonHasTheTotalsAndTheSamePerNamespace) {
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const nlohmann::json json = json_of({"replay", "--config", policy, "--trace",
                                       file("trace.csv", kSmallTrace), "--writes", "silent"});
  const nlohmann::json figures = {{"requests", 6},
                                  {"hits", 3},
                                  {"misses", 1},
                                  {"hit_ratio", 0.75},
                                  {"stale_serves", 2},
                                  {"stale_ratio", 0.5},
                                  {"loads", 1},
                                  {"refreshes", 0},
                                  {"invalidations", 0},
                                  {"evictions", 0},
                                  {"entries_invalidated", 0}};
  nlohmann::json want = figures;
  want["namespaces"] = {{"things", figures}};
  want["policy"] = policy;
  want["tick"] = "0s";
  want["writes"] = "silent";
  EXPECT_EQ(json, want);
}

TEST_F(ReplayTest, TheTableIsAlignedAndGroupsThousands) {
  std::string trace;
  for (int i = 0; i < 1500; ++i) trace += "0,a,1,get,-1,\n";
  const std::string policy = file("policy.yaml", policy_text("lru", 50, "10s"));
  const ProcessResult result = freshet({"replay", "--config", policy, "--trace",
                                        file("trace.csv", trace + std::string(kSmallTrace)),
                                        "--writes", "put", "--tick", "1m30s"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "policy  " + policy + R"(
writes  put (stored through the cache; a delete invalidates)
tick    1m30s per row without a time

                       things    in all
---------------------------------------
requests                1,506     1,506
hits                    1,503     1,503
misses                      1         1
hit_ratio             99.93 %   99.93 %
stale_serves                0         0
stale_ratio            0.00 %    0.00 %
loads                       1         1
refreshes                   0         0
invalidations               1         1
entries_invalidated         0         0
evictions                   0         0

Ratios are shares of hits + misses.
)");
}

TEST_F(ReplayTest, CompareShowsWhatReplayMeasures) {
  const std::string text = text_of(random_rows(11, 5'000));
  const std::string trace = file("trace.csv", text);
  const std::string small = file("small.yaml", policy_text("lru", 20, "10s"));
  const std::string large = file("large.yaml", policy_text("s3fifo", 200, ""));
  const nlohmann::json both = json_of({"compare", "--trace", trace, "--policy", "small=" + small,
                                       "--policy", "large one=" + large + ",writes=put"});
  ASSERT_EQ(both.at("policies").size(), 2u);
  nlohmann::json first = json_of({"replay", "--config", small, "--trace", trace});
  nlohmann::json second =
      json_of({"replay", "--config", large, "--trace", trace, "--writes", "put"});
  first.erase("tick");
  second.erase("tick");
  first["name"] = "small";
  second["name"] = "large one";
  EXPECT_EQ(both.at("policies")[0], first);
  EXPECT_EQ(both.at("policies")[1], second);
  EXPECT_GT(first.at("stale_serves"), 0);

  const ProcessResult table = freshet({"compare", "--trace", file("s.csv", kSmallTrace), "--policy",
                                       "one=" + small, "--policy", "two=" + large + ",writes=put"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_EQ(table.out, R"(policy   writes   reads   hit ratio   stale ratio   loads
---------------------------------------------------------
one      silent       4     75.00 %       50.00 %       1
two         put       4     75.00 %        0.00 %       1

Ratios are shares of reads. Rows without a time: 0s apart.
)");
  EXPECT_EQ(freshet({"compare", "--trace", trace, "--policy", small}).exit_code, 2);
}

}  // namespace
}  // namespace freshet::test
