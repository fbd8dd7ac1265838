#include <algorithm>

#include "simulation/workload.hpp"
#include "simulation/workloads/workloads.hpp"

namespace freshet::simulation {

std::string policy_of(const std::string& block) {
  return "freshet: 1\nnamespaces: {\"?\": " + block + "}\n";
}

Faults usual_faults() { return {.spurious_wake = 4, .spurious_failure = 8, .timers = 2}; }

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      basic(),
      leases(),
      many(),
      storm(),
      found(),
      visits(),
      writes(),
      writes_of_parts(),
      writes_through(),
      predicates(),
      memory(),
      dependencies(),
      captured(),
      captured_pair(),
      absent_part(),
      versions(),
      late_labels(),
      bans(),
      dropped_labels(),
      sweeps(),
      bans_and_puts(),
      expiry(),
      refreshes(),
      renewals(),
      refreshed_labels(),
      eviction(),
      eviction_lru(),
      eviction_sieve(),
      eviction_tinylfu(),
      overdue(),
      on_error(),
      absences(),
      refills(),
      on_error_expired(),
      late(),
      events(),
      debounced(),
      circles(),
      evicted_keys(),
      late_keys(),
      late_keys_evicted(),
      late_keys_held(),
      levels(),
      callers_differ(),
      versions_back(),
      label_limits(),
      hold_off(),
      hold_off_pair(),
      kept_expired(),
      growth(),
      growing(),
      memory_bans(),
      memory_dependencies(),
      memory_refreshes(),
      memory_writes(),
      steps(),
      steps_of_parts(),
      steps_on_error(),
  };
  return all;
}

const Workload* find_workload(std::string_view name) {
  const auto& all = workloads();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Workload& workload) { return workload.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace freshet::simulation
