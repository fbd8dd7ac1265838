// Keys that depend on keys: in circles, and over several levels.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload circles() {
  Workload workload = dependencies();
  workload.name = "circles";
  workload.about = "keys that are made to depend on one another in circles, which sweeps collect";
  workload.configuration.terms = {.keeps_puts = true};  // any call may hit any key
  workload.configuration.lates = {4, 5, 6};
  workload.own_calls = testing::history::calls_in_a_circle();
  workload.keys = {0, 1, 2};
  workload.calls = {"circle a/user:1",    "circle a/user:2", "circle a/item:1",
                    "dependents table:x", "tag own:2",       "namespace a"};
  workload.weights = {.get = 3, .load = 6, .put = 2, .label = 5, .invalidate = 4, .sweep = 2};
  return workload;
}

Workload evicted_keys() {
  Workload workload = circles();
  workload.name = "evicted-keys";
  workload.about = "the same where there is room for two of them";
  workload.configuration.policy =
      policy_of("{strategy: manual, capacity: {entries: 2}, eviction: lru}");
  workload.configuration.terms = {};
  workload.keys = {0, 1, 2, 6};
  return workload;
}

Workload late_keys() {
  Workload workload = dependencies();
  workload.name = "late-keys";
  workload.about =
      "a loader that says at its end on which key it depends, while that goes and changes";
  workload.configuration.terms = {.ties_by_store = true};
  workload.configuration.names_keys_late = true;
  workload.keys = {2, 3};
  workload.calls = {"key a/item:1", "key a/user:1", "dependents table:x", "dependents user:1",
                    "pattern a/item"};
  workload.weights = {.get = 4, .load = 8, .put = 1, .invalidate = 5, .sweep = 2};
  return workload;
}

Workload late_keys_evicted() {
  Workload workload = late_keys();
  workload.name = "late-keys-evicted";
  workload.about = "the same where there is room for one entry";
  workload.configuration.policy =
      policy_of("{strategy: manual, capacity: {entries: 1}, eviction: lru}");
  workload.keys = {2, 3, 0};
  return workload;
}

Workload late_keys_held() {
  Workload workload = late_keys();
  workload.name = "late-keys-held";
  workload.about =
      "the same with room for two entries, where another one keeps the key's label alive and goes";
  workload.configuration.policy =
      policy_of("{strategy: manual, capacity: {entries: 2}, eviction: lru}");
  workload.keys = {2, 3, 6, 6, 0};
  workload.calls = {"dependents table:x", "dependents table:x", "key b/item:1", "tag own:6"};
  workload.weights = {.get = 3, .load = 6, .put = 3, .invalidate = 5, .sweep = 2};
  workload.most_steps = 5;
  workload.most_before = 4;
  return workload;
}

Workload levels() {
  Workload workload = refreshes();
  workload.name = "levels";
  workload.about = "values made of values made of something, past soft deadlines and refreshed";
  workload.keys = {1, 3, 5};
  workload.calls = {"key a/user:2", "key b/user:2", "tag own:1", "tag own:5", "namespace a"};
  workload.weights = {.get = 4, .load = 9, .put = 1, .invalidate = 4, .pass_time = 4};
  return workload;
}

Workload callers_differ() {
  Workload workload = dependencies();
  workload.name = "callers-differ";
  workload.about = "callers who load one key together and name different labels for it";
  workload.configuration.terms = {};  // which labels an entry has, no call knows
  workload.configuration.callers_differ = true;
  workload.keys = {0, 1};
  workload.calls = {"late late0", "late late2", "tag own:1"};
  workload.weights = {.get = 2, .load = 10, .put = 1, .invalidate = 5};
  return workload;
}

Workload versions_back() {
  Workload workload = versions();
  workload.name = "versions-back";
  workload.about = "versions that become current again after another one was";
  workload.configuration.terms = {.version_period = 2};
  workload.keys = {4, 7};
  workload.calls = {"version of model", "tag own:7", "version of model"};
  workload.weights = {.get = 3, .load = 9, .put = 1, .invalidate = 6, .sweep = 3};
  return workload;
}

}  // namespace freshet::simulation
