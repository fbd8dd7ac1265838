// What policy limits: labels, time after a call, room; and what grows.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload label_limits() {
  Workload workload = dependencies();
  workload.name = "label-limits";
  workload.about =
      "entries with more labels than they may have: the rest is one that goes with any";
  workload.configuration
      .terms = {};  // what stands for other labels is hit by calls that name none of them
  workload.configuration.policy =
      policy_of("{strategy: manual, labels: {per_entry: 2, in_all: 6}}");
  workload.keys = {0, 1, 2, 6};
  workload.calls = {"key a/user:1", "tag own:0",          "tag rare",
                    "tag own:1",    "dependents table:x", "all of user, two",
                    "late late0",   "late late2",         "namespace a"};
  workload.weights = {
      .get = 3, .load = 8, .put = 2, .put_by_lease = 1, .label = 3, .invalidate = 6, .sweep = 1};
  return workload;
}

Workload hold_off() {
  Workload workload = basic();
  workload.name = "hold-off";
  workload.about = "what was invalidated a moment ago is loaded and not kept";
  workload.configuration.terms = {.hold_off = 50'000'000};
  workload.configuration.policy = policy_of("{strategy: manual, hold_off: 50ms}");
  workload.calls = {"key a/user:1", "key a/user:2", "tag user",      "tag own:0",
                    "tag own:1",    "namespace a",  "prefix a/user", "all of user, two"};
  workload.weights = {
      .get = 4, .load = 8, .put = 2, .put_by_lease = 2, .invalidate = 4, .pass_time = 4};
  workload.most_micros = 60'000;
  return workload;
}

Workload kept_expired() {
  Workload workload = expiry();
  workload.name = "kept-expired";
  workload.about = "what expired is served without end: nothing but a removal takes it away";
  workload.configuration.terms = {.serves_stale = true, .keeps_expired = true};
  workload.configuration.policy = policy_of("{strategy: ttl, ttl: 10h, soft_ttl: 5h}");
  workload.keys = {0, 1, 2};
  workload.calls = {"key a/user:1",  "tag user",           "tag own:0",
                    "prefix a/user", "dependents table:x", "predicate a/user"};
  workload.weights = {.get = 5, .load = 6, .put = 1, .invalidate = 5, .sweep = 1};
  workload.most_micros = 1000;
  return workload;
}

Workload growth() {
  Workload workload = bans();
  workload.name = "growth";
  workload.about = "tables that grow under readers, for keys that nobody asks for";
  workload.configuration.terms = {};
  workload.calls = {"tag two", "tag own:1", "prefix a/user", "key a/user:1", "all of user, two"};
  workload.weights = {
      .get = 6, .load = 6, .put = 2, .put_by_lease = 1, .invalidate = 3, .sweep = 2, .grow = 4};
  workload.most_steps = 3;
  workload.points = 4096;
  return workload;
}

Workload growing() {
  Workload workload = basic();
  workload.name = "growing";
  workload.configuration.policy =
      policy_of("{strategy: manual, capacity: {entries: 1000}}");  // one shard
  workload.about = "reads of what is there, while the table around it grows";
  workload.calls = {"key a/user:2", "tag own:1"};
  workload.weights = {.get = 10, .load = 4, .put = 1, .invalidate = 1, .grow = 8};
  workload.most_threads = 5;
  workload.most_before = 4;
  workload.points = 2048;
  return workload;
}

Workload hold_off_pair() {
  Workload workload = hold_off();
  workload.name = "hold-off-pair";
  workload.about =
      "two writes of a key at once, and loads when the hold-off of one of them is over";
  workload.calls = {"key a/user:1", "key a/user:1", "key a/user:2"};
  workload.weights = {.load = 5, .invalidate = 7, .pass_time = 6};
  workload.most_steps = 3;
  workload.most_before = 0;
  workload.points = 512;
  return workload;
}

}  // namespace freshet::simulation
