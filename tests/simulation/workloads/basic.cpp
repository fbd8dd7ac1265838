// Loads, joined loads, puts and leases against what invalidates by watermark or key.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload basic() {
  return {
      .name = "basic",
      .about =
          "loads, joined loads, puts, leases; keys, tags, a namespace and all, removed or expired",
      .configuration = {.name = "basic",
                        .policy = policy_of(),
                        .terms = {.keeps_everything = true},
                        .failing_loads = 16},
      .keys = {0, 1},
      .calls = {"key a/user:1", "key a/user:2", "tag user", "tag one", "tag own:0", "tag own:1",
                "namespace a", "all"},
      .weights = {.get = 3, .load = 8, .put = 2, .put_by_lease = 2, .invalidate = 5},
      .points = 1024,
      .faults = usual_faults(),
  };
}

Workload leases() {
  Workload workload = basic();
  workload.name = "leases";
  workload.about =
      "leases beside loads and puts, and calls that concern one key and move the revision for the "
      "other";
  workload.calls = {"tag own:0", "tag own:1", "key a/user:1", "key a/user:2"};
  workload.weights = {.get = 4, .load = 6, .put = 1, .put_by_lease = 6, .invalidate = 4};
  return workload;
}

Workload many() {
  Workload workload = basic();
  workload.name = "many";
  workload.about = "loads of several keys at once; several targets at once";
  workload.keys = {0, 1, 4};
  workload.calls = {"many: key and tag", "many: tag and namespace",
                    "many: prefix, key and resource", "key a/user:2", "tag rare"};
  workload.weights = {.get = 2, .load = 6, .get_many = 6, .put = 2, .invalidate = 5};
  workload.points = 2048;
  return workload;
}

Workload storm() {
  Workload workload = basic();
  workload.name = "storm";
  workload.about = "many who load two keys while these are invalidated again and again";
  workload.calls = {"key a/user:1", "key a/user:2"};
  workload.weights = {.load = 10, .invalidate = 6};
  workload.most_threads = 5;
  workload.most_steps = 3;
  workload.points = 2048;
  return workload;
}

Workload found() {
  using What = testing::history::Step::What;
  Workload workload = basic();
  workload.name = "found";
  workload.about =
      "who leads a load finds the value stored by then, which goes again by a label that came late";
  workload.configuration.lates = {0};
  workload.calls = {"late late0", "key a/user:2"};
  workload.scripts = {{{.what = What::load}},
                      {{.what = What::put},
                       {.what = What::label},
                       {.what = What::invalidate},
                       {.what = What::load}}};
  workload.most_steps = 2;
  workload.most_before = 0;
  workload.points = 256;
  return workload;
}

Workload visits() {
  Workload workload = basic();
  workload.name = "visits";
  workload.about =
      "reads in place, and within them reads of the other key, while what is read leaves";
  workload.weights = {.load = 5, .put = 4, .invalidate = 6, .sweep = 1, .visit = 8};
  return workload;
}

Workload writes() {
  Workload workload = basic();
  workload.name = "writes";
  workload.about =
      "transactions, committed, rolled back and one inside another; writes between two "
      "invalidations; work past the cache";
  workload.calls = {"key a/user:1", "tag own:1", "tag user", "namespace a", "predicate a/user"};
  workload.weights = {.get = 5,
                      .load = 6,
                      .put = 1,
                      .put_by_lease = 1,
                      .invalidate = 1,
                      .transact = 4,
                      .mutate = 2,
                      .bypass = 2};
  workload.most_steps = 3;
  workload.points = 2048;
  return workload;
}

// Whoever puts writes to the origin first, and others do so meanwhile.
Workload writes_through() {
  Workload workload = basic();
  workload.name = "writes-through";
  workload.about =
      "values that are written to their origin and kept, beside loads of the same keys";
  workload.configuration.writes_through = true;
  workload.keys = {0, 1, 3};
  workload.calls = {"key a/user:1", "tag own:1",     "tag user",
                    "namespace a",  "prefix a/user", "predicate a/user"};
  workload.weights = {.get = 3, .load = 5, .put = 5, .put_by_lease = 1, .invalidate = 2};
  workload.points = 2048;
  return workload;
}

Workload writes_of_parts() {
  Workload workload = writes();
  workload.name = "writes-of-parts";
  workload.about = "the same, where values are made of others";
  workload.configuration.loaders_transact = true;
  workload.keys = {0, 1, 3, 4, 5};
  workload.calls = {"key a/user:2", "tag own:1", "tag own:4", "tag own:5"};
  workload.points = 4096;
  return workload;
}

Workload predicates() {
  Workload workload = basic();
  workload.name = "predicates";
  workload.about = "what a predicate says goes, and loads under way with it";
  workload.keys = {0, 1, 2};
  workload.calls = {"predicate a/user", "predicate a/item", "key a/user:1", "tag own:1"};
  return workload;
}

namespace {

Workload without_memory(Workload workload) {
  workload.about += "; while allocations fail";
  workload.name = workload.name == "basic" ? "memory" : "memory-" + workload.name;
  workload.faults.failed_allocation = 64;
  return workload;
}

}  // namespace

Workload memory() { return without_memory(basic()); }
Workload memory_bans() { return without_memory(bans()); }
Workload memory_dependencies() { return without_memory(dependencies()); }
Workload memory_refreshes() { return without_memory(refreshes()); }
Workload memory_writes() { return without_memory(writes()); }

}  // namespace freshet::simulation
