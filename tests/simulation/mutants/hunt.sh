#!/usr/bin/env bash
# Plants each mutant in turn and lets the simulation look for it: a line for each, with the workload, scheduler and number of
# seeds that found it first. Ends with 1 if one was not found.
#
# usage: hunt.sh PROGRAM [SEEDS] [MUTANT…]     PROGRAM: freshet_simulation of a build with FRESHET_MUTANTS=ON
#                                              SEEDS: of each workload and scheduler, 10,000 unless said
set -euo pipefail

program="$1"
seeds="${2:-10000}"
mapfile -t workloads < <("$program" --list | awk '$1 != "mutant" {print $1}')
mutants=("${@:3}")
[[ ${#mutants[@]} -gt 0 ]] || mapfile -t mutants < <("$program" --list | awk '$1 == "mutant" {print $2}')

value() { sed -n "s/.*\"$1\": \"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$2"; }

missed=0
printf '%-40s %-10s %10s  %s\n' mutant scheduler seeds workload
for mutant in "${mutants[@]}"; do
  found=0
  for scheduler in random priority; do
    best='' where=''
    # Few seeds of everything first: where those are enough, nobody looks at many.
    for most in 100 1000 "$seeds"; do
      ((most <= seeds)) || continue
      for workload in "${workloads[@]}"; do
        # A run that dies has found something as well.
        line="$("$program" --mutant "$mutant" --workload "$workload" --scheduler "$scheduler" --json \
          --seeds "${best:-$most}" 2>/dev/null || true)"
        if [[ -z "$line" ]]; then
          where="$workload (died)"
          best="${best:-$most}"
        elif [[ "$(value violated "$line")" == true ]]; then
          best="$(value seeds "$line")"
          where="$workload"
        fi
      done
      [[ -z "$where" ]] || break
    done
    if [[ -n "$where" ]]; then
      found=1
      printf '%-40s %-10s %10s  %s\n' "$mutant" "$scheduler" "$best" "$where"
    else
      printf '%-40s %-10s %10s\n' "$mutant" "$scheduler" '-'
    fi
  done
  if [[ "$found" -eq 0 ]]; then
    printf '%s was not found\n' "$mutant"
    missed=1
  fi
done
exit "$missed"
