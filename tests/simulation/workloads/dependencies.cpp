// What entries depend on: resources, keys of other entries, what their loaders read, versions, labels that come late.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload dependencies() {
  return {
      .name = "dependencies",
      .about = "entries that depend on resources and keys, through one another, and change that",
      .configuration = {.name = "dependencies",
                        .policy = policy_of(),
                        .terms = {.keeps_everything = true},
                        .failing_loads = 16},
      .keys = {0, 2, 6},
      .calls = {"key a/user:1", "key a/item:1", "dependents table:x", "dependents user:1",
                "dependents of key a/user:1", "dependents a/item:1", "tag own:2", "namespace a"},
      .weights = {.get = 3,
                  .load = 8,
                  .put = 3,
                  .put_by_lease = 1,
                  .label = 1,
                  .invalidate = 5,
                  .sweep = 1},
      .points = 2048,
      .faults = usual_faults(),
  };
}

Workload captured() {
  Workload workload = dependencies();
  workload.name = "captured";
  workload.about = "loaders that read other keys of the cache, present or not";
  workload.keys = {1, 3, 4, 5};
  workload.calls = {"key a/user:2", "key b/user:1",  "key b/user:2", "tag own:1",
                    "tag own:4",    "tag own:5",     "tag rare",     "namespace b",
                    "tag two in a", "pattern b/user"};
  workload.weights = {.get = 3, .load = 9, .put = 2, .invalidate = 5, .sweep = 1};
  workload.points = 4096;
  return workload;
}

Workload captured_pair() {
  Workload workload = captured();
  workload.name = "captured-pair";
  workload.about = "one key that is made of another, in few steps";
  workload.keys = {1, 5};
  workload.calls = {"tag own:1", "key a/user:2"};
  workload.weights = {.get = 1, .load = 6, .invalidate = 4};
  workload.most_threads = 2;
  workload.most_steps = 2;
  workload.points = 1024;
  return workload;
}

Workload absent_part() {
  Workload workload = captured_pair();
  workload.name = "absent-part";
  workload.about = "one key that is made of another's absence, while that is put and removed";
  workload.keys = {4, 5};
  workload.calls = {"key b/user:1", "key b/user:2"};
  workload.weights = {.get = 1, .load = 5, .put = 5, .invalidate = 4};
  workload.most_steps = 3;
  return workload;
}

Workload versions() {
  Workload workload = dependencies();
  workload.name = "versions";
  workload.about = "values of a version, announced by callers or by loaders, and policy versions";
  workload.keys = {4, 7};
  workload.calls = {"version of format", "version of model", "policy version of b",
                    "tag own:4",         "tag own:7",        "key b/item:2"};
  workload.weights = {
      .get = 3, .load = 8, .get_by_policy_version = 2, .put = 2, .invalidate = 5, .sweep = 1};
  workload.versions = true;
  workload.points = 4096;
  return workload;
}

Workload late_labels() {
  Workload workload = dependencies();
  workload.name = "late-labels";
  workload.about = "tags and resources added to entries that are stored";
  workload.keys = {0, 1};
  workload.calls = {"late late0", "late late1",   "late late2",
                    "late late3", "key a/user:1", "tag own:1"};
  workload.weights = {.get = 4, .load = 6, .put = 2, .label = 6, .invalidate = 3, .sweep = 1};
  return workload;
}

}  // namespace freshet::simulation
