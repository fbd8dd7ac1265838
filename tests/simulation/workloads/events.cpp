// Events and the rules of the policy: an emitted event has done what its rule says when emit() returns.
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

Workload events() {
  return {
      .name = "events",
      .about = "events whose rules invalidate keys, tags, dependents and a namespace",
      .configuration =
          {.name = "events",
           .policy =
               policy_of() +
               "events:\n"
               "  \"event key a/user:1\": [{invalidate_key: {namespace: a, key: \"user:1\"}}]\n"
               "  \"event tag user\": [{invalidate_tag: user}]\n"
               "  \"event tag own:1\": [{invalidate_tag: \"own:1\"}]\n"
               "  \"event dependents table:x\": [{invalidate_dependents: \"table:x\"}]\n"
               "  \"event namespace a\": [{invalidate_namespace: a}]\n",
           .terms = {.keeps_everything = true},
           .failing_loads = 16},
      .keys = {0, 1, 2},
      .calls = {"key a/user:1", "tag user", "tag own:1", "dependents table:x", "namespace a"},
      .weights = {.get = 3, .load = 8, .put = 1, .put_by_lease = 1, .invalidate = 1, .emit = 5},
      .points = 2048,
      .faults = usual_faults(),
  };
}

Workload debounced() {
  Workload workload = events();
  workload.name = "debounced";
  workload.about = "rules that wait until it was quiet, or collect: all is done some time later";
  workload.configuration.policy =
      policy_of() +
      "events:\n"
      "  \"event key a/user:1\": {debounce: 20ms, do: [{invalidate_key: {namespace: a, key: "
      "\"user:1\"}}]}\n"
      "  \"event tag own:1\": {debounce: 20ms, do: [{invalidate_tag: \"own:1\"}]}\n"
      "  \"event tag user\": {batch: {at_most: 2, within: 20ms}, do: [{invalidate_tag: user}]}\n";
  workload.configuration.terms = {};
  workload.configuration.deferred_events = true;
  workload.keys = {0, 1};
  workload.calls = {"key a/user:1", "tag user", "tag own:1"};
  workload.weights = {.get = 3, .load = 8, .put = 1, .emit = 6, .pass_time = 3};
  workload.most_micros = 30'000;
  return workload;
}

}  // namespace freshet::simulation
