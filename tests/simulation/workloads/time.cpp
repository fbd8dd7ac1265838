// Entries that end by time or for want of room.
#include <utility>

#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload expiry() {
  return {
      .name = "expiry",
      .about = "deadlines, and entries that are served past the soft one or after they expired",
      .configuration =
          {.name = "expiry",
           .policy = policy_of("{strategy: ttl, ttl: 400ms, soft_ttl: 200ms, lease: 100ms}"),
           .terms = {.serves_stale = true, .lifetime = 400'000'000, .lease = 100'000'000},
           .failing_loads = 16},
      .keys = {0, 1},
      .calls = {"key a/user:1", "tag user", "tag own:0", "tag own:1", "namespace a"},
      .weights = {.get = 5,
                  .load = 8,
                  .put = 1,
                  .put_by_lease = 1,
                  .invalidate = 4,
                  .sweep = 1,
                  .pass_time = 4},
      .most_micros = 250'000,
      .points = 2048,
      .faults = {.spurious_wake = 4, .spurious_failure = 8, .timers = 4},
  };
}

Workload refreshes() {
  Workload workload = expiry();
  workload.name = "refreshes";
  workload.about =
      "refreshes in the background against what invalidates, with captured values and late labels";
  workload.keys = {0, 1, 5};
  workload.calls = {"key a/user:1", "key a/user:2",   "tag own:0",  "tag own:1",
                    "tag own:5",    "pattern a/user", "late late0", "late late2"};
  workload.weights = {.get = 3, .load = 9, .label = 1, .invalidate = 4, .pass_time = 4};
  workload.points = 4096;
  return workload;
}

Workload renewals() {
  Workload workload = refreshes();
  workload.name = "renewals";
  workload.about = "loads whose origin says that nothing has changed, against what invalidates";
  workload.configuration.unchanged = 2;
  workload.keys = {0, 1};
  workload.calls = {"key a/user:1", "tag user", "tag one", "tag own:1", "pattern a/user"};
  workload.weights = {.get = 1, .load = 9, .invalidate = 5, .pass_time = 4};
  workload.points = 2048;
  return workload;
}

Workload refreshed_labels() {
  Workload workload = refreshes();
  workload.name = "refreshed-labels";
  workload.about = "labels that entries got late, and keep when they are refreshed";
  workload.keys = {0, 1};
  workload.calls = {"late late0", "late late2", "late late3"};
  workload.weights = {.get = 1, .load = 9, .label = 4, .invalidate = 3, .pass_time = 5};
  workload.points = 2048;
  return workload;
}

Workload eviction() {
  return {
      .name = "eviction",
      .about = "room for two of five entries, some of which depend on others",
      .configuration = {.name = "eviction",
                        .policy = policy_of(
                            "{strategy: manual, capacity: {entries: 2}, eviction: s3fifo}"),
                        .failing_loads = 16},
      .keys = {0, 1, 2, 4, 6},
      .calls = {"key a/user:1", "tag user", "tag own:2", "dependents table:x", "prefix a/user",
                "namespace b"},
      .weights = {.get = 3,
                  .load = 9,
                  .put = 2,
                  .put_by_lease = 1,
                  .label = 1,
                  .invalidate = 4,
                  .sweep = 1},
      .points = 2048,
      .faults = usual_faults(),
  };
}

namespace {

Workload eviction_by(const std::string& eviction_policy, std::string about) {
  Workload workload = eviction();
  workload.name = "eviction-" + eviction_policy;
  workload.about = std::move(about);
  workload.configuration.policy =
      policy_of("{strategy: manual, capacity: {entries: 2}, eviction: " + eviction_policy + "}");
  return workload;
}

}  // namespace

Workload eviction_lru() {
  return eviction_by("lru", "the same, the one that was not read longest first");
}

Workload eviction_sieve() {
  return eviction_by("sieve", "the same, where a hand goes round and spares what was read");
}

Workload eviction_tinylfu() {
  return eviction_by("tinylfu", "the same, where the one that was read more often stays");
}

// The clock of hits is late: what is over for whoever asks a predicate may be read for a while yet.
Workload overdue() {
  Workload workload = expiry();
  workload.name = "overdue";
  workload.about = "entries that are over by one clock and not by the other, against predicates";
  workload.configuration.policy = policy_of("{strategy: ttl, ttl: 10ms, idle_ttl: 8ms}");
  workload.configuration.terms = {.lifetime = 10'000'000};
  workload.calls = {"predicate a/user", "key a/user:1"};
  workload.weights = {.get = 8, .load = 3, .invalidate = 4, .pass_time = 4};
  workload.most_micros = 8'000;
  workload.points = 1024;
  return workload;
}

// Every other load throws: what was there before is served for a while, unless it was removed.
Workload on_error() {
  Workload workload = expiry();
  workload.name = "on-error";
  workload.about = "loads that fail, and old values past their deadline in their place";
  workload.configuration.policy = policy_of(
      "{strategy: ttl, ttl: 100ms, stale_if_error: 300ms, retry_after_error: 20ms, error_ttl: "
      "10ms}");
  workload.configuration.terms = {.lifetime = 100'000'000, .stale_if_error = 300'000'000};
  workload.configuration.failing_loads = 2;
  workload.keys = {0, 1, 2};
  workload.calls = {"key a/user:1", "tag own:0",     "tag user in a",    "all of user, two",
                    "namespace a",  "prefix a/user", "predicate a/user", "dependents table:x"};
  workload.weights = {
      .get = 2, .load = 10, .get_many = 2, .put = 2, .invalidate = 4, .sweep = 1, .pass_time = 5};
  workload.most_before = 4;
  workload.most_micros = 150'000;
  return workload;
}

Workload on_error_expired() {
  Workload workload = on_error();
  workload.name = "on-error-expired";
  workload.about =
      "loads that fail, and old values that were expired, with and without a soft deadline";
  workload.configuration.policy = policy_of(
      "{strategy: ttl, ttl: 400ms, soft_ttl: 300ms, stale_if_error: 100ms, retry_after_error: "
      "20ms}");
  workload.configuration.terms = {
      .serves_stale = true, .lifetime = 400'000'000, .stale_if_error = 100'000'000};
  workload.calls = {"key a/user:1", "key a/user:2",     "tag own:0",
                    "tag user",     "predicate a/user", "pattern a/user"};
  workload.keys = {0, 1};
  return workload;
}

Workload absences() {
  Workload workload = dependencies();
  workload.name = "absences";
  workload.about = "loaders that find nothing, which is kept, and calls that take that away";
  workload.configuration.policy =
      policy_of("{strategy: ttl, ttl: 2h, soft_ttl: 1h, negative_ttl: 1h}");
  workload.configuration.terms = {.serves_stale = true};
  workload.configuration.absent_loads = 2;
  workload.keys = {0, 1, 2};
  workload.calls = {"key a/user:1", "key a/item:1",     "tag own:0",      "tag user",
                    "namespace a",  "predicate a/user", "pattern a/user", "dependents table:x"};
  workload.weights = {
      .get = 5, .load = 7, .get_many = 1, .put = 1, .label = 1, .invalidate = 5, .sweep = 1};
  return workload;
}

Workload refills() {
  Workload workload = dependencies();
  workload.name = "refills";
  workload.about = "what is expired is loaded again within a budget, and what a call names as well";
  // Which keys are sampled as hot goes on from one run to the next.
  workload.configuration.policy =
      policy_of(
          "{strategy: ttl, ttl: 1h, recompute: {expired: true, max_per_second: 2, max_at_once: "
          "1}}") +
      "analytics: {hot_keys: false}\n";
  workload.configuration.terms = {.serves_stale = true, .background_loads = 3};
  workload.configuration.binds_loaders = true;
  workload.keys = {0, 1, 2};
  workload.calls = {"key a/user:1", "key a/item:1",     "tag own:0",      "tag user",
                    "namespace a",  "predicate a/user", "pattern a/user", "dependents table:x"};
  workload.weights = {
      .get = 4, .load = 5, .put = 1, .label = 1, .invalidate = 6, .sweep = 1, .pass_time = 6};
  workload.most_before = 4;
  workload.most_micros = 400'000;
  return workload;
}

// Most loads take longer than callers wait: what was there before is served, unless it was removed before the time-out.
Workload late() {
  Workload workload = on_error();
  workload.name = "late";
  workload.about = "loads that take longer than their time-outs, and old values in their place";
  workload.configuration.policy = policy_of(
      "{strategy: ttl, ttl: 100ms, stale_if_error: 300ms, load_timeout: {soft: 20ms, hard: 60ms}}");
  workload.configuration.terms = {
      .lifetime = 100'000'000, .stale_if_error = 300'000'000, .soft_timeout = 20'000'000};
  workload.configuration.failing_loads = 16;
  workload.most_before = 0;  // what is loaded before the threads run would wait for one
  return workload;
}

}  // namespace freshet::simulation
