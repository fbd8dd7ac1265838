// The workloads, a function each, a file for those that belong together.
#pragma once

#include "simulation/workload.hpp"

namespace freshet::simulation {

/// One block for both namespaces of the model, which keeps everything, unless `block` says otherwise.
std::string policy_of(const std::string& block = "{strategy: manual}");
/// A spurious wake-up and a spurious failure now and then, and a sweep or two.
Faults usual_faults();

// basic.cpp
Workload basic();
Workload leases();
Workload many();
Workload storm();
Workload found();
Workload visits();
Workload writes();
Workload writes_of_parts();
Workload writes_through();
Workload predicates();
Workload memory();
Workload memory_bans();
Workload memory_dependencies();
Workload memory_refreshes();
Workload memory_writes();

// dependencies.cpp
Workload dependencies();
Workload captured();
Workload captured_pair();
Workload absent_part();
Workload versions();
Workload late_labels();

// bans.cpp
Workload bans();
Workload dropped_labels();
Workload sweeps();
Workload bans_and_puts();

// time.cpp
Workload expiry();
Workload refreshes();
Workload renewals();
Workload refreshed_labels();
Workload eviction();
Workload eviction_lru();
Workload eviction_sieve();
Workload eviction_tinylfu();
Workload overdue();
Workload on_error();
Workload absences();
Workload refills();
Workload on_error_expired();
Workload late();

// events.cpp
Workload events();
Workload debounced();

// keys.cpp
Workload circles();
Workload evicted_keys();
Workload late_keys();
Workload late_keys_evicted();
Workload late_keys_held();
Workload levels();
Workload callers_differ();
Workload versions_back();

// limits.cpp
Workload label_limits();
Workload hold_off();
Workload kept_expired();
Workload growth();
Workload growing();
Workload hold_off_pair();

// steps.cpp
Workload steps();
Workload steps_of_parts();
Workload steps_on_error();

}  // namespace freshet::simulation
