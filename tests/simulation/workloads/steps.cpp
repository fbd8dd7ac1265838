// Reads by coroutines, of which some are destroyed or given up, beside threads that read, write and invalidate the same keys.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload steps() {
  Workload workload = basic();
  workload.name = "steps";
  workload.about = "coroutines that read, share their loads with threads, and are cancelled";
  workload.weights = {
      .get = 1, .load = 3, .put = 1, .put_by_lease = 1, .invalidate = 4, .start = 8, .cancel = 3};
  workload.most_steps = 5;
  workload.points = 2048;
  return workload;
}

Workload steps_of_parts() {
  Workload workload = steps();
  workload.name = "steps-of-parts";
  workload.about =
      "coroutines whose loaders read other keys by coroutines, and are cancelled there";
  workload.configuration.terms = {};
  workload.keys = {1, 3, 5};
  workload.calls = {"key a/user:2", "key b/user:2", "tag own:1",    "tag own:5",
                    "tag two",      "all",          "prefix a/user"};
  workload.points = 4096;
  return workload;
}

// Every other load throws: what was there before is served for a while, unless it was removed.
Workload steps_on_error() {
  Workload workload = on_error();
  workload.name = "steps-on-error";
  workload.about = "coroutines and threads whose loads fail, and old values in their place";
  workload.keys = {0, 1};
  workload.calls = {"key a/user:1", "tag own:0", "tag user in a", "predicate a/user"};
  workload.weights = {
      .load = 3, .put = 2, .invalidate = 3, .pass_time = 4, .start = 8, .cancel = 2};
  workload.most_steps = 5;
  return workload;
}

}  // namespace freshet::simulation
