// Conditions instead of watermarks, and labels that nobody carries for a while; with sweeps, which retire bans and free what is
// dead.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload bans() {
  return {
      .name = "bans",
      .about = "prefixes, patterns, all of several tags, tags in a namespace; retired by sweeps",
      .configuration = {.name = "bans",
                        .policy = policy_of(),
                        .terms = {.keeps_everything = true},
                        .failing_loads = 16},
      .keys = {0, 1, 2},
      .calls = {"prefix a/user", "prefix a/item", "pattern a/user", "pattern a/*:1",
                "all of user, two", "all of rare, all", "tag user in a", "tag two in a"},
      .weights = {.get = 3, .load = 8, .put = 1, .put_by_lease = 2, .invalidate = 5, .sweep = 3},
      .points = 2048,
      .faults = usual_faults(),
  };
}

Workload dropped_labels() {
  Workload workload = bans();
  workload.name = "dropped-labels";
  workload.about = "labels that die and come alive again while their watermarks count";
  workload.configuration.policy = policy_of("{strategy: manual, capacity: {entries: 1}}");
  workload.configuration.terms = {};
  workload.keys = {0, 1};
  workload.calls = {"tag own:0", "tag own:1", "tag rare", "key a/user:1", "key a/user:2"};
  workload.weights = {
      .get = 3, .load = 8, .put = 1, .put_by_lease = 3, .invalidate = 6, .sweep = 2};
  return workload;
}

Workload sweeps() {
  Workload workload = bans();
  workload.name = "sweeps";
  workload.about = "sweeps that end half-way, with enough to sweep, and bans between their halves";
  workload.configuration.terms = {};
  workload.keys = {0, 1};
  workload.calls = {"prefix a/item", "pattern a/user", "prefix a/user"};
  workload.weights = {.get = 1, .load = 4, .invalidate = 6, .sweep = 9, .grow = 3};
  workload.most_before = 4;
  return workload;
}

Workload bans_and_puts() {
  Workload workload = bans();
  workload.name = "bans-and-puts";
  workload.about = "reads of what is banned and replaced, before sweeps retire the ban";
  workload.keys = {0, 1};
  workload.calls = {"prefix a/user", "pattern a/user"};
  workload.weights = {.get = 4, .put = 5, .invalidate = 3, .sweep = 4};
  workload.most_threads = 2;
  workload.most_steps = 6;
  workload.most_before = 3;
  workload.points = 128;
  return workload;
}

}  // namespace freshet::simulation
